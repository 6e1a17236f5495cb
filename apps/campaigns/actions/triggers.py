"""Why customers are to be enrolled: what a pass of the pipeline found out, read by the kind of each campaign's trigger.
Only live and staff origins fire."""

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any

from apps.campaigns.causes import Cause, with_key
from apps.campaigns.enums import TriggerKind
from apps.campaigns.models import Campaign
from apps.core.enums import Origin
from apps.core.registry import Batch
from apps.customers.models import Membership
from apps.journeys.entries import BecameOverdue, Entered, LeftStage, ReachedStep
from apps.touchpoints import conditions
from apps.touchpoints.enums import Event
from apps.touchpoints.models import Interaction

_FIRING = [origin.value for origin in Origin if origin.fires]


def causes_of(campaign: Campaign, batch: Batch) -> list[Cause]:
    """In time: now − the cause's time is within what the campaign allows."""
    find = _FINDERS.get(TriggerKind(campaign.trigger))
    if find is None:
        return []
    latest = timedelta(hours=campaign.max_lateness_hours)
    found = [cause for cause in find(campaign, batch) if batch.now - cause.at <= latest]
    return keyed(campaign, found)


def keyed(campaign: Campaign, causes: Sequence[Cause]) -> list[Cause]:
    """Where the trigger names a property, each value of it has one run: one per order, say. Who has none has a run for
    the cause."""
    path = campaign.trigger_settings.get("key")
    ids = {cause.interaction_id for cause in causes if cause.interaction_id is not None}
    if not path or not ids:
        return list(causes)
    found = dict(Interaction.objects.filter(pk__in=ids).values_list("pk", "properties"))
    return [with_key(cause, found.get(cause.interaction_id or 0, {}), path) for cause in causes]


def _stage_entered(campaign: Campaign, batch: Batch) -> Iterable[Cause]:
    for fact in batch.facts:
        if isinstance(fact, Entered) and _is_meant(campaign, fact):
            yield Cause(fact.customer_id, f"entry:{fact.entry_id}", fact.at, fact.entry_id, fact.interaction_id)


def _stage_left(campaign: Campaign, batch: Batch) -> Iterable[Cause]:
    for fact in batch.facts:
        if isinstance(fact, LeftStage) and _is_meant(campaign, fact):
            yield Cause(fact.customer_id, f"left:{fact.entry_id}", fact.at, fact.entry_id)


def _overdue(campaign: Campaign, batch: Batch) -> Iterable[Cause]:
    for fact in batch.facts:
        if isinstance(fact, BecameOverdue) and _is_meant(campaign, fact):
            yield Cause(fact.customer_id, f"overdue:{fact.entry_id}", fact.at, fact.entry_id)


def _is_meant(campaign: Campaign, fact: Entered | LeftStage | BecameOverdue) -> bool:
    return fact.stage_key == str(campaign.stage_key) and Origin(fact.origin).fires


def _step_reached(campaign: Campaign, batch: Batch) -> Iterable[Cause]:
    wanted = campaign.trigger_settings.get("step_key")
    for fact in batch.facts:
        if isinstance(fact, ReachedStep) and fact.step_key == wanted and Origin(fact.origin).fires:
            yield Cause(fact.customer_id, f"visit:{fact.interaction_id}", fact.at, interaction_id=fact.interaction_id)


def _event(campaign: Campaign, batch: Batch) -> Iterable[Cause]:
    settings = {key: value for key, value in campaign.trigger_settings.items() if key != "key"}
    rows = _news(batch).filter(conditions.read(settings).condition())
    for pk, customer_id, at in rows.values_list("pk", "customer_id", "occurred_at"):
        yield Cause(customer_id, f"event:{pk}", at, interaction_id=pk)


def _scored(campaign: Campaign, batch: Batch) -> Iterable[Cause]:
    """A changed answer is the same cause."""
    asked = campaign.trigger_settings
    rows = _news(batch).filter(event=Event.SURVEY_ANSWERED)
    for pk, customer_id, at, message_id, said in rows.values_list(
        "pk", "customer_id", "occurred_at", "message_id", "properties"
    ):
        score = said.get("score")
        is_asked = said.get("survey") == asked.get("survey") or said.get("kind") == asked.get("kind", "?")
        if is_asked and isinstance(score, int) and asked.get("from", score) <= score <= asked.get("to", score):
            yield Cause(customer_id, f"score:{message_id.split(':')[1]}", at, interaction_id=pk)


def _news(batch: Batch) -> Any:
    """The interactions that came in this pass and may fire, by customers who are in it."""
    ids = [c.interaction_id for c in batch.changes if c.interaction_id is not None and Origin(c.origin).fires]
    return Interaction.objects.filter(pk__in=ids, customer_id__in=batch.customer_ids).order_by("occurred_at", "pk")


def _segment_entered(campaign: Campaign, batch: Batch) -> Iterable[Cause]:
    """Joins by rule and by hand; the key of the membership makes each join one cause."""
    since = batch.now - timedelta(hours=campaign.max_lateness_hours)
    rows = Membership.objects.current().filter(
        segment__name=campaign.trigger_settings["segment"],
        customer_id__in=batch.customer_ids,
        joined_at__gte=since,
        origin__in=_FIRING,
    )
    for pk, customer_id, at in rows.values_list("pk", "customer_id", "joined_at"):
        yield Cause(customer_id, f"segment:{pk}", at)


_FINDERS: dict[TriggerKind, Callable[[Campaign, Batch], Iterable[Cause]]] = {
    TriggerKind.STAGE_ENTERED: _stage_entered,
    TriggerKind.STAGE_LEFT: _stage_left,
    TriggerKind.OVERDUE: _overdue,
    TriggerKind.STEP_REACHED: _step_reached,
    TriggerKind.EVENT: _event,
    TriggerKind.SCORED: _scored,
    TriggerKind.SEGMENT_ENTERED: _segment_entered,
}
