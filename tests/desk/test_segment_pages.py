"""Pages and API of segments: bad input first, then the whole life of one."""

import pytest
from django.urls import reverse

from apps.customers.actions import segments
from apps.customers.enums import SegmentKind
from apps.customers.models import Membership, Segment
from apps.staff.actions import api_keys
from apps.staff.enums import Role
from tests.factories import CustomerFactory, staff
from tests.pipeline import drain

pytestmark = pytest.mark.django_db
GOLD = {"name": "VIPs", "rule.join": "all", "rule.0.is": "trait", "rule.0.value.0.path": "plan",
        "rule.0.value.0.operator": "=", "rule.0.value.0.value": "gold"}  # fmt: skip


@pytest.fixture
def marketer(client):
    client.force_login(staff(Role.MARKETER))
    return client


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rule.0.value.0.path": ""}, "add a condition"),
        ({"rule.0.value.0.path": "a..b"}, "no name of a value"),
        ({"rule.0.value.0.operator": ">", "rule.0.value.0.value": "true"}, "needs a number or a text"),
        ({"name": ""}, "required"),
        ({"rule.0.is": "did", "rule.0.event": "X", "rule.0.within_days": "0"}, "whole number"),
    ],
)
def test_a_mistake_is_told_and_what_was_typed_stays(marketer, changes, words):
    response = marketer.post(reverse("segment_create"), GOLD | changes)
    assert response.status_code == 422
    assert words in response.content.decode()
    assert 'name="rule.0.is"' in response.content.decode()
    assert not Segment.objects.exists()


def test_a_name_that_is_taken(marketer, now):
    segments.save(segment=Segment(name="VIPs", rule={"tagged": "x"}), by=None, now=now)
    response = marketer.post(reverse("segment_create"), GOLD)
    assert response.status_code == 422
    assert "Choose another name" in response.content.decode()


def test_from_the_builder_to_its_members(marketer, now):
    gold = CustomerFactory(name="Ann Gold", traits={"plan": "gold"})
    response = marketer.post(reverse("segment_create"), GOLD)
    made = Segment.objects.get()
    assert response["Location"] == reverse("segment_detail", args=[made.pk])
    assert made.rule == {"trait": ["plan", "=", "gold"]}
    assert "Being built" in marketer.get(response["Location"]).content.decode()
    segments.keep(now=now)
    page = marketer.get(response["Location"]).content.decode()
    assert "Ann Gold" in page
    assert "plan is “gold”" in page
    assert "1 customer" in marketer.get(reverse("segment_detail", args=[made.pk])).content.decode()
    assert marketer.post(reverse("segment_delete", args=[made.pk])).status_code == 302
    assert not Segment.objects.exists()
    gold.refresh_from_db()


def test_an_operation_of_the_builder_saves_nothing_and_works_without_javascript(marketer):
    response = marketer.post(reverse("segment_create"), {"name": "VIPs", "op": "add:rule"})
    assert response.status_code == 200
    assert 'name="rule.0.is"' in response.content.decode()
    assert not Segment.objects.exists()


def test_the_builder_shows_how_many_fit_and_who(marketer):
    CustomerFactory(name="Ann Gold", traits={"plan": "gold"})
    CustomerFactory(name="Bo Silver", traits={"plan": "silver"})
    response = marketer.post(reverse("rule_edit"), GOLD, headers={"HX-Request": "true"})
    page = response.content.decode()
    assert "1 customer fits" in page
    assert "Ann Gold" in page
    assert "Bo Silver" not in page
    assert "<html" not in page


def test_a_list_by_hand(marketer, now):
    marketer.post(reverse("segment_create") + "?kind=list", {"name": "Invited"})
    invited = Segment.objects.get()
    assert (invited.kind, invited.built_rule) == (SegmentKind.LIST, {})
    ann = CustomerFactory(email="ann@mail.example")
    add = reverse("segment_add", args=[invited.pk])
    assert "Nobody goes by this" in marketer.post(add, {"who": "nobody@mail.example"}).content.decode()
    assert marketer.post(add, {"who": "Ann@Mail.example"}).status_code == 302
    assert list(Membership.objects.current().values_list("customer", flat=True)) == [ann.pk]
    marketer.post(reverse("segment_remove", args=[invited.pk, ann.pk]))
    drain(now)
    assert "Have left" in marketer.get(reverse("segment_detail", args=[invited.pk]) + "?show=left").content.decode()
    assert not Membership.objects.current().exists()


def test_pages_ask_the_same_number_of_questions_at_two_rows_and_at_twenty(marketer, now, django_assert_num_queries):
    listed = segments.save(segment=Segment(name="L", kind=SegmentKind.LIST), by=None, now=now)
    url = reverse("segment_detail", args=[listed.pk])

    def questions() -> int:
        from django.db import connection  # noqa: PLC0415
        from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

        marketer.get(url)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            marketer.get(url)
        return len(asked)

    segments.add(segment=listed, customer_ids=[c.pk for c in CustomerFactory.create_batch(2)], now=now)
    few = questions()
    segments.add(segment=listed, customer_ids=[c.pk for c in CustomerFactory.create_batch(20)], now=now)
    assert questions() == few


def test_the_api(client, now):
    key = api_keys.create(name="K", scopes=["write", "personal"])
    client.defaults["HTTP_AUTHORIZATION"] = f"Api-Key {key}"
    ann = CustomerFactory(name="Ann", traits={"plan": "gold"})

    def post(name, data, *args):
        return client.post(reverse(name, args=args), data, content_type="application/json")

    bad = post("api_segment_preview", {"rule": {"nonsense": 1}})
    assert (bad.status_code, "Unknown rule" in bad.json()["rule"][0]) == (400, True)
    assert post("api_segment_preview", {}).status_code == 400
    rule = {"trait": ["plan", "=", "gold"]}
    found = post("api_segment_preview", {"rule": rule}).json()
    assert found == {
        "count": 1, "sample": [{"id": ann.pk, "name": "Ann", "email": ann.email}], "sentence": "plan is “gold”",
    }  # fmt: skip
    made = post("api_segment_list", {"name": "VIPs", "rule": rule})
    assert (made.status_code, made.json()["is_built"]) == (201, False)
    assert post("api_segment_list", {"name": "VIPs", "rule": rule}).status_code == 409
    pk = made.json()["id"]
    segments.keep(now=now)
    members = client.get(reverse("api_segment_members", args=[pk])).json()
    assert [row["customer"] for row in members["results"]] == [ann.pk]
    assert post("api_segment_members", {"add": [ann.pk]}, pk).status_code == 409
    url = reverse("api_segment_detail", args=[pk])
    changed = client.patch(url, {"rule": {"tagged": "x"}}, content_type="application/json").json()
    assert (changed["sentence"], changed["is_built"]) == ("tagged “x”", False)
    assert client.delete(url).status_code == 204
