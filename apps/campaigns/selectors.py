from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, Model, Q, QuerySet

from apps.campaigns.enums import CampaignState, MessageState, StepKind, TriggerKind
from apps.campaigns.models import Campaign, CampaignStep, Enrolment, Message
from apps.core.registry import Gauge
from apps.core.selectors import gauge_of
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
    runs = _counts(Enrolment.objects.all(), "campaign_id", "state")
    messages = _counts(Message.objects.all(), "enrolment__campaign_id", "state")
    for campaign in rows:
        campaign.runs = runs.get(campaign.pk, {})  # type: ignore[attr-defined]
        campaign.messages_by_state = messages.get(campaign.pk, {})  # type: ignore[attr-defined]
    first = [CampaignState.ACTIVE.value, CampaignState.PAUSED.value, CampaignState.DRAFT.value]
    return sorted(rows, key=lambda c: first.index(c.state) if c.state in first else len(first))


def _counts[T: Model](queryset: QuerySet[T], group: str, state: str) -> dict[int, dict[str, int]]:
    found: dict[int, dict[str, int]] = {}
    for pk, value, n in queryset.order_by().values_list(group, state).annotate(n=Count("pk")):
        found.setdefault(pk, {})[value] = n
    return found


@dataclass(frozen=True)
class StepLine:
    number: int
    kind: str
    label: str
    text: str
    counts: dict[str, int]
    waiting: int


@dataclass(frozen=True)
class CampaignPage:
    trigger: str
    stage: str
    steps: list[StepLine]
    runs: dict[str, int]
    messages: dict[str, int]
    present: int


def campaign_page(campaign: Campaign) -> CampaignPage:
    version = campaign.journey.current_version
    names = {stage["key"]: stage["name"] for stage in version.snapshot["stages"]} if version else {}
    counts = _counts(Message.objects.filter(enrolment__campaign=campaign), "step_id", "state")
    waiting = dict(
        campaign.enrolments.active()
        .order_by()
        .values_list("position")
        .annotate(n=Count("pk"))
        .values_list("position", "n")
    )
    return CampaignPage(
        trigger=str(TriggerKind(campaign.trigger).label),
        stage=names.get(str(campaign.stage_key), "?"),
        steps=[
            StepLine(
                number=step.position + 1,
                kind=step.kind,
                label=str(StepKind(step.kind).label),
                text=step_text(step),
                counts=counts.get(step.pk, {}),
                waiting=waiting.get(step.position + 1, 0) if step.kind == StepKind.WAIT else 0,
            )
            for step in campaign.steps.order_by("position")
        ],
        runs=_counts(Enrolment.objects.filter(campaign=campaign), "campaign_id", "state").get(campaign.pk, {}),
        messages={s: sum(c.get(s, 0) for c in counts.values()) for s in MessageState.values},
        present=present(campaign).count(),
    )


def step_text(step: CampaignStep) -> str:
    """What a step does, in a line."""
    settings = step.settings
    if step.kind == StepKind.WAIT:
        parts = [f"{settings[unit]} {unit}" for unit in ("days", "hours", "minutes") if settings.get(unit)]
        parts += [f"until {settings['until']}"] if settings.get("until") else []
        return ", ".join(parts) or "no time"
    if step.kind == StepKind.SURVEY:
        return str(settings["survey"])
    if step.kind == StepKind.REVIEW_REQUEST:
        return ", ".join(settings["sites"])
    return str(settings["subject"])


def present(campaign: Campaign) -> StageEntryQuerySet:
    """The open entries of the trigger's stage."""
    return StageEntry.objects.standing().filter(
        journey_id=campaign.journey_id, stage_key=campaign.stage_key, left_at=None, customer__merged_into=None
    )
