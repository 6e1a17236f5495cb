"""Cards and visits for the tests of improvements."""

from datetime import datetime

from apps.customers.models import Customer
from apps.journeys.models import Card, Journey, Lane, Step, StepVisit
from apps.journeys.selectors import improvements as selectors
from apps.journeys.selectors.improvements import Filters


def step(name: str) -> Step:
    return Step.objects.select_related("stage").get(name=name)


def add(text: str, *, at: str = "Sees a product", lane: str = "Pain points", **fields: object) -> Card:
    return Card.objects.create(step=step(at), lane=Lane.objects.get(name=lane), text=text, position=9, **fields)


def ideas(shop: Journey) -> None:
    Lane.objects.create(journey=shop, kind="opportunity", name="Ideas", position=9)


_numbers = iter(range(1, 10**9))


def visit(customer: Customer, name: str, at: datetime) -> None:
    there = step(name)
    StepVisit.objects.create(
        customer=customer, journey_id=there.stage.journey_id, interaction_id=next(_numbers), step_key=there.key,
        stage_key=there.stage.key, lap=1, at=at,
    )  # fmt: skip


def only(now: datetime, **filters: str) -> selectors.Improvement:
    return selectors.improvement_page(Filters(**filters), now=now, shown=50).groups[0][1][0]
