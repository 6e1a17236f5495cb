"""What is known of people, read for a dry run: some questions a chunk, whatever the number of people."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Q

from apps.campaigns import facts, selectors_causes, timing
from apps.campaigns.enums import MessageState, Way
from apps.campaigns.models import Message, Suppression
from apps.campaigns.selectors_causes import Span as Window
from apps.campaigns.simulating import Known, Plan
from apps.campaigns.simulating_people import Deed, Person, Said, Sent, Span, leaves, name_of
from apps.core import rules
from apps.customers import erased
from apps.customers.models import Consent, Customer
from apps.feedback.models import Case
from apps.touchpoints import conditions
from apps.touchpoints.predicates import not_retracted

_BEFORE = timedelta(days=60)  # what limits and intervals between surveys look back on
# As enrolling.py has it.
_HELD_OUT = """
    SELECT c.id FROM unnest(%s::bigint[]) AS c(id)
    WHERE abs(hashint8(c.id # (%s::bigint << 20))::bigint) %% 100 < %s
"""


@dataclass(frozen=True)
class Replay:
    """What a dry run is about. `now` is as of when audience, traits and segments are looked at."""

    plan: Plan
    campaign_id: int
    since: datetime
    now: datetime


def causes(replay: Replay, customer_ids: Sequence[int]) -> dict[int, list[Known]]:
    """Those of the window, by customer, in the order in which we learned of them."""
    sought = selectors_causes.of_text(replay.plan.text)
    found: dict[int, list[Known]] = defaultdict(list)
    for one in selectors_causes.happened(sought, Window(customer_ids, replay.since, replay.plan.until)):
        found[one.cause.customer_id].append(Known(one.cause, one.known_at, one.fires))
    return found


def people(replay: Replay, customer_ids: Sequence[int]) -> list[Person]:
    if not customer_ids:
        return []
    customers = list(Customer.objects.filter(pk__in=customer_ids).order_by("pk"))
    audience = _fitting(replay.plan.text.audience, replay, customer_ids)
    held_out = _held_out(replay, customer_ids)
    deeds, now_fit = _rules(replay, customer_ids)
    said, suppressions = _consents(customers), _suppressions(customers)
    cases, sent, gone = _cases(customer_ids), _sent(replay, customer_ids), _erased(customers)
    company = replay.plan.company.time_zone
    return [
        Person(
            id=one.pk,
            zone=timing.zone_of(time_zone=one.time_zone, country=one.country, company=company),
            time_zone=one.time_zone,
            country=one.country,
            email=one.email,
            phone=one.phone,
            traits=one.traits,
            fits_audience=one.pk in audience,
            is_held_out=one.pk in held_out,
            deeds=deeds.get(one.pk, {}),
            fits_now=frozenset(name for name, ids in now_fit.items() if one.pk in ids),
            said=said.get(one.pk, ()),
            suppressions=suppressions.get(one.pk, ()),
            cases=cases.get(one.pk, ()),
            erased=frozenset(gone & {a for _way, a in _addresses(one)}),
            sent=sent.get(one.pk, []),
        )
        for one in customers
    ]


def _fitting(rule: dict[str, Any], replay: Replay, ids: Sequence[int]) -> set[int]:
    fitting = rules.compiled(rule, rules.Scope(now=replay.now))
    return set(Customer.objects.filter(fitting, pk__in=ids).values_list("pk", flat=True))


def _held_out(replay: Replay, ids: Sequence[int]) -> set[int]:
    if not replay.plan.text.holdout_percent:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(_HELD_OUT, [list(ids), replay.campaign_id, replay.plan.text.holdout_percent])
        return {row[0] for row in cursor.fetchall()}


def rules_of(plan: Plan) -> list[dict[str, Any]]:
    ways = [way["rule"] for placed in plan.steps.values() for way in placed.ways if "rule" in way]
    return [*plan.rules_in_time, *ways]


def _rules(replay: Replay, ids: Sequence[int]) -> tuple[dict[int, dict[str, list[Deed]]], dict[str, set[int]]]:
    """What was done, by customer and leaf; and who fits each other leaf now."""
    deeds: dict[int, dict[str, list[Deed]]] = defaultdict(lambda: defaultdict(list))
    now_fit: dict[str, set[int]] = {}
    for name, value in leaves(rules_of(replay.plan)):
        leaf = name_of(name, value)
        if name != "did":
            if leaf not in now_fit:
                now_fit[leaf] = _fitting({name: value}, replay, ids)
            continue
        rows = not_retracted().filter(conditions.read(value).condition(), customer_id__in=ids)
        found: dict[int, list[Deed]] = defaultdict(list)
        for customer_id, at, received_at in rows.values_list("customer_id", "occurred_at", "received_at"):
            found[customer_id].append(Deed(at, max(at, received_at)))
        for customer_id, done in found.items():
            deeds[customer_id][leaf] = done
    return deeds, now_fit


def _addresses(customer: Customer) -> Iterable[tuple[str, str]]:
    """Folded, by channel."""
    for way, value in ((Way.EMAIL.value, customer.email), (Way.SMS.value, customer.phone)):
        folded = facts.fold(way, value)
        if folded:
            yield way, folded


def _owners(customers: Sequence[Customer]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for one in customers:
        for _way, address in _addresses(one):
            found[address].append(one.pk)
    return found


def _consents(customers: Sequence[Customer]) -> Mapping[int, list[Said]]:
    """Of each customer, and of each of their addresses; newest first."""
    owners = _owners(customers)
    ids = {one.pk for one in customers}
    rows = Consent.objects.filter(Q(customer_id__in=ids) | Q(address__in=list(owners))).select_related("topic")
    found: dict[int, list[Said]] = defaultdict(list)
    for row in rows.order_by("-at", "-id"):
        topic = row.topic.name if row.topic else None
        if row.customer_id in ids:
            found[row.customer_id].append(Said(row.at, row.channel, row.topic_id, row.choice, topic))
        for owner in owners.get(row.address, []):
            found[owner].append(Said(row.at, row.channel, row.topic_id, row.choice, topic, row.address))
    return found


def _suppressions(customers: Sequence[Customer]) -> Mapping[int, list[Span]]:
    owners = _owners(customers)
    found: dict[int, list[Span]] = defaultdict(list)
    for row in Suppression.objects.filter(address__in=list(owners)):
        for owner in owners[row.address]:
            found[owner].append(Span(row.reason, row.created_at, row.until, row.channel, row.address))
    return found


def _cases(ids: Sequence[int]) -> Mapping[int, list[Span]]:
    found: dict[int, list[Span]] = defaultdict(list)
    rows = Case.objects.filter(customer_id__in=ids).order_by("due_at", "pk")
    for customer_id, title, opened_at, closed_at in rows.values_list("customer_id", "title", "opened_at", "closed_at"):
        found[customer_id].append(Span(title, opened_at, closed_at))
    return found


def _sent(replay: Replay, ids: Sequence[int]) -> dict[int, list[Sent]]:
    """By other campaigns: this one is played through as if it had begun with the window."""
    since = replay.since - max(_BEFORE, timedelta(days=replay.plan.company.asks_every_days or 0))
    rows = Message.objects.filter(customer_id__in=ids, state=MessageState.SENT, sent_at__gte=since)
    others = rows.exclude(enrolment__campaign=replay.campaign_id).exclude(topic=None)
    found: dict[int, list[Sent]] = defaultdict(list)
    for customer_id, at, topic, is_ask in others.values_list("customer_id", "sent_at", "topic__key", "is_ask"):
        if at is not None:
            found[customer_id].append(Sent(at, topic != facts.SERVICE, is_ask))
    return found


def _erased(customers: Sequence[Customer]) -> set[str]:
    """Addresses of somebody who was erased; a yes counts only where it came later, since an erasure takes the answers
    of before with it."""
    kinds = {Way.EMAIL.value: "email", Way.SMS.value: "phone"}
    keys = {(kinds[way], address) for one in customers for way, address in _addresses(one)}
    return {address for _kind, address in erased.among(keys)}
