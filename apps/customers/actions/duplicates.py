"""Customers who may be one person, with reasons. Suggested, never merged; who was said not to be the same stays so."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.contrib.postgres.aggregates import ArrayAgg
from django.db import connection, transaction
from django.db.models import Q
from rapidfuzz import fuzz

from apps.core.registry import Batch
from apps.customers import folding
from apps.customers.enums import Reason
from apps.customers.models import Customer, Duplicate
from apps.staff.models import User

MOST_SHARING = 20  # a value of more people than this says nothing about any two of them
CHUNK = 500
_ALIKE = 85
_WEIGHTS = {
    Reason.EMAIL: 60,
    Reason.MAILBOX: 45,
    Reason.PHONE: 50,
    Reason.NAME_AND_COMPANY: 45,
    Reason.NAME_AND_COUNTRY: 30,
    Reason.NAMES_ALIKE: 20,
}
_MAILBOX = (
    "(replace(split_part(split_part({0}.value, '@', 1), '+', 1), '.', '') || '@' || split_part({0}.value, '@', 2))"
)
_BY_ADDRESS = f"""
    SELECT m.customer_id, m.kind, m.value, t.customer_id, t.value
    FROM customers_identity m
    JOIN LATERAL (
        SELECT i.customer_id, i.value FROM customers_identity i
        WHERE m.kind = 'email' AND i.kind = 'email' AND {_MAILBOX.format("i")} = {_MAILBOX.format("m")}
        LIMIT %(most)s) t ON true
    WHERE m.customer_id = ANY(%(ids)s) AND m.kind = 'email' AND t.customer_id <> m.customer_id
    UNION ALL
    SELECT m.customer_id, m.kind, m.value, t.customer_id, t.value
    FROM customers_identity m
    JOIN LATERAL (
        SELECT i.customer_id, i.value FROM customers_identity i
        WHERE i.kind = 'phone' AND i.value = m.value LIMIT %(most)s) t ON true
    WHERE m.customer_id = ANY(%(ids)s) AND m.kind = 'phone' AND t.customer_id <> m.customer_id
"""  # noqa: S608 - own text
_BY_NAME = """
    SELECT n.customer_id, n.term, t.customer_id
    FROM unnest(%(ids)s::bigint[], %(terms)s::text[]) AS n(customer_id, term)
    JOIN LATERAL (
        SELECT s.customer_id FROM customers_searchterm s WHERE s.term = n.term LIMIT %(most)s) t ON true
    WHERE t.customer_id <> n.customer_id
"""
_WRITE = """
    INSERT INTO customers_duplicate (first_id, second_id, reasons, score, found_at)
    SELECT first_id, second_id, reasons, score, %s
    FROM jsonb_to_recordset(%s::jsonb) AS r(first_id bigint, second_id bigint, reasons jsonb, score smallint)
    ON CONFLICT (first_id, second_id) DO UPDATE SET reasons = excluded.reasons, score = excluded.score
    WHERE customers_duplicate.dismissed_at IS NULL AND customers_duplicate.reasons <> excluded.reasons
"""
_FORGET = """
    DELETE FROM customers_duplicate d
    WHERE d.dismissed_at IS NULL AND (d.first_id = ANY(%(ids)s) OR d.second_id = ANY(%(ids)s))
      AND NOT EXISTS (SELECT 1 FROM unnest(%(firsts)s::bigint[], %(seconds)s::bigint[]) AS f(a, b)
                      WHERE f.a = d.first_id AND f.b = d.second_id)
"""

type Pair = tuple[int, int]


def follow(batch: Batch) -> None:
    """Pipeline handler."""
    find(customer_ids=batch.customer_ids, now=batch.now)


def find_all(*, now: datetime, tell: Callable[[int], None]) -> int:
    """Every known customer, in chunks; `tell` hears how many were looked at. Returns how many pairs wait."""
    last = 0
    while ids := list(
        Customer.objects.present().known().filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:CHUNK]
    ):
        with transaction.atomic():
            find(customer_ids=ids, now=now)
        last = ids[-1]
        tell(len(ids))
    return Duplicate.objects.filter(dismissed_at=None).count()


def dismiss(*, duplicate: Duplicate, by: User | None, now: datetime) -> None:
    """Not the same person, for ever."""
    Duplicate.objects.filter(pk=duplicate.pk, dismissed_at=None).update(dismissed_at=now, dismissed_by=by)


def find(*, customer_ids: list[int], now: datetime) -> None:
    """Looks for others like these customers; a pair that is alike no more is forgotten. Two questions, whatever the
    number."""
    known = _people(Customer.objects.present().known().filter(pk__in=customer_ids).values_list("pk", flat=True))
    if not known:
        return
    candidates = _Candidates()
    candidates.look_by_address(list(known))
    candidates.look_by_name(known)
    people = known | _people({pk for pair in candidates.reasons for pk in pair} - set(known))
    rows = [row for pair, reasons in sorted(candidates.reasons.items()) if (row := _judge(pair, reasons, people))]
    _write(list(known), rows, now=now)


@dataclass(frozen=True)
class _Known:
    name: str
    country: str
    companies: frozenset[int]


def _people(customer_ids: Iterable[int]) -> dict[int, _Known]:
    members = ArrayAgg("companies__company_id", filter=Q(companies__isnull=False), default=[])
    rows = Customer.objects.present().known().filter(pk__in=list(customer_ids)).annotate(firms=members)
    return {
        pk: _Known(folding.term(name), country, frozenset(firms))
        for pk, name, country, firms in rows.values_list("pk", "name", "country", "firms")
    }


@dataclass
class _Candidates:
    reasons: dict[Pair, set[Reason]] = field(default_factory=lambda: defaultdict(set))

    def look_by_address(self, ids: list[int]) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_BY_ADDRESS, {"ids": ids, "most": MOST_SHARING + 1})
            rows = cursor.fetchall()
        sharing: dict[tuple[int, str, str], set[int]] = defaultdict(set)
        for mine, kind, value, other, _other_value in rows:
            sharing[mine, kind, value].add(other)
        for mine, kind, value, other, other_value in rows:
            if len(sharing[mine, kind, value]) < MOST_SHARING:
                self._add(mine, other, _reason(kind, is_same=value == other_value))

    def look_by_name(self, people: dict[int, _Known]) -> None:
        named = {pk: one.name for pk, one in people.items() if " " in one.name}
        with connection.cursor() as cursor:
            cursor.execute(_BY_NAME, {"ids": list(named), "terms": list(named.values()), "most": MOST_SHARING + 1})
            rows = cursor.fetchall()
        sharing: dict[str, set[int]] = defaultdict(set)
        for mine, term, other in rows:
            sharing[term] |= {mine, other}
        for mine, term, other in rows:
            if len(sharing[term]) <= MOST_SHARING:
                self.reasons.setdefault((min(mine, other), max(mine, other)), set())

    def _add(self, one: int, other: int, reason: Reason) -> None:
        self.reasons[min(one, other), max(one, other)].add(reason)


def _reason(kind: str, *, is_same: bool) -> Reason:
    if kind == "phone":
        return Reason.PHONE
    return Reason.EMAIL if is_same else Reason.MAILBOX


def _judge(pair: Pair, reasons: set[Reason], people: dict[int, _Known]) -> dict[str, object] | None:
    """The row of the pair, or None where nothing speaks for it."""
    first, second = people.get(pair[0]), people.get(pair[1])
    if first is None or second is None:
        return None
    found = reasons | _by_names(first, second)
    if Reason.EMAIL in found:
        found.discard(Reason.MAILBOX)
    if not found - {Reason.NAMES_ALIKE}:
        return None
    ordered = [reason for reason in Reason if reason in found]
    score = min(100, sum(_WEIGHTS[reason] for reason in ordered))
    return {"first_id": pair[0], "second_id": pair[1], "reasons": [r.value for r in ordered], "score": score}


def _by_names(first: _Known, second: _Known) -> set[Reason]:
    if not first.name or not second.name:
        return set()
    found = set()
    is_same = first.name == second.name and " " in first.name
    if is_same and first.companies & second.companies:
        found.add(Reason.NAME_AND_COMPANY)
    if is_same and first.country and first.country == second.country:
        found.add(Reason.NAME_AND_COUNTRY)
    if fuzz.token_sort_ratio(first.name, second.name) >= _ALIKE:
        found.add(Reason.NAMES_ALIKE)
    return found


def _write(looked_at: list[int], rows: list[dict[str, object]], *, now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            _FORGET,
            {
                "ids": looked_at,
                "firsts": [row["first_id"] for row in rows],
                "seconds": [row["second_id"] for row in rows],
            },
        )
        if rows:
            cursor.execute(_WRITE, [now, json.dumps(rows)])
