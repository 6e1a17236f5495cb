"""The messages of a claimed set, handed over one after the other by one worker. For each message: its locks; the gate,
with a fresh look; one statement that records the message before it and marks this one; then the provider. So one
message at a time is on its way, and one commit a message is paid for."""

import hashlib
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.conf import settings
from django.db import connection

from apps.campaigns import contents, facts, gate, liquid
from apps.campaigns.actions import endpoints, outcomes, providers
from apps.campaigns.actions.outcomes import Sent
from apps.campaigns.channels import Channel, Outcome, Outgoing, choosing
from apps.campaigns.channels.webhook import Gone
from apps.campaigns.enums import MessageState, Way
from apps.campaigns.facts import Facts
from apps.campaigns.models import Endpoint, Message
from apps.core import locks, prepared, wake
from apps.core.models import CompanySettings
from apps.customers import folding
from apps.touchpoints.actions import log
from apps.touchpoints.enums import SourceKind

logger = logging.getLogger(__name__)

BUSY_PAUSE = timedelta(seconds=5)
_KEPT_VERDICTS = 20

_LOCK = """
    SELECT ARRAY(SELECT k FROM unnest(%(wanted)s::bigint[]) k WHERE pg_try_advisory_lock(k)),
        ARRAY(SELECT pg_advisory_unlock(k) FROM unnest(%(unwanted)s::bigint[]) k)
"""

_MARK = """
    marked AS (
        UPDATE campaigns_message SET state = 'sending', lease_until = %(until)s, subject = %(subject)s, text = %(text)s,
            variant = %(variant)s, button = %(button)s::jsonb, verdicts = verdicts || %(verdict)s::jsonb,
            is_held_until_due = false
        WHERE id = %(pk)s AND fence = %(fence)s AND state = 'claimed' RETURNING id)
    SELECT id FROM marked
"""

_REFUSE = """
    UPDATE campaigns_message SET state = %(state)s, reason = %(reason)s, lease_until = NULL,
        is_held_until_due = %(by_clock)s, due_at = COALESCE(%(until)s, due_at),
        verdicts = CASE WHEN jsonb_array_length(verdicts) >= %(kept)s THEN verdicts - 0 ELSE verdicts END
            || %(verdict)s::jsonb
    WHERE id = %(pk)s AND fence = %(fence)s AND state = 'claimed'
"""


def deadline_seconds() -> float:
    """Well within the lease, so that a message that is still on its way is not taken for lost."""
    return min(10.0, float(settings.DELIVERY_LEASE_SECONDS) / 3)


def address_key(*, channel: str, address: str) -> int:
    """An opt-out waits for this lock, so that nothing is handed over after it was answered."""
    return locks.key_of(locks.ADDRESS, f"{channel}:{folding.address(channel=channel, value=address)}")


def identity_of(key: str) -> str:
    """Of Message-ID and provider keys: made of the message's key, equal on every attempt."""
    return hashlib.sha256(f"milepost:{key}".encode()).hexdigest()[:32]


class _Locks:
    """Advisory locks of this session, tried and never waited for, so nothing deadlocks. `of_before` are held until the
    message before is recorded; what is not needed any more is given back with the next statement. None is taken ahead:
    a worker that is frozen would keep a message from the others that is not in its hand."""

    def __init__(self) -> None:
        self.of_before: list[int] = []
        self._unwanted: list[int] = []
        self._session = object()

    @contextmanager
    def held(self, keys: list[int]) -> Iterator[list[int]]:
        """Those that could be had; given back afterwards, unless they were handed on or the session was lost with
        them."""
        got = self._try(keys)
        session = self._session
        try:
            yield got
        finally:
            if session is self._session and got is not self.of_before:
                self.give_back(got)

    def _try(self, keys: list[int]) -> list[int]:
        if not keys and not self._unwanted:
            return []
        values = {"wanted": prepared.array(keys), "unwanted": prepared.array(self._unwanted)}
        ((got, _unlocked),) = prepared.fetch(_LOCK, values)
        self._unwanted = []
        return list(got)

    def are_lost(self) -> None:
        """With the session. Never given back to the next one, which may have taken the same ones anew."""
        self.of_before, self._unwanted = [], []
        self._session = object()

    def hand_on(self, got: list[int]) -> None:
        """Held on until the message that they belong to is recorded."""
        self.give_back_before()
        self.of_before = got

    def give_back(self, keys: list[int]) -> None:
        self._unwanted += keys

    def give_back_before(self) -> None:
        self.give_back(self.of_before)
        self.of_before = []

    def give_all_back(self) -> None:
        self.give_back_before()
        self._try([])


class Hand:
    """`channel`: instead of the one that each message's way has."""

    def __init__(self, pks: list[int], *, channel: Channel | None, clock: Callable[[], datetime]) -> None:
        rows = Message.objects.select_related("enrolment", "customer__persona", "invitation__survey")
        # What many messages have in common is read and decoded once a set.
        self._messages = rows.prefetch_related("enrolment__campaign", "step", "topic").in_bulk(pks)
        self._company = CompanySettings.current()
        self._source_id = log.own_source(SourceKind.MILEPOST).pk
        self._channel = channel
        self._clock = clock
        self._before: Sent | None = None  # accepted by the provider, not recorded yet
        self._locks = _Locks()
        self.is_stopped = False  # the provider is in trouble: the others wait

    def take(self, pk: int, fence: int) -> None:
        message = self._messages.get(pk)
        if message is None:
            return
        with self._locked(message) as is_free:
            if is_free:
                self._ask_and_send(message, fence)
        if not is_free:
            # Another worker has the recipient in its hands, and may be frozen: nobody waits for it.
            due_at = self._clock() + BUSY_PAUSE
            outcomes.move(pk, fence, MessageState.CLAIMED, state=MessageState.QUEUED, due_at=due_at, lease_until=None)

    def put_down(self) -> None:
        """Records what is not recorded yet and gives back the locks."""
        try:
            self._record_before()
        finally:
            self._locks.give_all_back()
            wake.on_commit("pipeline")

    @contextmanager
    def _locked(self, message: Message) -> Iterator[bool]:
        """From before the gate until the outcome is recorded; the locks of the message before stay until this one is
        marked."""
        keys = self._keys(message)
        if set(keys) & set(self._locks.of_before):  # the recipient of the one before: that must be counted
            self._record_before()
            self._locks.give_back_before()
        with self._locks.held(keys) as got:
            try:
                yield len(got) == len(keys)
            finally:
                if self._before is not None and self._before.pk == message.pk:
                    self._locks.hand_on(got)

    def _keys(self, message: Message) -> list[int]:
        """The address of a person, and where messages are counted the recipient, whichever of their addresses it goes
        to: one a customer at a time."""
        reaches = Way(message.channel).reaches_people
        keys = [address_key(channel=message.channel, address=message.address)] if reaches else []
        if _is_counted(message, self._company):
            keys.append(locks.RECIPIENT + message.customer_id)
        return keys

    def _ask_and_send(self, message: Message, fence: int) -> None:
        now = self._clock()
        try:
            found = facts.of_message(message, company=self._company, now=now)
        except facts.Erased:
            return
        verdict = gate.ask(found, company=self._company, now=now)
        if not verdict.passes:
            self._refuse(message.pk, fence, verdict, now)
            return
        try:
            content = contents.fill(message, self._company)
        except (liquid.TemplateError, contents.ContentError) as error:
            self._refuse(message.pk, fence, gate.Verdict(f"template: {error}"[:300]), now)
            return
        self._send(message, fence, content, found)

    def _refuse(self, pk: int, fence: int, verdict: gate.Verdict, now: datetime) -> None:
        """Each verdict is kept, the newest last."""
        values: dict[str, Any] = {
            "state": MessageState.SKIPPED.value if verdict.is_final else MessageState.HELD.value,
            "reason": verdict.reason, "by_clock": verdict.until is not None, "until": verdict.until, "pk": pk,
            "fence": fence, "kept": _KEPT_VERDICTS, "verdict": orjson.dumps([_said(verdict, now)]).decode(),
        }  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute(_REFUSE, values)

    def _send(self, message: Message, fence: int, content: contents.Content, found: Facts) -> None:
        try:
            channel = self._channel or choosing.channel_for(Way(message.channel), address=message.address)
        except choosing.NoChannel as error:
            self._refuse(message.pk, fence, gate.Verdict(str(error)[:300]), self._clock())
            return
        if not self._mark(message, fence, content):
            return  # another worker took it over
        outgoing = _outgoing(message, content, self._company, found)
        result = channel.send(outgoing, deadline_seconds=deadline_seconds())
        now = self._clock()
        if result.outcome is Outcome.SENT:
            self._before = Sent(message, fence, content.subject, channel.name, result.provider_id, now, self._source_id)
            providers.went_well(name=channel.name)
        else:
            self._patiently(lambda: outcomes.record(message, fence, result, now=now))
            if isinstance(result, Gone):
                endpoints.stop(endpoint=Endpoint.objects.get(name=message.address), reason=result.detail)
            self.is_stopped = providers.went_badly(name=channel.name, result=result, now=now)

    def _mark(self, message: Message, fence: int, content: contents.Content) -> bool:
        now = self._clock()
        values: dict[str, Any] = {
            "pk": message.pk, "fence": fence, "until": now + timedelta(seconds=settings.DELIVERY_LEASE_SECONDS),
            "subject": content.subject, "text": content.text, "variant": content.variant,
            "button": orjson.dumps(content.payload["button"]).decode() if "button" in content.payload else None,
            "verdict": orjson.dumps([_said(gate.GO, now)]).decode(),
        }  # fmt: skip
        try:
            marked = outcomes.record_and(self._before, _MARK, values)
        except Exception as error:
            # Our locks may be gone with the session, so an opt-out may be answered by now: the gate must be asked anew.
            connection.close()
            self._locks.are_lost()
            if not isinstance(error, outcomes.TROUBLE):
                raise
            self._record_before()
            self._patiently(lambda: outcomes.put_back(message.pk, fence))
            return False
        self._before = None
        return bool(marked)

    def _record_before(self) -> None:
        before, self._before = self._before, None
        if before is not None:
            self._patiently(lambda: outcomes.record_sent(before))

    def _patiently(self, record: Callable[[], object]) -> None:
        outcomes.patiently(record, otherwise=self._locks.are_lost)


def _is_counted(message: Message, company: CompanySettings) -> bool:
    """Whether a limit holds for it, so that what its recipient was sent is counted."""
    has_limits = (company.most_messages_a_day, company.most_messages_a_week) != (None, None)
    is_ask = message.is_ask and company.asks_every_days is not None
    topic = message.topic
    return topic is not None and topic.key != facts.SERVICE and (has_limits or is_ask)


def _said(verdict: gate.Verdict, now: datetime) -> dict[str, str]:
    kind = "go" if verdict.passes else "never" if verdict.is_final else "not now"
    return {"at": now.isoformat(), "verdict": kind} | ({"reason": verdict.reason} if verdict.reason else {})


def _outgoing(message: Message, content: contents.Content, company: CompanySettings, found: Facts) -> Outgoing:
    return Outgoing(
        identity=identity_of(message.key),
        sender_name=company.sender_name or company.name,
        sender=company.sender_email,
        recipient=found.folded_address if message.channel == Way.SMS and found.folded_address else message.address,
        recipient_name=message.customer.name,
        subject=content.subject,
        text=content.text,
        html=content.html,
        unsubscribe_url=content.unsubscribe_url,
        payload=content.payload,
    )
