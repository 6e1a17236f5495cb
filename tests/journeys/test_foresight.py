"""Whom publishing would move, before it does: what is foretold is what then happens."""

import copy
import itertools
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.journeys import wire
from apps.journeys.actions import drafts, publishing
from apps.journeys.models import Journey, MapEdit, Progress
from apps.journeys.selectors import foresight
from apps.journeys.selectors.foresight import Shift, foresee
from apps.staff.enums import Role
from apps.touchpoints.actions import log
from apps.touchpoints.enums import By, Channel
from tests.factories import CustomerFactory, campaign, published_shop, staff
from tests.journeys.maps import SHOP
from tests.pipeline import drain

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def events(customer, now, *names: str) -> None:
    for hours, name in enumerate(names):
        at = now + hours * HOUR
        log.record(customer_id=customer.pk, event=name, by=By.CUSTOMER, channel=Channel.WEB, at=at, received_at=at,
                   message_id=f"{customer.pk}-{hours}", properties={})  # fmt: skip


def crowd(now, number: int = 1) -> None:
    """Of each kind so many: a viewer, a buyer, one who comes again, one who did something else."""
    kinds = [("Product Viewed",), ("Product Viewed", "Order Completed"), ("Order Completed", "Order Completed"),
             ("Something Else",)]  # fmt: skip
    for names, customer in zip(itertools.cycle(kinds), CustomerFactory.create_batch(4 * number), strict=False):
        events(customer, now, *names)
    drain(now + 4 * HOUR)


def redraw(change) -> Journey:
    text = copy.deepcopy(SHOP)
    change(text)
    drafts.import_text(text=wire.read(text))
    return Journey.objects.select_related("current_version").get()


def without_loyalty(text) -> None:
    text["stages"] = [stage for stage in text["stages"] if stage["name"] != "Loyalty"]


def reads_something_else(text) -> None:
    text["stages"][0]["steps"][0]["match"] = [{"event": "Something Else"}]


def standing() -> dict[int, str | None]:
    rows = Progress.objects.values_list("customer_id", "stage_key", "version__snapshot")
    return {
        pk: next((stage["name"] for stage in snapshot["stages"] if stage["key"] == str(key)), None)
        for pk, key, snapshot in rows
    }


def test_a_draft_that_is_not_valid_says_why_and_looks_at_nobody(now):
    journey = published_shop(now)
    crowd(now)
    journey.stages.all().delete()
    found = foresee(journey, now=now)
    assert found.objections == ["A journey needs at least one stage."]
    assert (found.total, found.looked_at) == (0, 0)


def test_what_stands_against_it(now):
    published_shop(now)
    campaign(now)
    journey = redraw(lambda text: text.update(stages=[s for s in text["stages"] if s["name"] != "Purchase"], cards=[]))
    (said,) = foresee(journey, now=now).objections
    assert "“Thank you” starts at a stage" in said


def test_texts_move_nobody_and_nobody_is_looked_at(now):
    published_shop(now)
    crowd(now)
    journey = redraw(lambda text: text.update(goal="Another goal", cards=[]))
    found = foresee(journey, now=now)
    assert (found.is_untouched, found.looked_at, found.elsewhere) == (True, 0, 0)


def test_nobody_there(now):
    published_shop(now)
    found = foresee(redraw(without_loyalty), now=now)
    assert (found.is_untouched, found.total, found.elsewhere, found.ran_out) == (False, 0, 0, False)


def test_exact_with_from_and_to(now):
    published_shop(now)
    crowd(now, 3)
    found = foresee(redraw(without_loyalty), now=now + 5 * HOUR)
    assert (found.total, found.looked_at, found.elsewhere, found.is_sample) == (12, 12, 3, False)
    assert found.shifts == [Shift("Loyalty", "Purchase", 3)]
    assert (found.joining, found.leaving, found.share) == (0, 0, 25.0)


def test_who_joins_and_who_leaves(now):
    published_shop(now)
    crowd(now, 3)
    found = foresee(redraw(reads_something_else), now=now + 5 * HOUR)
    assert found.shifts == [Shift("Awareness", None, 3), Shift(None, "Awareness", 3)]
    assert (found.elsewhere, found.joining, found.leaving) == (6, 3, 3)


@pytest.mark.parametrize("change", [without_loyalty, reads_something_else])
def test_what_is_foretold_happens(now, change):
    published_shop(now)
    crowd(now, 2)
    later = now + 5 * HOUR
    before = standing()
    journey = redraw(change)
    found = foresee(journey, now=later)
    publishing.publish(journey=journey, now=later, by=None)
    drain(later)
    after = standing()
    moved = [(before[pk], after[pk]) for pk in before if before[pk] != after[pk]]
    assert found.elsewhere == len(moved)
    assert sorted((s.before, s.after, s.customers) for s in found.shifts if s.before) == sorted(
        (one, two, moved.count((one, two))) for one, two in set(moved) if one
    )


def test_a_renamed_stage_is_the_same_stage(now):
    published_shop(now)
    crowd(now)
    journey = redraw(lambda text: text["stages"][0].update(name="Discovery", was="Awareness"))
    found = foresee(journey, now=now + 5 * HOUR)
    assert (found.looked_at, found.elsewhere) == (4, 0)


def test_before_the_first_version_everybody_is_looked_at(now):
    events(CustomerFactory(), now, "Product Viewed")
    CustomerFactory()
    journey = redraw(lambda _text: None)
    found = foresee(journey, now=now + HOUR)
    assert (found.total, found.joining, found.shifts) == (2, 1, [Shift(None, "Awareness", 1)])


def test_a_sample_says_so_and_is_the_same_again(now, monkeypatch):
    published_shop(now)
    crowd(now, 10)
    monkeypatch.setattr(foresight, "MOST", 20)
    journey = redraw(without_loyalty)
    found = foresee(journey, now=now + 5 * HOUR)
    assert (found.total, found.looked_at, found.is_sample, found.ran_out) == (40, 20, True, False)
    assert found.low < found.share < found.high
    assert foresee(journey, now=now + 5 * HOUR) == found


def test_when_time_runs_out_it_says_on_how_many_it_looked(now):
    published_shop(now)
    crowd(now, 2)
    ticks = itertools.count(0, 1.0)
    found = foresee(redraw(without_loyalty), now=now + 5 * HOUR, clock=lambda: next(ticks))
    assert found.ran_out
    assert 0 < found.looked_at < found.total == 8


def test_nothing_is_written_and_the_queries_do_not_grow(now):
    published_shop(now)
    crowd(now)
    redraw(without_loyalty)
    edits = MapEdit.objects.count()
    before = standing()
    with CaptureQueriesContext(connection) as few:
        foresee(Journey.objects.get(), now=now + 5 * HOUR)
    crowd(now + 24 * HOUR, 5)
    with CaptureQueriesContext(connection) as many:
        foresee(Journey.objects.get(), now=now + 30 * HOUR)
    assert len(few) == len(many)
    assert MapEdit.objects.count() == edits
    assert {pk: stage for pk, stage in standing().items() if pk in before} == before


class TestPages:
    @pytest.fixture
    def journey(self, now):
        published_shop(now)
        crowd(timezone.now() - 5 * HOUR)
        return redraw(without_loyalty)

    def test_the_page_and_the_part_of_the_versions(self, client, journey):
        client.force_login(staff(Role.MARKETER))
        url = reverse("publish_preview", kwargs={"pk": journey.pk})
        page = client.get(url).content.decode()
        assert "<strong>1</strong> of 4 customers" in page
        assert "Publishing mails nobody." in page
        assert "Publish the draft" in page
        part = client.get(url, headers={"HX-Request": "true", "HX-Target": "publish-preview"}).content.decode()
        assert part.lstrip().startswith('<div id="publish-preview"')
        assert "<html" not in part
        versions = client.get(reverse("version_list", kwargs={"pk": journey.pk})).content.decode()
        assert f'hx-get="{url}"' in versions

    def test_what_cannot_be_published_offers_no_button(self, client, journey):
        journey.stages.all().delete()
        client.force_login(staff(Role.MARKETER))
        for name in ("publish_preview", "version_list"):
            page = client.get(reverse(name, kwargs={"pk": journey.pk})).content.decode()
            assert "A journey needs at least one stage." in page
            assert "Publish the draft" not in page

    def test_a_sample_in_words(self, client, journey, monkeypatch):
        monkeypatch.setattr(foresight, "MOST", 3)
        client.force_login(staff(Role.MARKETER))
        page = client.get(reverse("publish_preview", kwargs={"pk": journey.pk})).content.decode()
        assert "of 4 customers" in page
        assert "Seen on 3 customers drawn by chance" in page

    def test_the_api_says_the_same(self, client, journey):
        client.force_login(staff(Role.MARKETER))
        found = client.get(reverse("api_publish_preview", kwargs={"pk": journey.pk})).json()
        assert found["shifts"] == [{"before": "Loyalty", "after": "Purchase", "customers": 1}]
        assert (found["total"], found["elsewhere"], found["share"], found["objections"]) == (4, 1, 25.0, [])

    def test_names_of_stages_are_escaped(self, client, journey):
        name = "<script>alert('1')</script> \"🙂\" \u202eשלום"
        journey.stages.filter(name="Purchase").update(name=name)
        client.force_login(staff(Role.MARKETER))
        page = client.get(reverse("publish_preview", kwargs={"pk": journey.pk})).content.decode()
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(&#x27;1&#x27;)&lt;/script&gt; &quot;🙂&quot; \u202eשלום" in page
