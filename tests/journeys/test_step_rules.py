"""The editor of a step's rule: wrong input is kept and explained, nobody's newer rule is lost, names only for those who
may see customers."""

import html
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone

from apps.journeys import wire
from apps.journeys.actions import drafts, edits, parts
from apps.journeys.forms_rules import RuleEditor
from apps.journeys.models import Journey, MapEdit, Step
from apps.staff.enums import Role
from apps.touchpoints.actions import log
from apps.touchpoints.enums import By, Channel
from apps.touchpoints.models import SeenEvent, SeenProperty, Touchpoint
from tests.core.test_rule_forms import controls
from tests.factories import CustomerFactory, UserFactory, staff
from tests.journeys.maps import SHOP

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert('1')</script> \"🙂\" \u202eשלום " + "x" * 100
DIALOG = {"HX-Request": "true", "HX-Target": "dialog-body"}
BUILDER = {"HX-Request": "true", "HX-Target": "rule-builder"}


@pytest.fixture
def journey() -> Journey:
    return drafts.import_text(text=wire.read(SHOP))


@pytest.fixture
def step(journey) -> Step:
    return Step.objects.select_related("stage").get(name="Buys")


@pytest.fixture
def url(journey, step) -> str:
    return reverse("step_rule", kwargs={"pk": journey.pk, "step": step.pk})


@pytest.fixture
def ann(client):
    user = staff(Role.MARKETER)
    client.force_login(user)
    return user


def typed(*entries: dict, revision: int = 0, **more) -> dict[str, str]:
    """What a browser sends for these conditions."""
    data = {"revision": str(revision)}
    for number, entry in enumerate(entries):
        data[f"rule.{number}.is"] = "interaction"
        for name, value in entry.items():
            if name == "where":
                for row, (path, operator, expected) in enumerate(value):
                    base = f"rule.{number}.where.{row}"
                    data |= {f"{base}.path": path, f"{base}.operator": operator, f"{base}.value": expected}
            else:
                data[f"rule.{number}.{name}"] = str(value)
    return data | more


def text(response) -> str:
    return html.unescape(response.content.decode())


class TestWrongInput:
    @pytest.mark.parametrize(
        ("entry", "said"),
        [
            ({"by": "company"}, "say an event, a property, a channel or a touchpoint"),
            ({"event": "Paid", "nth": "0"}, "“from time no.” must be a whole number"),
            ({"event": "Paid", "nth": "two"}, "“from time no.” must be a whole number"),
            ({"event": "Paid", "by": "nobody"}, "unknown by"),
            ({"event": "Paid", "channel": "pigeon"}, "unknown channel"),
            ({"event": "x" * 201}, "at most 200 characters"),
            ({"event": "Paid", "where": [("a..b", "=", "1")]}, "no name of a value"),
            ({"event": "Paid", "where": [("price", ">", "true")]}, "needs a number or a text"),
        ],
    )
    def test_it_says_so_and_keeps_what_was_typed(self, client, ann, url, step, entry, said):
        response = client.post(url, typed({"event": "First"}, entry))
        assert response.status_code == 422
        assert f"Condition 2: {said}" in text(response) or said in text(response)
        assert 'value="First"' in text(response)
        for value in (v for v in entry.values() if isinstance(v, str)):
            assert f'value="{value}"' in text(response)
        step.refresh_from_db()
        assert step.match == [{"event": "Order Completed"}]

    def test_too_much(self, client, ann, url):
        data = {f"rule.{n}.event": "x" for n in range(4100)}
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("django.conf.settings.DATA_UPLOAD_MAX_NUMBER_FIELDS", 10_000)
            response = client.post(url, {"revision": "0", **data})
        assert response.status_code == 422
        assert "too many conditions" in text(response)

    def test_another_join_changes_nothing(self, client, ann, url, step):
        data = typed({"event": "A"}, {"event": "B"}, **{"rule.join": "none"})
        assert client.post(url, data).status_code == 302
        step.refresh_from_db()
        assert step.match == [{"event": "A"}, {"event": "B"}]

    @pytest.mark.parametrize("revision", ["", "x", "-1", "9" * 30])
    def test_a_strange_revision_overwrites_nothing(self, client, ann, url, step, revision):
        data = typed({"event": "A"}) | {"revision": revision}
        assert client.post(url, data).status_code == 409
        step.refresh_from_db()
        assert step.match == [{"event": "Order Completed"}]

    def test_a_step_of_another_journey(self, client, ann, journey, step):
        other = Journey.objects.create(name="Other")
        assert client.get(reverse("step_rule", kwargs={"pk": other.pk, "step": step.pk})).status_code == 404


class TestWho:
    def test_nobody_without_signing_in(self, client, url):
        assert client.get(url).status_code == 302

    @pytest.mark.parametrize("role", [Role.VIEWER, Role.AGENT])
    def test_only_who_designs(self, client, url, step, role):
        client.force_login(staff(role))
        assert client.post(url, typed({"event": "A"})).status_code == 403
        step.refresh_from_db()
        assert step.match == [{"event": "Order Completed"}]

    def test_names_are_for_those_who_see_customers(self, client, ann, journey, step, url):
        customer = CustomerFactory(name="Ann <b>Price</b>")
        now = timezone.now() - timedelta(days=1)
        log.record(customer_id=customer.pk, event="Order Completed", by=By.CUSTOMER, channel=Channel.WEB, at=now,
                   received_at=now, message_id="1", properties={})  # fmt: skip
        reach = reverse("step_reach", kwargs={"pk": journey.pk, "step": step.pk})
        shown = client.post(reach, typed({"event": "Order Completed"})).content.decode()
        assert "Ann &lt;b&gt;Price&lt;/b&gt;" in shown
        designer = UserFactory()
        designer.user_permissions.add(Permission.objects.get(codename="design"))
        client.force_login(designer)
        shown = client.post(reach, typed({"event": "Order Completed"})).content.decode()
        assert "Price" not in shown
        assert shown.split("<dd>")[1].split()[0] == "1"


class TestSaving:
    ENTRIES = [
        {"event": "Order Completed", "nth": 2, "channel": "web", "touchpoint": "Till",
         "where": [["properties.total", ">", 10.5], ["properties.coupon", "!=", True],
                   ["properties.city", "in", ["Lund", "a, b"]]]},
        {"channel": "store", "by": "any"},
    ]  # fmt: skip

    def test_the_form_says_all_that_a_rule_says(self, client, ann, url, step):
        step.match = self.ENTRIES
        step.save()
        data = controls(RuleEditor(step).node)
        step.match = []
        step.save()
        assert client.post(url, data | {"revision": "0"}).status_code == 302
        step.refresh_from_db()
        assert step.match == self.ENTRIES

    def test_hostile_text_comes_back_intact(self, client, ann, url, step):
        entry = {"event": HOSTILE, "where": [("name", "=", HOSTILE)]}
        response = client.post(url, typed(entry))
        assert response["Location"] == reverse("map_edit", kwargs={"pk": step.stage.journey_id})
        step.refresh_from_db()
        assert step.match == [{"event": HOSTILE, "where": [["properties.name", "=", HOSTILE]]}]
        page = client.get(url).content.decode()
        assert "<script>alert" not in page
        assert page.count(html.escape(HOSTILE)) >= 2

    def test_it_is_one_edit_that_can_be_taken_back(self, client, ann, url, step, now):
        client.post(url, typed({"event": "Paid"}, {"event": "Paid by card"}))
        assert MapEdit.objects.get().label == "Edit “Buys”"
        edits.undo(journey_id=step.stage.journey_id, by=ann, now=now)
        step.refresh_from_db()
        assert step.match == [{"event": "Order Completed"}]

    def test_no_condition_means_that_nothing_reaches_it(self, client, ann, url, step):
        assert client.post(url, typed({})).status_code == 302
        step.refresh_from_db()
        assert step.match == []
        assert "nothing reaches this step" in text(client.get(url))

    def test_from_the_dialog_the_map_is_told(self, client, ann, url):
        response = client.post(url, typed({"event": "Paid"}), headers=DIALOG)
        assert (response.status_code, response.content, response["HX-Trigger"]) == (200, b"", "map-changed")

    def test_the_dialog_keeps_what_is_wrong(self, client, ann, url):
        response = client.post(url, typed({"by": "any"}), headers=DIALOG)
        assert response.status_code == 422
        assert "<html" not in text(response)
        assert 'hx-target="#dialog-body"' in text(response)


class TestTwoPeople:
    def change(self, step, now):
        theirs = Step.objects.get(pk=step.pk)
        theirs.match = [{"event": "Theirs"}]
        parts.change(part=theirs, fields=["match"], revision=0, by=None, now=now)

    @pytest.mark.parametrize("headers", [{}, DIALOG])
    def test_both_rules_are_shown_and_saving_again_wins(self, client, ann, url, step, now, headers):
        self.change(step, now)
        response = client.post(url, typed({"event": "Mine"}), headers=headers)
        assert response.status_code == 409
        shown = text(response)
        assert "It says now" in shown
        assert "Theirs" in shown
        assert 'value="Mine"' in shown
        assert '<input type="hidden" name="revision" value="1">' in shown
        assert Step.objects.get(pk=step.pk).match == [{"event": "Theirs"}]
        client.post(url, typed({"event": "Mine"}, revision=1))
        assert Step.objects.get(pk=step.pk).match == [{"event": "Mine"}]


class TestTheBuilder:
    def test_the_page_begins_with_the_rule_and_a_place_for_the_figures(self, client, ann, url):
        page = text(client.get(url))
        assert 'value="Order Completed"' in page
        assert 'hx-trigger="load"' in page
        assert '<select name="rule.0.is"' not in page

    def test_a_change_answers_with_the_builder_and_saves_nothing(self, client, ann, url, step):
        response = client.post(url, typed({"event": "Paid", "nth": 3}), headers=BUILDER)
        assert response.status_code == 200
        assert "Paid (3× or more)" in text(response)
        assert text(response).lstrip().startswith('<div class="rule-builder"')
        step.refresh_from_db()
        assert step.match == [{"event": "Order Completed"}]

    def test_without_javascript_the_buttons_work_and_show_who_reaches_it(self, client, ann, url, step):
        page = text(client.post(url, typed({"event": "Paid"}, op="add:rule")))
        assert 'name="rule.1.event"' in page
        assert "Last 90 days" in page
        page = text(client.post(url, typed({"event": "Paid"}, {"event": "Gone"}, op="remove:rule.1")))
        assert "Gone" not in page
        step.refresh_from_db()
        assert step.match == [{"event": "Order Completed"}]

    def test_it_suggests_what_was_received(self, client, ann, url, now):
        Touchpoint.objects.create(name="Till <1>", channel="store")
        SeenEvent.objects.create(event="Order Completed", channel="store", last_at=now)
        SeenProperty.objects.create(event="Order Completed", path="properties.total", values=[42], last_at=now)
        entry = {"event": "Order Completed", "where": [("total", ">", "1")]}
        page = text(client.post(url, typed(entry), headers=BUILDER))
        for said in ('<option value="total">', '<option value="42">', '<option value="Till <1>"'):
            assert said in page
        channels = page.split('name="rule.0.channel"')[1]
        assert channels.index('value="store"') < channels.index('value="web"')

    def test_the_figures_alone(self, client, ann, journey, step):
        reach = reverse("step_reach", kwargs={"pk": journey.pk, "step": step.pk})
        assert "Nobody did this in the last 90 days" in text(client.post(reach, typed({"event": "Paid"})))
        assert "Say which interactions reach the step" in text(client.post(reach, typed({})))
        assert client.get(reach).status_code == 405
