"""What the customer page and list show, each as one value."""

import re
from dataclasses import dataclass, replace
from datetime import datetime

from apps.campaigns.enums import EnrolmentState, MessageState
from apps.campaigns.models import Enrolment, Message, Suppression
from apps.core import keyset
from apps.customers import folding
from apps.customers import selectors as customers
from apps.customers.actions import segments
from apps.customers.models import Customer, CustomerQuerySet, Identity, Persona, Segment
from apps.customers.selectors import Said
from apps.feedback.models import Case, Response
from apps.journeys.models import Journey, Progress
from apps.journeys.selectors.standing import Standing, standings

LIST_SIZE = 50
SAID_ELSEWHERE = {"name", "firstName", "lastName", "first_name", "last_name", "country", "countryCode"}
_SPLIT = re.compile(r"(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True)
class ListedCustomer:
    customer: Customer
    stages: list[tuple[str, bool]]  # name, overdue


@dataclass(frozen=True)
class CustomerList:
    rows: list[ListedCustomer]
    next_cursor: str | None


@dataclass(frozen=True)
class Filters:
    text: str = ""
    journey_id: int | None = None
    stage_key: str | None = None
    known_only: bool = False
    status: str = ""
    tag: str = ""
    owner_id: int | None = None

    @property
    def is_any(self) -> bool:
        return self != Filters()


def customer_list(*, filters: Filters, cursor: str | None) -> CustomerList:
    """By latest activity, or the best matches of a search. Never counts. Raises keyset.BadCursor."""
    if filters.text:
        return CustomerList(_listed(customers.search(text=filters.text)), None)
    queryset = Customer.objects.present().select_related("persona")
    if filters.known_only:
        queryset = queryset.known()
    if filters.stage_key is not None and filters.journey_id is not None:
        queryset = queryset.filter(progress__journey_id=filters.journey_id, progress__stage_key=filters.stage_key)
    queryset = _of_kind(queryset, filters)
    page = keyset.newest_first(queryset, time_field="last_activity_at", cursor=cursor, size=LIST_SIZE)
    return CustomerList(_listed(page.rows), page.next_cursor)


def _of_kind(queryset: CustomerQuerySet, filters: Filters) -> CustomerQuerySet:
    if filters.status:
        queryset = queryset.filter(status=filters.status)
    if filters.tag:
        queryset = queryset.filter(tags__contains=[filters.tag])
    if filters.owner_id is not None:
        queryset = queryset.filter(owner=filters.owner_id)
    return queryset


def listed(customer_ids: list[int]) -> list[ListedCustomer]:
    found = Customer.objects.present().select_related("persona").in_bulk(customer_ids)
    return _listed([found[pk] for pk in customer_ids if pk in found])


def _listed(rows: list[Customer]) -> list[ListedCustomer]:
    names: dict[str, str] = {}
    for journey in Journey.objects.published().select_related("current_version"):
        if journey.current_version is not None:
            names |= {s["key"]: s["name"] for s in journey.current_version.snapshot["stages"]}
    stages: dict[int, list[tuple[str, bool]]] = {}
    progress = Progress.objects.on_journey().filter(customer__in=rows).order_by("journey__name", "pk")
    for customer_id, key, is_overdue in progress.values_list("customer_id", "stage_key", "is_overdue"):
        stages.setdefault(customer_id, []).append((names.get(str(key), "?"), is_overdue))
    return [ListedCustomer(row, stages.get(row.pk, [])) for row in rows]


@dataclass(frozen=True)
class StripStage:
    name: str
    state: str  # past, now, next
    at: datetime | None = None
    days: int | None = None
    expected_days: float | None = None
    step: str | None = None
    is_overdue: bool = False


@dataclass(frozen=True)
class Coming:
    """What is due next: a message, or the end of a wait."""

    campaign_name: str
    campaign_id: int
    due_at: datetime
    is_held: bool


@dataclass(frozen=True)
class CustomerPage:
    customer: Customer
    identities: list[Identity]
    standings: list[Standing]
    strip: list[StripStage]
    strip_journey: str
    coming: list[Coming]
    responses: list[Response]
    open_cases: list[Case]
    allowed: list[Said]
    traits: list[tuple[str, str]]
    segments: list[Segment]
    personas: list[Persona]


def customer_page(customer: Customer, *, now: datetime) -> CustomerPage:
    found = standings(customer)
    main = max(found, key=lambda standing: standing.entered_at, default=None)
    return CustomerPage(
        customer=customer,
        identities=list(customer.identities.order_by("kind", "value")[:50]),
        standings=found,
        strip=_strip(main, now) if main else [],
        strip_journey=main.journey if main else "",
        coming=_coming(customer),
        responses=list(customer.responses.order_by("-answered_at", "-pk").select_related("survey")[:3]),
        open_cases=list(Case.objects.open().filter(customer=customer).select_related("owner").order_by("due_at", "pk")),
        allowed=allowed(customer, now=now),
        traits=_traits(customer),
        segments=[m.segment for m in segments.of_customer(customer) if m.left_at is None],
        personas=list(Persona.objects.order_by("position", "name")),
    )


def allowed(customer: Customer, *, now: datetime) -> list[Said]:
    """What may be sent to the customer, by consent and by whether anything may be sent to the address at all."""
    found = customers.allowed(customer)
    folded = {said.channel: folding.address(channel=said.channel, value=said.address) for said in found}
    kept = Suppression.objects.in_force(now).filter(address__in=folded.values())
    reasons = {(row.channel, row.address): row.reason for row in kept}
    return [replace(said, suppressed=reasons.get((said.channel, folded[said.channel]), "")) for said in found]


def _traits(customer: Customer) -> list[tuple[str, str]]:
    """Those that no other line of the page says already."""
    shown = ((name, value) for name, value in sorted(customer.traits.items()) if name not in SAID_ELSEWHERE)
    return [(trait_label(name), str(value)) for name, value in shown]


def trait_label(name: str) -> str:
    """Such as "Last device" for lastDevice."""
    return _SPLIT.sub(" ", name).replace("_", " ").capitalize()


def _strip(standing: Standing, now: datetime) -> list[StripStage]:
    """The stages of this lap passed, the one now, and the one after it."""
    stays = [stay for stay in standing.history if stay.lap == standing.lap]
    past = [
        StripStage(stay.stage, "past", stay.entered_at, (stay.left_at - stay.entered_at).days)
        for stay in stays
        if stay.left_at is not None
    ]
    current = StripStage(
        name=standing.stage,
        state="now",
        at=standing.entered_at,
        days=max(0, (now - standing.entered_at).days),
        expected_days=standing.expected_days,
        step=standing.step,
        is_overdue=standing.is_overdue,
    )
    names = [stage["name"] for stage in standing.stages if stage["kind"] != "lapsed"]
    place = names.index(standing.stage) if standing.stage in names else len(names)
    return [*past[-5:], current, *(StripStage(name, "next") for name in names[place + 1 : place + 2])]


def _coming(customer: Customer) -> list[Coming]:
    waiting = [MessageState.HELD, MessageState.QUEUED]
    messages = Message.objects.filter(customer=customer, state__in=waiting).select_related("enrolment__campaign")
    runs = Enrolment.objects.active().filter(customer=customer).select_related("campaign")
    found = [
        Coming(m.enrolment.campaign.name, m.enrolment.campaign_id, m.due_at, m.state == MessageState.HELD)
        for m in messages[:20]
    ]
    found += [Coming(run.campaign.name, run.campaign_id, run.due_at, is_held=False) for run in runs[:20]]
    return sorted(found, key=lambda coming: coming.due_at)[:5]


@dataclass(frozen=True)
class Home:
    my_cases: list[Case]
    late_cases: int
    open_cases: int
    running: int
    held: int
    failed: int
    latest: list[Response]


def home(*, user_id: int, now: datetime) -> Home:
    """Bounded: open cases and held or failed messages are few, and indexed."""
    mine = Case.objects.open().filter(owner_id=user_id).select_related("customer", "response")
    return Home(
        my_cases=list(mine.order_by("due_at", "pk")[:10]),
        late_cases=Case.objects.open().filter(due_at__lt=now).count(),
        open_cases=Case.objects.open().count(),
        running=Enrolment.objects.filter(state=EnrolmentState.ACTIVE).count(),
        held=Message.objects.filter(state=MessageState.HELD).count(),
        failed=Message.objects.filter(state=MessageState.FAILED).count(),
        latest=list(Response.objects.order_by("-answered_at", "-pk").select_related("customer", "survey")[:6]),
    )
