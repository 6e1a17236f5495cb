"""Stitching: which customer each claim of a batch belongs to. Set-wise: a batch costs a fixed number of statements,
and one whose people are all known costs one. Rules: domain.md, "Identity"; the choice: docs/adr/0004-stitching.md."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import orjson
import psycopg
from django.db import connection

from apps.core import locks
from apps.customers import erased, folding
from apps.customers.actions import merges
from apps.customers.enums import IdentityKind
from apps.customers.models import Customer, Identity, SearchTerm

type Key = tuple[str, str]

_OWNERS = """
    SELECT kind, value, customer_id, watched_until, coalesce(through_id, id) FROM customers_identity
    WHERE kind IN ('external', 'anonymous') AND space = 'default' AND value = ANY(%s)
"""


_LEARNED = ("traits", "name", "email", "phone", "country", "time_zone", "is_identified")
_SAVE = """
    UPDATE customers_customer c SET traits = r.traits, name = r.name, email = r.email, phone = r.phone,
        country = r.country, time_zone = r.time_zone, is_identified = r.is_identified
    FROM jsonb_to_recordset(%s::jsonb) AS r(id bigint, traits jsonb, name text, email text, phone text, country text,
        time_zone text, is_identified boolean)
    WHERE c.id = r.id
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """What one item of a batch says about its customer. Ids are folded and not generic."""

    external_id: str | None = None
    anonymous_id: str | None = None
    previous_id: str | None = None
    traits: dict[str, Any] | None = None
    is_public: bool = False

    @property
    def key(self) -> Key:
        """What decides whose it is: userId wins over anonymousId."""
        if self.external_id:
            return IdentityKind.EXTERNAL.value, self.external_id
        return IdentityKind.ANONYMOUS.value, str(self.anonymous_id)

    def id_keys(self) -> list[Key]:
        found = []
        if self.external_id:
            found.append((IdentityKind.EXTERNAL.value, self.external_id))
        if self.anonymous_id:
            found.append((IdentityKind.ANONYMOUS.value, self.anonymous_id))
        if self.previous_id:
            found += [
                (IdentityKind.ANONYMOUS.value, self.previous_id),
                (IdentityKind.EXTERNAL.value, self.previous_id),
            ]
        return found


@dataclass(frozen=True, slots=True)
class Watch:
    """A merge that can still be undone moved this identity, or the one by which it came (`root`)."""

    root: int
    until: datetime


@dataclass(frozen=True, slots=True)
class Stitched:
    """By claim, in order: its customer, or None for somebody who was erased; and the watched identity that spoke."""

    customer_ids: list[int | None]
    watched: list[int | None]


def stitch(*, claims: Sequence[Claim], at: datetime, happened_at: Sequence[datetime] = ()) -> Stitched:
    """Which customer each claim belongs to; `happened_at` says when each took place, where that is not `at`.

    Inside the caller's transaction; takes the identity locks of what it may change. Each claim must have an external or
    an anonymous id."""
    settled = owners_if_settled(claims)
    if settled is not None:
        return Stitched(list(settled), [None] * len(claims))
    keys = _keys(claims)
    locks.wait_for([locks.key_of(locks.IDENTITY, f"{kind}:{value}") for kind, value in keys])
    owners, watches = _owners(keys)
    moments = list(happened_at or [at] * len(claims))
    alive = _without_erased(claims, erased.among(key for key in keys if key not in owners))
    present = [place for place, claim in enumerate(alive) if claim is not None]
    told = [claim for claim in alive if claim is not None]
    known = Customer.objects.known().filter(pk__in=set(owners.values())).values_list("pk", flat=True)
    stitching = _Stitching(owners, set(known), {key: w for key, w in watches.items() if w.until > at})
    handles = [stitching.settle(claim) for claim in told]
    ids = stitching.write(handles, told, at=at, happened_at=[moments[place] for place in present])
    found: list[int | None] = [None] * len(claims)
    for place, customer_id in zip(present, ids, strict=True):
        found[place] = customer_id
    return Stitched(found, [_root(stitching.watches.get(claim.key)) for claim in claims])


def _root(watch: Watch | None) -> int | None:
    return watch.root if watch is not None else None


def _without_erased(claims: Sequence[Claim], gone: set[Key]) -> list[Claim | None]:
    """Whose deciding id was erased is passed over; another id of theirs joins nobody."""
    if not gone:
        return list(claims)
    return [None if claim.key in gone else _without_ids(claim, gone) for claim in claims]


def _without_ids(claim: Claim, gone: set[Key]) -> Claim:
    has_anonymous = (IdentityKind.ANONYMOUS.value, claim.anonymous_id) not in gone
    previous = {(kind.value, claim.previous_id) for kind in (IdentityKind.EXTERNAL, IdentityKind.ANONYMOUS)}
    return replace(
        claim,
        anonymous_id=claim.anonymous_id if has_anonymous else None,
        previous_id=claim.previous_id if not previous & gone else None,
    )


def owners_if_settled(claims: Sequence[Claim]) -> list[int] | None:
    """The customer id of each claim where nothing needs to be written; None otherwise. One question, no lock."""
    owners, watches = _owners(_keys(claims))
    if watches:
        return None
    stitching = _Stitching(owners, set(), {})
    return [stitching.settle(claim) for claim in claims] if stitching.is_settled(claims) else None


def _keys(claims: Sequence[Claim]) -> list[Key]:
    return list({key: None for claim in claims for key in claim.id_keys()})


def _owners(keys: Sequence[Key]) -> tuple[dict[Key, int], dict[Key, Watch]]:
    wanted = set(keys)
    # Prepared on the server: planning this question costs more than answering it. Django's cursor sees a connection
    # that has died, and its wrapper makes the errors those of Django.
    with connection.cursor(), connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        found = cursor.execute(_OWNERS, [list({value for _kind, value in keys})], prepare=True).fetchall()
    rows = [((kind, value), pk, until, root) for kind, value, pk, until, root in found if (kind, value) in wanted]
    watches = {key: Watch(root, until) for key, _pk, until, root in rows if until is not None}
    return {key: pk for key, pk, _until, _root in rows}, watches


@dataclass
class _Stitching:
    """Works on ids of customers that exist and on negative handles for those to be made."""

    owner: dict[Key, int]
    known: set[int]  # identified before this batch
    watches: dict[Key, Watch]
    identified: set[int] = field(init=False)
    claimed: dict[Key, int] = field(default_factory=dict)
    merged: dict[int, int] = field(default_factory=dict)
    brought: dict[int, Watch] = field(default_factory=dict)  # visitors recognised by a watched identity
    made: int = 0

    def __post_init__(self) -> None:
        self.identified = set(self.known)

    def is_settled(self, claims: Iterable[Claim]) -> bool:
        """Nothing to write: each claim has one known owner and brings no traits."""
        for claim in claims:
            owners = {self.owner.get(key) for key in claim.id_keys()}
            if claim.traits or claim.previous_id or len(owners) != 1 or None in owners:
                return False
        return True

    def settle(self, claim: Claim) -> int:
        if claim.external_id is None:
            return self._owner_or_new((IdentityKind.ANONYMOUS.value, str(claim.anonymous_id)))
        if claim.anonymous_id is None:
            user = self._owner_or_new((IdentityKind.EXTERNAL.value, claim.external_id))
            self.identified.add(user)
        else:
            user = self._pair(claim.external_id, (IdentityKind.ANONYMOUS.value, claim.anonymous_id))
        if claim.previous_id and claim.previous_id != claim.external_id:
            user = self._pair(claim.external_id, self._previous(claim.previous_id))
        return user

    def _previous(self, value: str) -> Key:
        """`alias` names an anonymous id, or an external id that was in use."""
        external = (IdentityKind.EXTERNAL.value, value)
        return external if external in self.owner else (IdentityKind.ANONYMOUS.value, value)

    def _pair(self, external_id: str, other: Key) -> int:
        key = (IdentityKind.EXTERNAL.value, external_id)
        user, visitor = self._find(key), self._find(other)
        if user is None and visitor is not None and visitor not in self.identified:
            user = visitor  # the anonymous becomes known
            self._own(key, user, through=other)
        elif user is None:
            user = self._new(key)
        self.identified.add(user)
        if visitor is None:
            self._own(other, user, through=key)
        elif visitor != user:
            self._join(visitor, user, other, through=key)
        return user

    def _join(self, visitor: int, user: int, other: Key, *, through: Key) -> None:
        if visitor not in self.identified:
            self.merged[visitor] = user
            if through in self.watches:
                self.brought[visitor] = self.watches[through]
        elif other[0] == IdentityKind.ANONYMOUS:
            self._own(other, user)  # a second userId: the anonymous id is theirs for what is new
        # Two identified customers never merge by themselves.

    def _owner_or_new(self, key: Key) -> int:
        found = self._find(key)
        return self._new(key) if found is None else found

    def _find(self, key: Key) -> int | None:
        found = self.owner.get(key)
        return None if found is None else self.final(found)

    def _new(self, key: Key) -> int:
        self.made += 1
        self._own(key, -self.made)
        return -self.made

    def _own(self, key: Key, handle: int, *, through: Key | None = None) -> None:
        self.owner[key] = self.claimed[key] = handle
        self.watches.pop(key, None)  # somebody else's from now on
        if through in self.watches:
            self.watches[key] = self.watches[through]

    def final(self, handle: int) -> int:
        while handle in self.merged:
            handle = self.merged[handle]
        return handle

    def write(
        self, handles: list[int], claims: Sequence[Claim], *, at: datetime, happened_at: Sequence[datetime]
    ) -> list[int]:
        handles = [self.final(handle) for handle in handles]
        ids = self._make_customers(set(handles), _first_seen(handles, happened_at), at=at)
        self._write_identities(ids, at=at)
        gone = [visitor for visitor in self.merged if visitor > 0 and visitor not in self.brought]
        merges.absorb(gone_ids=gone, kept_ids=[ids[self.final(visitor)] for visitor in gone])
        self._bring(ids, at=at)
        customer_ids = [ids[handle] for handle in handles]
        newly_known = {self.final(handle) for handle in self.identified - self.known} - self.known
        Customer.objects.filter(pk__in=[pk for pk in newly_known if pk > 0]).update(is_identified=True)
        _write_traits(customer_ids, claims, self.known, at=at)
        return customer_ids

    def _bring(self, ids: dict[int, int], *, at: datetime) -> None:
        brought = [
            merges.Brought(visitor, ids[self.final(visitor)], watch.root)
            for visitor, watch in self.brought.items()
            if visitor > 0
        ]
        merges.absorb_brought(brought, at=at)

    def _make_customers(self, handles: set[int], seen: dict[int, datetime], *, at: datetime) -> dict[int, int]:
        wanted = {self.final(h) for h in [*self.owner.values(), *self.merged, *handles]}
        new = sorted(handle for handle in wanted if handle < 0)
        identified = {self.final(handle) for handle in self.identified}
        made = Customer.objects.bulk_create(
            Customer(
                first_seen_at=seen.get(handle, at),
                last_activity_at=seen.get(handle, at),
                is_identified=handle in identified,
            )
            for handle in new
        )
        ids = {handle: handle for handle in wanted if handle > 0}
        ids.update(zip(new, (customer.pk for customer in made), strict=True))
        return ids

    def _write_identities(self, ids: dict[int, int], *, at: datetime) -> None:
        rows = [
            (kind, value, ids[self.final(handle)], self.watches.get((kind, value)))
            for (kind, value), handle in self.claimed.items()
        ]
        _upsert_identities(rows, at=at)


def _first_seen(handles: Sequence[int], happened_at: Sequence[datetime]) -> dict[int, datetime]:
    seen: dict[int, datetime] = {}
    for handle, moment in zip(handles, happened_at, strict=True):
        seen[handle] = min(seen.get(handle, moment), moment)
    return seen


def _upsert_identities(rows: list[tuple[str, str, int, Watch | None]], *, at: datetime) -> None:
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO customers_identity (kind, space, value, customer_id, is_verified, created_at, watched_until,"
            " through_id)"
            " SELECT kind, 'default', value, customer_id, false, %s, watched_until, through_id"
            " FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::timestamptz[], %s::bigint[])"
            " AS n(kind, value, customer_id, watched_until, through_id)"
            " ON CONFLICT (kind, space, value) WHERE kind IN ('external', 'anonymous')"
            " DO UPDATE SET customer_id = excluded.customer_id, watched_until = excluded.watched_until,"
            " through_id = excluded.through_id",
            [
                at,
                [row[0] for row in rows],
                [row[1] for row in rows],
                [row[2] for row in rows],
                [row[3].until if row[3] else None for row in rows],
                [row[3].root if row[3] else None for row in rows],
            ],
        )


def _write_traits(customer_ids: list[int], claims: Sequence[Claim], known: set[int], *, at: datetime) -> None:
    """`known`: who was identified before this batch."""
    told: dict[int, list[Claim]] = {}
    for customer_id, claim in zip(customer_ids, claims, strict=True):
        if claim.traits:
            told.setdefault(customer_id, []).append(claim)
    if not told:
        return
    customers = Customer.objects.in_bulk(list(told))
    identities: list[Identity] = []
    for pk, customer in customers.items():
        for claim in told[pk]:
            may_reach = not (claim.is_public and pk in known)
            identities += learn(customer, claim.traits or {}, may_reach=may_reach, at=at)
    save_learned(list(customers.values()), identities)


def learn(customer: Customer, traits: dict[str, Any], *, may_reach: bool, at: datetime) -> list[Identity]:
    """Puts traits on the customer (not saved) and returns the identities they bring. `may_reach` false: a public key
    spoke of somebody identified, so that e-mail and phone are left alone."""
    customer.traits = {**customer.traits, **{k: v for k, v in traits.items() if k not in {"email", "phone"}}}
    customer.name = _name(traits) or customer.name
    customer.country = _short(traits.get("country") or traits.get("countryCode"), 2).upper() or customer.country
    customer.time_zone = _short(traits.get("timezone"), 64) or customer.time_zone
    return _learn_addresses(customer, traits, at=at) if may_reach else []


def _learn_addresses(customer: Customer, traits: dict[str, Any], *, at: datetime) -> list[Identity]:
    found = []
    email = folding.email(traits.get("email"))
    phone = folding.phone(traits.get("phone"), region=customer.country)
    for kind, value in ((IdentityKind.EMAIL, email), (IdentityKind.PHONE, phone)):
        if value:
            setattr(customer, kind.value, value)
            customer.is_identified = True
            found.append(Identity(kind=kind, value=value, customer=customer, created_at=at))
    return found


def save_learned(customers: list[Customer], identities: list[Identity]) -> None:
    rows = [{name: getattr(customer, name) for name in ("id", *_LEARNED)} for customer in customers]
    with connection.cursor() as cursor:
        cursor.execute(_SAVE, [orjson.dumps(rows).decode()])
    Identity.objects.bulk_create(identities, ignore_conflicts=True)
    SearchTerm.objects.bulk_create(
        (
            SearchTerm(term=term, customer=customer)
            for customer in customers
            for term in sorted(folding.name_terms(customer.name))
        ),
        ignore_conflicts=True,
    )


def _name(traits: dict[str, Any]) -> str:
    if isinstance(traits.get("name"), str):
        return str(traits["name"]).strip()[:300]
    parts = [traits.get(key) for key in ("firstName", "first_name", "lastName", "last_name")]
    return " ".join(part.strip() for part in parts if isinstance(part, str) and part.strip())[:300]


def _short(value: object, length: int) -> str:
    return value if isinstance(value, str) and len(value) <= length else ""
