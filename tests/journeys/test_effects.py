"""What came of a solved pain point: who is counted, on which side, and what is said about it."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from apps.journeys import wire
from apps.journeys.actions import drafts, publishing
from apps.journeys.models import Card, Journey, Step, StepVisit
from apps.journeys.selectors import improvements as selectors
from apps.journeys.selectors.improvements import Filters
from apps.staff.enums import Role
from tests.factories import CustomerFactory, published_shop, staff
from tests.journeys.improving import add, only, step, visit
from tests.journeys.maps import SHOP

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _at_that_time(now):
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def shop(now) -> Journey:
    return published_shop(now)


class TestSolved:
    """The pain stands at “Fills the cart”; later steps are those of Purchase and Loyalty, and the question."""

    @pytest.fixture
    def solved(self, shop, now) -> Card:
        Card.objects.all().delete()
        return add("Empty cart", at="Fills the cart", severity=3, status="solved", solved_at=now - timedelta(days=60))

    def came(self, count: int, at, *, went_on: int = 0, then: str = "Buys", after=timedelta(days=14)) -> None:
        for n, customer in enumerate(CustomerFactory.create_batch(count)):
            visit(customer, "Fills the cart", at)
            if n < went_on:
                visit(customer, then, at + after)

    def counts(self, now) -> tuple[int, int, int, int]:
        effect = only(now).effect
        return effect.before.n, effect.before.went_on, effect.after.n, effect.after.went_on

    def test_who_is_counted_on_which_side(self, solved, now):
        at, second = solved.solved_at, timedelta(seconds=1)
        self.came(1, at - timedelta(days=90))
        self.came(1, at - timedelta(days=90) - second)
        self.came(1, at - second, went_on=1)
        self.came(1, at)
        self.came(1, now - timedelta(days=14), went_on=1)
        self.came(1, now - timedelta(days=14) + second, went_on=1, after=second)
        assert self.counts(now) == (2, 1, 2, 1)

    def test_the_period_after_ends(self, solved, now):
        Card.objects.update(solved_at=now - timedelta(days=110))
        self.came(1, now - timedelta(days=20) - timedelta(seconds=1))
        self.came(1, now - timedelta(days=20))
        assert self.counts(now) == (0, 0, 1, 0)

    def test_what_counts_as_going_on(self, solved, now):
        at, second = solved.solved_at - timedelta(days=30), timedelta(seconds=1)
        self.came(1, at, went_on=1, after=timedelta(days=14))
        self.came(1, at, went_on=1, after=timedelta(days=14) + second)
        self.came(1, at, went_on=1, after=-second)
        self.came(1, at, went_on=1, then="Sees a product", after=second)
        self.came(1, at, went_on=1, then="Asks a question", after=timedelta(0))
        assert self.counts(now) == (5, 2, 0, 0)

    def test_a_customer_counts_once_by_the_first_visit(self, solved, now):
        at = solved.solved_at - timedelta(days=60)
        ann = CustomerFactory()
        for days in (0, 1, 30):
            visit(ann, "Fills the cart", at + timedelta(days=days))
        visit(ann, "Buys", at + timedelta(days=31))
        assert self.counts(now) == (1, 0, 0, 0)

    def test_exact_shares_and_intervals(self, solved, now):
        self.came(80, solved.solved_at - timedelta(days=30), went_on=48)
        self.came(70, solved.solved_at + timedelta(days=10), went_on=56)
        effect = only(now).effect
        assert self.counts(now) == (80, 48, 70, 56)
        assert effect.difference == pytest.approx(0.2)
        assert effect.interval == pytest.approx((0.0524, 0.3339), abs=0.00005)
        assert effect.before.interval == pytest.approx((0.4905, 0.7004), abs=0.00005)
        assert (effect.verdict, effect.sentence) == ("better", "20 points more go on (+5 to +33)")

    @pytest.mark.parametrize(
        ("before", "after", "verdict", "sentence"),
        [((20, 10), (20, 12), "none", "no difference seen yet (-19 to +37 points)"),
         ((20, 20), (19, 0), "few", "too few yet (n=19)"), ((7, 1), (100, 90), "few", "too few yet (n=7)"),
         ((0, 0), (30, 10), "few", "too few yet (n=0)"),
         ((20, 20), (20, 0), "worse", "100 points fewer go on (-100 to -77)")],
    )  # fmt: skip
    def test_what_is_said(self, solved, now, client, before, after, verdict, sentence):
        self.came(before[0], solved.solved_at - timedelta(days=30), went_on=before[1])
        self.came(after[0], solved.solved_at + timedelta(days=10), went_on=after[1])
        effect = only(now).effect
        assert (effect.verdict, effect.sentence) == (verdict, sentence)
        client.force_login(staff(Role.VIEWER))
        page = client.get(reverse("improvement_list")).content.decode()
        assert sentence[:1].upper() + sentence[1:] in page
        assert f"n={after[0]}" in page

    def test_where_nothing_can_be_measured(self, solved, now):
        last = add("Last", at="Buys again", status="solved", solved_at=now)
        new = Step.objects.create(stage=step("Buys").stage, name="New", position=9)
        fresh = add("Fresh", at="New", status="solved", solved_at=now)
        found = {
            row.card.pk: row.effect for row in selectors.improvements(selectors.weighed(Filters(), now=now), now=now)
        }
        assert "no step comes after it" in found[last.pk].sentence
        assert "not in the published map" in found[fresh.pk].sentence
        assert found[solved.pk].obstacle == ""
        assert new.stage.journey_id == solved.step.stage.journey_id

    def test_two_maps_do_not_mix(self, solved, now):
        text = SHOP | {"name": "Other shop"}
        other = drafts.import_text(text=wire.read(text))
        publishing.publish(journey=other, now=now, by=None)
        there = Step.objects.get(stage__journey=other, name="Buys")
        ann, at = CustomerFactory(), solved.solved_at - timedelta(days=30)
        StepVisit.objects.create(
            customer=ann, journey=other, interaction_id=1, step_key=there.key, stage_key=there.stage.key, lap=1, at=at
        )
        here = solved.step
        StepVisit.objects.create(
            customer=ann, journey_id=here.stage.journey_id, interaction_id=2, step_key=here.key,
            stage_key=here.stage.key, lap=1, at=at - timedelta(days=1),
        )  # fmt: skip
        assert [(e.before.n, e.before.went_on) for e in [only(now, status="solved").effect]] == [(1, 0)]
