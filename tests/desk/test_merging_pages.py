"""Merging, undoing and duplicates as staff see them."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.customers.actions import consents, duplicates, merges
from apps.customers.enums import Choice
from apps.customers.models import Customer, Duplicate, Merge, Topic
from apps.staff.enums import Role
from tests.factories import CustomerFactory, staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent(client):
    client.force_login(staff(Role.AGENT))
    return client


@pytest.fixture
def pair():
    ann = CustomerFactory(name="Ann Price", email="ann@mail.example", country="SE", tags=["vip"])
    return ann, CustomerFactory(name="Anne Price", email="ann@mail.example", phone="+46701740605", tags=["press"])


def confirm(ann: Customer, anne: Customer) -> str:
    return reverse("merge_confirm", args=[ann.pk, anne.pk])


def text(response) -> str:
    return " ".join(response.content.decode().split())


class TestChoose:
    def test_bad_searches_find_nobody(self, agent, pair):
        for query in ("\x00", "' OR 1=1 --", "x" * 300):
            assert "Nobody else found" in text(agent.get(reverse("merge_choose", args=[pair[0].pk]), {"q": query}))

    def test_finds_the_other_and_never_oneself(self, agent, pair):
        found = text(agent.get(reverse("merge_choose", args=[pair[0].pk]), {"q": "ann@"}))
        assert confirm(*pair) in found
        assert confirm(pair[0], pair[0]) not in found

    def test_suggests_duplicates_first(self, agent, pair, now):
        duplicates.find(customer_ids=[pair[0].pk], now=now)
        assert "Same e-mail · Names alike" in text(agent.get(reverse("merge_choose", args=[pair[0].pk])))

    def test_a_fragment(self, agent, pair):
        url = reverse("merge_choose", args=[pair[0].pk])
        response = agent.get(url, {"q": "ann@"}, headers={"HX-Request": "true", "HX-Target": "found"})
        assert response.content.decode().strip().startswith('<div id="found">')

    def test_of_one_who_went_is_404(self, agent, pair, now):
        merges.merge(kept=pair[0], gone=pair[1], reason="x", by=None, now=now)
        assert agent.get(reverse("merge_choose", args=[pair[1].pk])).status_code == 404


class TestConfirm:
    def test_without_a_reason_is_422_and_nothing_happens(self, agent, pair):
        response = agent.post(confirm(*pair), {"reason": ""})
        assert response.status_code == 422
        assert "required" in text(response)
        assert not Merge.objects.exists()

    @pytest.mark.parametrize("stays", ["x", "0", "999999999999999999999"])
    def test_a_wrong_choice_of_who_stays_is_the_default(self, agent, pair, stays):
        assert "Ann Price" in text(agent.get(confirm(*pair), {"stays": stays}))

    def test_with_oneself_says_no(self, agent, pair):
        assert "This is the same customer" in text(agent.get(confirm(pair[0], pair[0])))

    def test_one_who_was_merged_meanwhile_is_409(self, agent, pair, now):
        merges.merge(kept=pair[0], gone=pair[1], reason="x", by=None, now=now)
        response = agent.post(confirm(*pair), {"reason": "x"})
        assert response.status_code == 409
        assert "merged already" in text(response)

    def test_the_page_says_which_value_stays_and_why(self, agent, pair, now):
        news = Topic.objects.get(key="news")
        consents.record(customer=pair[1], channel="email", topic=news, choice=Choice.OUT, at=now)
        shown = text(agent.get(confirm(*pair)))
        for words in ("of the one who stays", "only one has it", "those of both", "vip, press", "News and offers"):
            assert words in shown
        assert shown.index("Ann Price</a></h2>") < shown.index("Anne Price</a></h2>")

    def test_the_other_one_may_stay(self, agent, pair):
        shown = text(agent.get(confirm(*pair), {"stays": pair[1].pk}))
        assert shown.index("Anne Price</a></h2>") < shown.index("Ann Price</a></h2>")
        response = agent.post(confirm(*pair), {"stays": pair[1].pk, "reason": "phone call"})
        assert response.url == reverse("customer_detail", args=[pair[1].pk])
        done = Merge.objects.get()
        assert (done.kept_id, done.gone_id, done.reason) == (pair[1].pk, pair[0].pk, "phone call")

    def test_the_known_one_stays(self, agent, pair):
        visitor = CustomerFactory(anonymous=True)
        assert "The one who is known stays." in text(agent.get(confirm(visitor, pair[0])))
        agent.post(confirm(visitor, pair[0]), {"reason": "x"})
        assert Merge.objects.get().kept_id == pair[0].pk

    def test_the_gone_id_leads_to_the_one_who_stayed(self, agent, pair):
        agent.post(confirm(*pair), {"reason": "x"})
        response = agent.get(reverse("customer_detail", args=[pair[1].pk]))
        assert response.url == reverse("customer_detail", args=[pair[0].pk])


class TestUndo:
    def test_from_the_list_and_from_the_customer(self, agent, pair):
        done = merges.merge(kept=pair[0], gone=pair[1], reason="same phone", by=None, now=timezone.now())
        undo = reverse("merge_undo", args=[done.pk])
        for url in (reverse("merge_list"), reverse("customer_detail", args=[pair[0].pk])):
            shown = text(agent.get(url))
            assert undo in shown
            assert "same phone" in shown
        assert agent.post(undo).url == reverse("customer_detail", args=[pair[1].pk])
        assert Customer.objects.present().count() == 2
        assert "Undone" in text(agent.get(reverse("merge_list")))

    def test_too_late_says_so(self, agent, pair):
        at = timezone.now() - timedelta(days=31)
        done = merges.merge(kept=pair[0], gone=pair[1], reason="x", by=None, now=at)
        assert "this one is older" in text(agent.post(reverse("merge_undo", args=[done.pk]), follow=True))
        assert Customer.objects.present().count() == 1

    def test_get_changes_nothing(self, agent, pair, now):
        done = merges.merge(kept=pair[0], gone=pair[1], reason="x", by=None, now=now)
        assert agent.get(reverse("merge_undo", args=[done.pk])).status_code == 405

    def test_a_wrong_cursor_starts_anew(self, agent):
        assert agent.get(reverse("merge_list"), {"cursor": "x"}).url == reverse("merge_list")

    def test_the_empty_list_says_what_to_do(self, agent):
        assert "See duplicates" in text(agent.get(reverse("merge_list")))

    def test_a_list_costs_the_same_for_2_and_20(self, agent, django_assert_num_queries, now):
        counts = []
        for number in (2, 18):
            for _one in range(number):
                merges.merge(kept=CustomerFactory(), gone=CustomerFactory(), reason="x", by=None, now=now)
            counts.append(_queries(agent, "merge_list"))
        assert counts[0] == counts[1]


class TestDuplicates:
    def test_the_list_and_not_the_same(self, agent, pair, now):
        duplicates.find(customer_ids=[pair[0].pk], now=now)
        shown = text(agent.get(reverse("duplicate_list")))
        assert "Same e-mail" in shown
        duplicate = Duplicate.objects.get()
        dismiss = reverse("duplicate_dismiss", args=[duplicate.pk])
        assert agent.post(dismiss).url == reverse("duplicate_list")
        duplicates.find(customer_ids=[pair[0].pk], now=now)
        assert "No duplicates" in text(agent.get(reverse("duplicate_list")))

    def test_a_callout_on_the_customer(self, agent, pair, now):
        duplicates.find(customer_ids=[pair[0].pk], now=now)
        shown = text(agent.get(reverse("customer_detail", args=[pair[1].pk])))
        assert "May be the same person as Ann Price" in shown
        dismiss = reverse("duplicate_dismiss", args=[Duplicate.objects.get().pk])
        response = agent.post(dismiss, {"back": str(pair[1].pk)})
        assert response.url == reverse("customer_detail", args=[pair[1].pk])
        assert agent.post(dismiss, {"back": "//evil.example"}).url == reverse("duplicate_list")

    def test_a_list_costs_the_same_for_2_and_20(self, agent, now):
        counts = []
        for number in (2, 18):
            for one in range(number):
                first, second = (CustomerFactory(email=f"d{number}-{one}@mail.example") for _ in range(2))
                duplicates.find(customer_ids=[first.pk, second.pk], now=now)
            counts.append(_queries(agent, "duplicate_list"))
        assert counts[0] == counts[1]

    def test_pages_by_cursor(self, agent, now, monkeypatch):
        monkeypatch.setattr("apps.desk.selectors_merging.PAGE", 2)
        for one in range(3):
            first, _second = (CustomerFactory(email=f"c{one}@mail.example") for _ in range(2))
            duplicates.find(customer_ids=[first.pk], now=now)
        response = agent.get(reverse("duplicate_list"))
        assert len(response.context["page"].rows) == 2
        assert len(agent.get(response.context["next_url"]).context["page"].rows) == 1
        assert agent.get(reverse("duplicate_list"), {"cursor": "WyJ4IiwgMV0"}).url == reverse("duplicate_list")


def _queries(client, name: str) -> int:

    client.get(reverse(name))
    with CaptureQueriesContext(connection) as captured:
        assert client.get(reverse(name)).status_code == 200
    return len(captured)
