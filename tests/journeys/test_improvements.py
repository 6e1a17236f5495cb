"""The improvement list: what a pain point weighs, who may see and change it, and what came of a solved one."""

from datetime import date, timedelta
from math import isclose

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.core import exporting
from apps.core.enums import FileRole
from apps.journeys import wire
from apps.journeys.actions import drafts, parts
from apps.journeys.models import Card, Journey, Lane, MapEdit
from apps.journeys.selectors import improvements as selectors
from apps.journeys.selectors.improvements import Filters
from apps.staff.actions import api_keys
from apps.staff.enums import Role
from apps.staff.models import Department
from tests.factories import CustomerFactory, published_shop, staff
from tests.journeys.improving import add, ideas, only, step, visit
from tests.journeys.maps import SHOP
from tests.transfers import content_of, work

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert(1)</script> \"'&` 🤷\u200d♀️ \u202eשלום " + "w" * 900
ESCAPED = HOSTILE.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


@pytest.fixture(autouse=True)
def _at_that_time(now):
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def shop(now) -> Journey:
    return published_shop(now)


@pytest.fixture
def pain(shop) -> Card:
    """At “Sees a product”, of severity 3."""
    return Card.objects.get()


@pytest.fixture
def as_role(client):
    def sign_in(role: Role):
        client.force_login(staff(role))
        return client

    return sign_in


def texts(now, **filters) -> list[str]:
    page = selectors.improvement_page(Filters(**filters), now=now, shown=50)
    return [row.card.text for _group, rows in page.groups for row in rows]


class TestTheScore:
    def test_severity_times_different_customers_times_the_share(self, pain, now):
        Card.objects.update(frequency="some")
        ann, bo, cy = CustomerFactory.create_batch(3)
        for customer, days in ((ann, 0), (ann, 1), (ann, 40), (bo, 89), (cy, 90), (cy, 91)):
            visit(customer, "Sees a product", now - timedelta(days=days))
        visit(cy, "Buys", now)
        weight = only(now).weight
        assert (weight.visited, weight.affected) == (2, 2 / 3)
        assert isclose(weight.score, 3 * 2 * (1 / 3))

    @pytest.mark.parametrize(("frequency", "score"), [("few", 0.3), ("some", 1), ("many", 2), ("all", 3)])
    def test_each_frequency(self, pain, now, frequency, score):
        Card.objects.update(frequency=frequency)
        visit(CustomerFactory(), "Sees a product", now)
        assert isclose(only(now).weight.score, score)

    @pytest.mark.parametrize(
        ("fields", "missing"),
        [({}, ["how many meet it"]), ({"frequency": "all", "severity": None}, ["severity"]),
         ({"severity": None}, ["severity", "how many meet it"])],
    )  # fmt: skip
    def test_what_is_unsaid_is_not_estimated_and_named(self, pain, now, fields, missing, as_role):
        Card.objects.update(**fields)
        visit(CustomerFactory(), "Sees a product", now)
        row = only(now)
        assert (row.weight.score, row.weight.group, row.missing) == (None, 1, missing)
        page = as_role(Role.VIEWER).get(reverse("improvement_list")).content.decode()
        assert "not estimated:" in page
        assert all(words in page for words in missing)

    def test_a_map_that_is_not_published_measures_nothing(self, now):
        drafts.import_text(text=wire.read(SHOP))
        Card.objects.update(frequency="all")
        row = only(now)
        assert (row.weight.visited, row.weight.score, row.missing) == (None, None, ["its step in the published map"])

    def test_the_order_and_its_groups(self, shop, pain, now):
        ideas(shop)
        Card.objects.update(frequency="all")
        visit(CustomerFactory(), "Sees a product", now)
        add("Worst", severity=5, frequency="all")
        add("Solved", severity=5, frequency="all", status="solved", solved_at=now)
        add("Unsaid", severity=5)
        add("Small", lane="Ideas", impact=2, effort=1)
        add("Big", lane="Ideas", impact=5, effort=5)
        page = selectors.improvement_page(Filters(), now=now, shown=50)
        assert [(group, [row.card.text for row in rows]) for group, rows in page.groups] == [
            (0, ["Worst", pain.text]), (1, ["Unsaid"]), (2, ["Big", "Small"]), (3, ["Solved"]),
        ]  # fmt: skip
        assert page.example.card.text == "Worst"
        assert texts(now, sort="severity")[:3] == ["Worst", "Unsaid", "Solved"]

    def test_by_due_day_and_by_status(self, pain, now):
        add("Late", due_on=date(2026, 1, 1), status="doing")
        add("Soon", due_on=date(2026, 4, 1), status="open")
        assert texts(now, sort="due") == ["Late", "Soon", pain.text]
        assert texts(now, sort="status") == [pain.text, "Soon", "Late"]

    def test_the_formula_stands_on_the_page_with_the_first_row(self, pain, now, as_role):
        Card.objects.update(frequency="some")
        for customer in CustomerFactory.create_batch(4):
            visit(customer, "Sees a product", now)
        page = as_role(Role.VIEWER).get(reverse("improvement_list")).content.decode()
        assert "4 customers × some (1 in 3) = 1.3 affected; severity 3 × 1.3 = 4." in page


class TestFilters:
    def test_each(self, shop, pain, now):
        ideas(shop)
        ann, sales = staff(Role.AGENT), Department.objects.create(name="Sales")
        stage = step("Buys").stage
        stage.department = sales
        stage.save()
        add("At the till", at="Buys", owner=ann, status="doing", due_on=now.date() - timedelta(days=1))
        add("Idea", lane="Ideas", status="dropped", due_on=now.date() - timedelta(days=1))
        add("Today", due_on=now.date(), status="open")
        copy = drafts.import_text(text=wire.read(SHOP | {"name": "Copy"}))
        assert texts(now, kind="opportunity") == ["Idea"]
        assert texts(now, department=str(sales.pk)) == ["At the till"]
        assert texts(now, owner=str(ann.pk)) == ["At the till"]
        assert len(texts(now, owner="none")) == 4
        assert texts(now, status="doing") == ["At the till"]
        assert texts(now, status="none") == [pain.text] * 2
        assert texts(now, is_overdue=True) == ["At the till"]
        assert texts(now, text="THE TILL") == ["At the till"]
        assert texts(now, text="%") == []
        assert texts(now, journey=str(copy.pk)) == [pain.text]

    def test_what_cannot_be_read_is_passed_over_by_the_page(self, pain, as_role):
        asked = {"journey": "x", "owner": "9" * 30, "status": "\x00", "q": "a\x00", "sort": "'", "shown": "²",
                 "kind": "kpi", "overdue": "2", "department": "-1"}  # fmt: skip
        for name in ("improvement_list", "improvement_matrix"):
            assert as_role(Role.VIEWER).get(reverse(name), asked).status_code == 200

    def test_a_filter_answers_with_the_list_alone(self, pain, as_role):
        headers = {"HX-Request": "true", "HX-Target": "improvements"}
        page = as_role(Role.VIEWER).get(reverse("improvement_list"), {"q": "nowhere"}, headers=headers).content.decode()
        assert "<html" not in page
        assert "No improvement is like that" in page

    def test_more_are_shown_up_to_a_bound(self, pain, now, as_role, monkeypatch):
        Card.objects.bulk_create([
            Card(step=pain.step, lane=pain.lane, text=f"Card {n}", position=n) for n in range(130)
        ])  # fmt: skip
        monkeypatch.setattr(selectors, "MOST", 100)
        client = as_role(Role.VIEWER)
        first = client.get(reverse("improvement_list")).content.decode()
        assert "50 of 131 improvements" in first
        assert "?shown=100" in first
        last = client.get(reverse("improvement_list"), {"shown": "9999"}).content.decode()
        assert "100 of 131 improvements" in last
        assert "the filters find them" in last


class TestThePages:
    def test_nothing_yet(self, as_role):
        assert "No improvements yet" in as_role(Role.VIEWER).get(reverse("improvement_list")).content.decode()
        assert "No opportunities here" in as_role(Role.VIEWER).get(reverse("improvement_matrix")).content.decode()

    def test_hostile_text_comes_back_as_text(self, shop, pain, now, as_role):
        ideas(shop)
        Card.objects.update(text=HOSTILE, status="solved", solved_at=now)
        add(HOSTILE, lane="Ideas", effort=1, impact=5)
        add(HOSTILE, lane="Ideas")
        client = as_role(Role.ADMIN)
        names = ("improvement_change", "improvement_customers", "improvement_detail")
        urls = [
            reverse("improvement_list"),
            reverse("improvement_matrix"),
            *(reverse(n, args=[pain.pk]) for n in names),
        ]
        for url in urls:
            page = client.get(url).content.decode()
            assert "<script>alert" not in page
            assert ESCAPED.replace("'", "&#x27;") in page

    def test_customers_only_for_those_who_may_see_them(self, pain, now, as_role):
        ann = CustomerFactory(name="Ann Price")
        visit(ann, "Sees a product", now)
        visit(ann, "Sees a product", now - timedelta(days=3))
        url = reverse("improvement_customers", args=[pain.pk])
        viewer = as_role(Role.VIEWER)
        assert url not in viewer.get(reverse("improvement_list")).content.decode()
        assert viewer.get(url).status_code == 403
        agent = as_role(Role.AGENT)
        assert url in agent.get(reverse("improvement_list")).content.decode()
        page = agent.get(url).content.decode()
        assert "Ann Price" in page
        assert "1 customer came to this step" in page
        assert '<td class="num">2</td>' in page

    def test_a_card_of_another_lane_is_none_of_them(self, shop, as_role):
        Lane.objects.create(journey=shop, kind="note", name="Notes", position=5)
        note = add("A note", lane="Notes")
        client = as_role(Role.ADMIN)
        for name in ("improvement_detail", "improvement_change", "improvement_customers"):
            assert client.get(reverse(name, args=[note.pk])).status_code == 404

    def test_the_matrix(self, shop, pain, now, as_role):
        ideas(shop)
        for text, effort, impact in (("Now", 2, 3), ("Plan", 3, 3), ("Fill", 2, 2), ("Leave", 3, 2), ("Half", 1, None)):
            add(text, lane="Ideas", effort=effort, impact=impact)
        add("Gone", lane="Ideas", effort=1, impact=5, status="dropped")
        found = selectors.matrix(Filters(), now=now)
        assert [(name, [row.card.text for _n, row in dots]) for name, dots in found.lists] == [
            ("now", ["Now"]), ("plan", ["Plan"]), ("fill", ["Fill"]), ("leave", ["Leave"]),
        ]  # fmt: skip
        assert [(row.card.text, row.missing) for row in found.unplaced] == [("Half", ["impact"])]
        assert [[(name, [n for n, _row in dots]) for name, dots in row] for row in found.cells][2] == [
            ("now", []), ("now", [1]), ("plan", [2]), ("plan", []), ("plan", []),
        ]  # fmt: skip
        page = as_role(Role.VIEWER).get(reverse("improvement_matrix")).content.decode()
        assert '>1<span class="visually-hidden"> Now</span></a>' in page
        assert "missing: impact" in page
        assert "Gone" not in page

    def test_the_same_number_of_questions_at_two_rows_and_at_twenty(self, shop, pain, now, as_role):
        ideas(shop)
        key = api_keys.create(name="K", scopes=["read"])
        client = as_role(Role.ADMIN)
        urls = [reverse("improvement_list"), reverse("improvement_matrix"), reverse("api_improvement_list")]

        def questions() -> list[int]:
            counts = []
            for url in urls:
                headers = {"Authorization": f"Api-Key {key}"} if "/api/" in url else {}
                client.get(url, headers=headers)
                with CaptureQueriesContext(connection) as asked:
                    assert client.get(url, headers=headers).status_code == 200
                counts.append(len(asked))
            return counts

        def more(count: int) -> None:
            for n in range(count):
                owner = staff(Role.AGENT)
                add(f"Pain {n}", frequency="all", severity=4, owner=owner, status="solved", solved_at=now)
                add(f"Idea {n}", lane="Ideas", effort=1 + n % 5, impact=1 + n % 5, owner=owner)

        more(2)
        few = questions()
        more(18)
        assert questions() == few


class TestChanging:
    TYPED = {"status": "doing", "owner": "", "due_on": "2026-05-01", "revision": "0"}
    FRAGMENT = {"HX-Request": "true"}

    def url(self, pain) -> str:
        return reverse("improvement_change", args=[pain.pk])

    def headers(self, pain) -> dict[str, str]:
        return self.FRAGMENT | {"HX-Target": f"improvement-{pain.pk}"}

    @pytest.mark.parametrize(
        "change", [{"status": "later"}, {"owner": "999999"}, {"due_on": "soon"}, {"revision": ""}, {"revision": "x"},
                   {"revision": "-1"}, {"due_on": "2026-02-30"}, {"owner": "\x00"}],
    )  # fmt: skip
    def test_bad_input_is_told_and_nothing_is_written(self, pain, as_role, change):
        response = as_role(Role.MARKETER).post(self.url(pain), self.TYPED | change, headers=self.headers(pain))
        assert response.status_code == 422
        page = response.content.decode()
        assert "<html" not in page
        assert "needs another look" in page
        if "status" not in change:
            assert '<option value="doing" selected>' in page
        assert Card.objects.get().status == ""
        assert not MapEdit.objects.exists()

    @pytest.mark.parametrize("role", [Role.VIEWER, Role.AGENT])
    def test_only_designers(self, pain, as_role, role):
        assert as_role(role).post(self.url(pain), self.TYPED).status_code == 403
        assert self.url(pain) not in as_role(role).get(reverse("improvement_list")).content.decode()
        assert Card.objects.get().status == ""

    def test_without_javascript(self, pain, as_role):
        client, ann = as_role(Role.MARKETER), staff(Role.AGENT)
        assert "<html" in client.get(self.url(pain)).content.decode()
        response = client.post(self.url(pain), self.TYPED | {"owner": ann.pk})
        assert (response.status_code, response["Location"]) == (302, reverse("improvement_detail", args=[pain.pk]))
        card = Card.objects.get()
        assert (card.status, card.owner, card.due_on, card.revision) == ("doing", ann, date(2026, 5, 1), 1)
        assert MapEdit.objects.get().label == f"Edit “{card.text}”"

    def test_the_row_alone_and_solving_says_when(self, pain, as_role, now):
        client = as_role(Role.MARKETER)
        page = client.get(self.url(pain), headers=self.headers(pain)).content.decode()
        assert "<html" not in page
        assert "<form" in page
        page = client.post(self.url(pain), self.TYPED | {"status": "solved"}, headers=self.headers(pain))
        assert page.status_code == 200
        assert "<html" not in page.content.decode()
        assert "Solved" in page.content.decode()
        assert Card.objects.get().solved_at == now

    def test_an_owner_who_left_may_stay(self, pain, as_role):
        gone = staff(Role.AGENT)
        gone.is_active = False
        gone.save()
        Card.objects.update(owner=gone)
        as_role(Role.MARKETER).post(self.url(pain), self.TYPED | {"owner": gone.pk})
        assert (Card.objects.get().owner, Card.objects.get().status) == (gone, "doing")

    def test_a_newer_change_is_not_lost(self, pain, as_role, now):
        pain.status = "planned"
        parts.change(part=pain, fields=["status"], revision=0, by=None, now=now)
        for headers in (self.headers(pain), {}):
            response = as_role(Role.MARKETER).post(self.url(pain), self.TYPED, headers=headers)
            page = response.content.decode()
            assert response.status_code == 409
            assert "Somebody else has changed this meanwhile. Nothing was saved; this is how it stands now." in page
            assert "Planned" in page
            assert ("<html" in page) is not bool(headers)
        assert (Card.objects.get().status, Card.objects.get().due_on) == ("planned", None)


class TestOutside:
    def get(self, client, **params):
        key = api_keys.create(name="K", scopes=["read"])
        url = reverse("api_improvement_list")
        return client.get(url, params, headers={"Authorization": f"Api-Key {key}"})

    @pytest.mark.parametrize(
        "params", [{"journey": "x"}, {"status": "later"}, {"sort": "name"}, {"q": "\x00"}, {"cursor": "1"},
                   {"cursor": "'"}, {"page_size": "0"}, {"kind": "kpi"}, {"owner": "1"}],
    )  # fmt: skip
    def test_bad_parameters_are_named(self, pain, client, params):
        response = self.get(client, **params)
        assert response.status_code == 400
        assert list(response.json()) == list(params)

    def test_a_row(self, pain, now, client):
        Card.objects.update(frequency="many", evidence="survey", evidence_n=12)
        visit(CustomerFactory(), "Sees a product", now)
        assert self.get(client).json() == {"next": None, "results": [{
            "id": pain.pk, "key": str(pain.key), "kind": "pain", "text": "No price without a call",
            "journey_id": pain.step.stage.journey_id, "journey": "Web shop", "stage": "Awareness",
            "step": "Sees a product", "department": None, "severity": 3, "frequency": "many", "visited": 1,
            "affected": 2 / 3, "score": 2.0, "effort": None, "impact": None, "quadrant": "", "status": "",
            "owner": None, "due_on": None, "is_overdue": False, "evidence": "survey", "evidence_n": 12,
            "solved_at": None, "effect": None,
        }]}  # fmt: skip

    def test_page_by_page(self, pain, client):
        for n in range(4):
            add(f"Pain {n}", severity=n + 1)
        found, answer = [], self.get(client, page_size=2, sort="severity").json()
        found += [row["text"] for row in answer["results"]]
        while answer["next"]:
            answer = self.get(
                client, **dict(pair.split("=") for pair in answer["next"].split("?")[1].split("&"))
            ).json()
            found += [row["text"] for row in answer["results"]]
        assert found == ["Pain 3", pain.text, "Pain 2", "Pain 1", "Pain 0"]

    def test_what_came_of_it(self, pain, now, client):
        Card.objects.update(status="solved", solved_at=now)
        nothing = {"n": 0, "went_on": 0, "share": None, "low": None, "high": None}
        assert self.get(client).json()["results"][0]["effect"] == {
            "before": nothing, "after": nothing, "difference": None, "low": None, "high": None, "verdict": "few",
        }  # fmt: skip

    def test_as_a_file(self, pain, now):
        Card.objects.update(text=HOSTILE, frequency="some", due_on=date(2026, 4, 1))
        visit(CustomerFactory(), "Sees a product", now)
        job = work(exporting.begin(kind="improvements", form="csv", options={}, user_id=None))
        lines = content_of(job, FileRole.RESULT).decode("utf-8-sig")
        assert "w" * 900 in lines
        assert ",Web shop,Awareness,Sees a product,3,some,1,0.33,1,,,,,2026-04-01,,," in lines
        one = str(pain.step.stage.journey_id)
        assert work(exporting.begin(kind="improvements", form="csv", options={"journey": one}, user_id=None)).done == 1
