from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Min, Model, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.campaigns import sentences, wire
from apps.campaigns.causes import Cause
from apps.campaigns.enums import CampaignState, MessageState, Reentry, StepKind, TriggerKind
from apps.campaigns.models import Campaign, CampaignStep, Enrolment, Message
from apps.core.registry import FirstStep, Gauge
from apps.core.selectors import gauge_of
from apps.customers import previews
from apps.customers.models import Membership, MembershipQuerySet
from apps.journeys.models import StageEntry, StageEntryQuerySet


def run_gauge(now: datetime) -> Gauge:
    found = Enrolment.objects.due(now).aggregate(length=Count("id"), oldest=Min("due_at"))
    return gauge_of(length=found["length"], oldest=found["oldest"], now=now)


def deliver_gauge(now: datetime) -> Gauge:
    in_hand = Q(state__in=[MessageState.CLAIMED, MessageState.SENDING])
    due = Q(state=MessageState.QUEUED, due_at__lte=now)
    found = Message.objects.filter(in_hand | due).aggregate(length=Count("id"), oldest=Min("due_at"))
    return gauge_of(length=found["length"], oldest=found["oldest"], now=now)


def campaigns_with_counts() -> list[Campaign]:
    """Running first; each with the number of its runs and messages by state."""
    rows = list(Campaign.objects.select_related("journey").order_by("name", "pk"))
    runs = counts(Enrolment.objects.all(), "campaign_id", "state")
    messages = counts(Message.objects.all(), "enrolment__campaign_id", "state")
    for campaign in rows:
        campaign.runs = runs.get(campaign.pk, {})  # type: ignore[attr-defined]
        campaign.messages_by_state = messages.get(campaign.pk, {})  # type: ignore[attr-defined]
    first = [CampaignState.ACTIVE.value, CampaignState.PAUSED.value, CampaignState.DRAFT.value]
    return sorted(rows, key=lambda c: first.index(c.state) if c.state in first else len(first))


def counts[T: Model](queryset: QuerySet[T], group: str, state: str) -> dict[Any, dict[str, int]]:
    found: dict[Any, dict[str, int]] = {}
    for pk, value, n in queryset.order_by().values_list(group, state).annotate(n=Count("pk")):
        found.setdefault(pk, {})[value] = n
    return found


@dataclass(frozen=True)
class StepLine:
    number: int
    kind: str
    icon: str
    label: str
    text: str
    counts: dict[str, int]
    waiting: int


@dataclass(frozen=True)
class CampaignPage:
    trigger: str
    steps: list[StepLine]
    runs: dict[str, int]
    messages: dict[str, int]
    present: int
    elsewhere: int  # on the way at steps that the version in force has no more


def campaign_page(campaign: Campaign) -> CampaignPage:
    by_step = counts(Message.objects.filter(enrolment__campaign=campaign), "step__key", "state")
    waiting = standing(campaign)
    steps = CampaignStep.objects.filter(version=campaign.version_id or 0).order_by("position")
    return CampaignPage(
        trigger=sentences.trigger(campaign.trigger, campaign.trigger_settings) if campaign.version_id else "…",
        steps=[
            StepLine(
                number=step.position + 1,
                kind=step.kind,
                icon=StepKind(step.kind).icon,
                label=str(StepKind(step.kind).label),
                text=sentences.step(step.kind, step.settings, step.ways),
                counts=by_step.get(step.key, {}),
                waiting=waiting.get(str(step.key), 0),
            )
            for step in steps
        ],
        runs=counts(Enrolment.objects.filter(campaign=campaign), "campaign_id", "state").get(campaign.pk, {}),
        messages={s: sum(c.get(s, 0) for c in by_step.values()) for s in MessageState.values},
        present=present_count(campaign),
        elsewhere=sum(waiting.values()) - sum(waiting.get(str(step.key), 0) for step in steps),
    )


def standing(campaign: Campaign) -> dict[str, int]:
    """Runs on the way by the key of the step where they stand, over all versions."""
    places = {
        (version_id, position): str(key)
        for version_id, position, key in CampaignStep.objects.filter(version__campaign=campaign).values_list(
            "version_id", "position", "key"
        )
    }
    found: Counter[str] = Counter()
    runs = campaign.enrolments.active().order_by().values_list("version_id", "position").annotate(n=Count("pk"))
    for version_id, position, n in runs:
        found[places.get((version_id, position), "")] += n
    return dict(found)


def present_causes(campaign: Campaign, *, after: int = 0) -> Iterator[Cause]:
    """Who is already where the trigger would find them, each with the cause that it would have had; in the order of
    the numbers at the end of their keys, those `after` one."""
    if campaign.trigger == TriggerKind.SEGMENT_ENTERED:
        members = _members(campaign).filter(pk__gt=after).order_by("pk").values_list("pk", "customer_id", "joined_at")
        for pk, customer_id, at in members.iterator():
            yield Cause(customer_id, f"segment:{pk}", at)
    elif campaign.trigger in {TriggerKind.STAGE_ENTERED, TriggerKind.OVERDUE}:
        what = "entry" if campaign.trigger == TriggerKind.STAGE_ENTERED else "overdue"
        rows = _present_entries(campaign).filter(pk__gt=after).order_by("pk")
        fields = ("pk", "customer_id", "entered_at", "overdue_at", "interaction_id")
        for pk, customer_id, entered_at, overdue_at, interaction_id in rows.values_list(*fields).iterator():
            at = overdue_at if what == "overdue" and overdue_at else entered_at
            yield Cause(customer_id, f"{what}:{pk}", at, pk, interaction_id)


def present_count(campaign: Campaign) -> int:
    there = _present(campaign)
    return there.count() if there is not None else 0


def _present(campaign: Campaign) -> "MembershipQuerySet | StageEntryQuerySet | None":
    if campaign.trigger == TriggerKind.SEGMENT_ENTERED:
        return _members(campaign)
    if campaign.trigger in {TriggerKind.STAGE_ENTERED, TriggerKind.OVERDUE}:
        return _present_entries(campaign)
    return None


def would_be_present(campaign: Campaign) -> int:
    """How many are already where the draft's trigger would find them, and would be let in."""
    try:
        text = wire.read(campaign.draft)
    except wire.CampaignError:
        return 0
    made = Campaign(
        trigger=text.trigger.kind,
        trigger_settings=text.trigger.settings,
        journey=text.journey,
        stage_key=text.trigger.stage_key,
    )
    there = _present(made)
    if there is not None and text.reentry == Reentry.ONCE:
        there = there.exclude(customer__in=Enrolment.objects.filter(campaign=campaign).values("customer"))
    return there.count() if there is not None else 0


def would_be_reached(campaign: Campaign, *, now: datetime) -> int | None:
    """How many are in the audience of the draft, where a broadcast goes to them all. None also where counting takes
    long."""
    draft = campaign.draft
    if (draft.get("trigger") or {}).get("on") != TriggerKind.SCHEDULE:
        return None
    try:
        text = wire.read(draft)
    except wire.CampaignError:
        return None
    return previews.count(rule=text.audience, now=now)


def _members(campaign: Campaign) -> MembershipQuerySet:
    return Membership.objects.current().filter(
        segment__name=campaign.trigger_settings.get("segment"), customer__merged_into=None
    )


def _present_entries(campaign: Campaign) -> StageEntryQuerySet:
    """The open entries of the trigger's stage; for overdue those that are. None while a draft has no stage."""
    if campaign.stage_key is None:
        return StageEntry.objects.none()
    entries = StageEntry.objects.standing().filter(
        journey=campaign.journey, left_at=None, customer__merged_into=None, stage_key=str(campaign.stage_key)
    )
    return entries.exclude(overdue_at=None) if campaign.trigger == TriggerKind.OVERDUE else entries


def rule_holders() -> list[tuple[str, dict[str, Any]]]:
    """Each campaign that is not archived, in words, with each of its rules."""
    campaigns = Campaign.objects.exclude(state=CampaignState.ARCHIVED).select_related("version").order_by("name")
    return [
        (f'the campaign "{campaign}"', rule)
        for campaign in campaigns
        for rule in (campaign.audience, campaign.exit_rule, campaign.goal_rule, *_more_rules(campaign))
    ]


def _more_rules(campaign: Campaign) -> Iterator[dict[str, Any]]:
    """Of its steps; and its trigger, as the rule that asks for the same thing."""
    if campaign.trigger == TriggerKind.SEGMENT_ENTERED:
        yield {"in_segment": campaign.trigger_settings.get("segment", "")}
    for raw in wire.walk((campaign.version.text if campaign.version else campaign.draft).get("steps", [])):
        settings = raw[wire.kind_of(raw)]
        if "for" in settings:
            yield settings["for"]
        for way in settings.get("ways", []):
            if "rule" in way:
                yield way["rule"]


def stuck_enrolments(now: datetime) -> QuerySet[Enrolment]:
    return Enrolment.objects.due(now - timedelta(minutes=15))


def stuck_messages(now: datetime) -> QuerySet[Message]:
    return Message.objects.expired(now - timedelta(minutes=2))


def is_any_active() -> bool:
    return Campaign.objects.active().exists()


FIRST_STEP = FirstStep(
    gettext_lazy("Activate a campaign"),
    gettext_lazy("Such as a thank-you after a purchase and a question a few days later."),
    "campaign_list",
    is_any_active,
)


def keep_stages_of_active_campaigns(journey_id: int, snapshot: Mapping[str, Any]) -> list[str]:
    """A publish guard: a campaign that is active or paused must not lose the stage that starts it."""
    keys = {stage["key"] for stage in snapshot["stages"]}
    steps = {step["key"] for stage in snapshot["stages"] for step in stage["steps"]}
    live = Campaign.objects.live().filter(journey=journey_id, stage_key__isnull=False)
    return [
        _("The campaign “%(campaign)s” starts at a stage or step that is no more. Archive it first.")
        % {"campaign": campaign}
        for campaign in live.order_by("name")
        if str(campaign.stage_key) not in keys or campaign.trigger_settings.get("step_key", "") not in {"", *steps}
    ]
