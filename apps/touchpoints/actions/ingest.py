"""Ingestion: one transaction a request, one statement a table, 200 only after commit."""

import logging
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.db import connection, transaction

from apps.core import retrying, wake
from apps.core.enums import Origin
from apps.customers import erased, folding
from apps.customers.actions import identities
from apps.customers.models import SearchTerm
from apps.touchpoints import matching, naming, selectors, wire
from apps.touchpoints.enums import SourceKind
from apps.touchpoints.models import RefusedItem, Source
from apps.touchpoints.wire import Item, Refusal

logger = logging.getLogger(__name__)

CHUNK = 2500
_CACHE_SECONDS = 10.0

_WRITE = """
    WITH taken AS (
        INSERT INTO touchpoints_interaction (customer_id, source_id, message_id, occurred_at, received_at, event, by,
                                             channel, touchpoint_id, origin, properties, context)
        SELECT customer_id, %(source)s, message_id, occurred_at, %(received_at)s, event, by, channel, touchpoint_id,
               %(origin)s, properties, context
        FROM ROWS FROM (jsonb_to_recordset(%(rows)s::jsonb) AS (
            customer_id bigint, message_id text, occurred_at timestamptz, event text, by text, channel text,
            touchpoint_id bigint, properties jsonb, context jsonb)) WITH ORDINALITY
            AS r(customer_id, message_id, occurred_at, event, by, channel, touchpoint_id, properties, context, n)
        ORDER BY n
        ON CONFLICT (source_id, message_id) DO NOTHING
        RETURNING id, customer_id)
    INSERT INTO core_change (customer_id, interaction_id, origin, priority)
    SELECT customer_id, id, %(origin)s, %(priority)s FROM taken
"""


@dataclass(frozen=True)
class Taken:
    """What became of a call: items stored now (repeats are not counted) and items refused."""

    stored: int
    refused: int


def take(*, source: Source, call: wire.Call, received_at: datetime) -> Taken:
    """Stores what is new, keeps what is refused, records the changes. Raises OperationalError when the database is
    away; then nothing is stored and the client comes again."""
    is_public = source.kind == SourceKind.BROWSER
    read = list(wire.read_items(call, received_at=received_at, is_public=is_public))
    items = [one for one in read if isinstance(one, Item)]
    refusals = [one for one in read if isinstance(one, Refusal)]
    stored = 0
    for start in range(0, len(items), CHUNK):
        stored += store(source=source, items=items[start : start + CHUNK], received_at=received_at)
    _keep_refusals(source, refusals, received_at)
    return Taken(stored=stored, refused=len(refusals))


def store(*, source: Source, items: Sequence[Item], received_at: datetime, origin: Origin = Origin.LIVE) -> int:
    """How many of the items were new. Items of somebody who was erased are passed over."""
    return retrying.thrice(lambda: _store(source, items, received_at, origin))


def _store(source: Source, items: Sequence[Item], received_at: datetime, origin: Origin) -> int:
    claims = [item.claim for item in items]
    known = identities.owners_if_settled(claims)
    if known is not None and not _order_numbers(items) and source.first_event_at is not None:
        # Interactions and changes are one statement, so a transaction around it would only cost two more trips. A
        # merge that comes between is followed by the pipeline.
        return _write(source, items, known, received_at, origin)
    with transaction.atomic():
        seen = [item.occurred_at for item in items]
        stitched = identities.stitch(claims=claims, at=received_at, happened_at=seen)
        told = zip(items, stitched.customer_ids, stitched.watched, strict=True)
        alive = [(item, customer_id, by) for item, customer_id, by in told if customer_id is not None]
        items, customer_ids = [item for item, _pk, _by in alive], [pk for _item, pk, _by in alive]
        stored = _write(source, items, customer_ids, received_at, origin)
        _note_later(source, [(item.message_id, by) for item, _pk, by in alive if by is not None])
        _write_order_numbers(items, customer_ids)
        if source.first_event_at is None and stored:
            Source.objects.filter(pk=source.pk, first_event_at=None).update(first_event_at=received_at)
    return stored


def store_known(
    *, source: Source, items: Sequence[Item], customer_ids: Sequence[int], received_at: datetime, origin: Origin
) -> int:
    """Like `store`, for items whose customers were found otherwise, such as by e-mail: their claims say nothing."""
    with transaction.atomic():
        stored = _write(source, items, customer_ids, received_at, origin)
        _write_order_numbers(items, customer_ids)
    return stored


def _write(
    source: Source, items: Sequence[Item], customer_ids: Sequence[int], received_at: datetime, origin: Origin
) -> int:
    found = catalogue()
    rows = [_row(item, pk, found, source) for item, pk in zip(items, customer_ids, strict=True)]
    stored = write_rows(rows, source=source, received_at=received_at, origin=origin)
    wake.on_commit("pipeline")
    return stored


def _note_later(source: Source, spoken: list[tuple[str, int]]) -> None:
    """Message ids, each with the watched identity by which it came: the undo of a merge takes these interactions
    along."""
    if not spoken:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO customers_laterbyidentity (interaction_id, identity_id)"
            " SELECT i.id, s.identity_id FROM unnest(%s::text[], %s::bigint[]) AS s(message_id, identity_id)"
            " JOIN touchpoints_interaction i ON i.source_id = %s AND i.message_id = s.message_id"
            " ON CONFLICT DO NOTHING",
            [[message_id for message_id, _by in spoken], [by for _message_id, by in spoken], source.pk],
        )


def _row(item: Item, customer_id: int, found: matching.Catalogue, source: Source) -> dict[str, Any]:
    channel = item.channel or source.channel
    entry = found.match(matching.Traffic(item.event, item.by, channel, item.properties, item.context))
    if entry is not None and entry.gives_channel and item.channel is None:
        channel = entry.channel
    return {
        "customer_id": customer_id,
        "message_id": item.message_id,
        "occurred_at": item.occurred_at,
        "event": item.event,
        "by": item.by.value,
        "channel": channel,
        "touchpoint_id": entry.touchpoint_id if entry is not None else None,
        "properties": item.properties,
        "context": item.context,
    }


def write_rows(rows: list[dict[str, Any]], *, source: Source, received_at: datetime, origin: Origin) -> int:
    """Interactions and their changes in one statement; repeats of a message id are passed over."""
    with connection.cursor() as cursor:
        cursor.execute(
            _WRITE,
            {
                "source": source.pk,
                "received_at": received_at,
                "origin": origin.value,
                "priority": 0 if origin.fires else 1,
                "rows": orjson.dumps(rows).decode(),
            },
        )
        return int(cursor.rowcount)


def _order_numbers(items: Sequence[Item]) -> list[str]:
    """The folded order number of each item, or ""."""
    found = []
    for item in items:
        number = item.properties.get("order_id") or item.properties.get("orderId")
        is_number = isinstance(number, str | int) and not isinstance(number, bool)
        found.append(folding.term(str(number)) if is_number else "")
    return found if any(found) else []


def _write_order_numbers(items: Sequence[Item], customer_ids: Sequence[int]) -> None:
    """Customers are found by them."""
    terms = {(term, pk) for term, pk in zip(_order_numbers(items), customer_ids, strict=False) if term}
    SearchTerm.objects.bulk_create(
        (SearchTerm(term=term, customer_id=pk) for term, pk in sorted(terms)), ignore_conflicts=True
    )


def _keep_refusals(source: Source, refusals: list[Refusal], received_at: datetime) -> None:
    """But none of somebody who was erased."""
    named = [naming.keys(refusal.item) for refusal in refusals]
    gone = erased.among(set().union(*named))
    refusals = [refusal for refusal, keys in zip(refusals, named, strict=True) if not keys & gone]
    if not refusals:
        return
    RefusedItem.objects.bulk_create(
        RefusedItem(
            source=source,
            received_at=received_at,
            reason=refusal.reason,
            item=orjson.dumps(refusal.item, default=str).decode(errors="replace")[:4000],
        )
        for refusal in refusals
    )


_sources: dict[str, tuple[float, Source]] = {}
_catalogues: dict[str, tuple[float, matching.Catalogue]] = {}


def find_source(*, write_key: str) -> Source | None:
    """Kept in the process for some seconds, because each request asks."""
    until, found = _sources.get(write_key, (0.0, None))
    if found is not None and until > time.monotonic() and found.first_event_at is not None:
        return found
    found = Source.objects.filter(write_key=write_key, is_active=True).first() if "\x00" not in write_key else None
    if found is None or not SourceKind(found.kind).has_write_key:
        _sources.pop(write_key, None)
        return None
    _sources[write_key] = (time.monotonic() + _CACHE_SECONDS, found)
    return found


def touchpoint_of(traffic: matching.Traffic) -> int | None:
    entry = catalogue().match(traffic)
    return entry.touchpoint_id if entry is not None else None


def catalogue() -> matching.Catalogue:
    """The rules of all touchpoints, kept in the process for some seconds."""
    until, found = _catalogues.get("all", (0.0, None))
    if found is None or until < time.monotonic():
        found = selectors.read_catalogue()
        _catalogues["all"] = (time.monotonic() + _CACHE_SECONDS, found)
    return found


def forget_cached() -> None:
    """Sources and touchpoints are read afresh by this process from now on."""
    _sources.clear()
    _catalogues.clear()


def own_message_id(prefix: str) -> str:
    return f"{prefix}:{uuid.uuid4()}"
