"""A person as the simulation sees them: what is known of them, and when it became known. Pure."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from apps.campaigns import facts as gate_facts
from apps.campaigns.enums import Way
from apps.campaigns.facts import Facts
from apps.campaigns.program import StepText
from apps.core import rules
from apps.core.models import CompanySettings
from apps.customers.enums import Choice
from apps.customers.selectors import Answer

_LOOK_BACK = timedelta(days=8)


@dataclass(frozen=True)
class Deed:
    """Something that a rule asks for was done, and when we learned of it."""

    at: datetime
    known_at: datetime


@dataclass(frozen=True)
class Said:
    """One answer about consent, of the customer or of the address."""

    at: datetime
    channel: str
    topic_id: int | None
    choice: str
    topic: str | None
    of_address: str = ""


@dataclass(frozen=True)
class Sent:
    at: datetime
    is_counted: bool
    is_ask: bool


@dataclass(frozen=True)
class Span:
    """Something that held from when to when: a case, a suppression."""

    text: str
    since: datetime
    until: datetime | None
    channel: str = ""
    address: str = ""

    def holds(self, at: datetime) -> bool:
        return self.since <= at and (self.until is None or self.until > at)


@dataclass
class Person:
    """`deeds` by leaf of a rule (see name_of); `fits_now`: the other leaves that fit, as of now."""

    id: int
    zone: ZoneInfo
    time_zone: str = ""
    country: str = ""
    email: str = ""
    phone: str = ""
    traits: Mapping[str, Any] = field(default_factory=dict)
    fits_audience: bool = True
    is_held_out: bool = False
    deeds: Mapping[str, Sequence[Deed]] = field(default_factory=dict)
    fits_now: frozenset[str] = frozenset()
    said: Sequence[Said] = ()  # newest first
    suppressions: Sequence[Span] = ()
    cases: Sequence[Span] = ()  # the most urgent first
    erased: frozenset[str] = frozenset()  # addresses of somebody who was erased
    sent: list[Sent] = field(default_factory=list)

    def was_sent(self, step: StepText, *, at: datetime) -> None:
        if Way(_channel(step)).reaches_people:
            is_service = step.topic is not None and step.topic.key == gate_facts.SERVICE
            self.sent.append(Sent(at, not is_service, step.kind.asks))

    def facts(
        self,
        step: StepText,
        *,
        now: datetime,
        company: CompanySettings,
        campaign_state: str,
        run_state: str,
        exit_reason: str,
        rechecks: bool,
    ) -> Facts:
        """As facts.read would have them at that moment."""
        channel = _channel(step)
        address = {Way.EMAIL.value: self.email, Way.SMS.value: self.phone}.get(channel, "")
        folded = gate_facts.fold(channel, address)
        said = self._consent(step, channel, "", now)
        return Facts(
            channel=channel,
            address=address,
            folded_address=folded,
            is_ask=step.kind.asks,
            is_service=step.topic is not None and step.topic.key == gate_facts.SERVICE,
            topic_name=step.topic.name if step.topic else "",
            topic_default=step.topic.default if step.topic else "",
            campaign_state=campaign_state,
            run_state=run_state,
            exit_reason=exit_reason,
            fits_audience=self.fits_audience if rechecks else None,
            suppressed_because=self._suppressed(channel, folded, now),
            was_erased=folded in self.erased and (said is None or said.choice != Choice.IN),
            consent_of_customer=said,
            consent_of_address=self._consent(step, channel, folded, now) if folded else None,
            open_case=next((case.text for case in self.cases if case.holds(now)), None),
            asked_at=self._asked_at(now, company),
            sent_at=self._sent_at(now, company),
            before_it=0,
            preferred_time=self._preferred() if step.settings.get("at_preferred_time") else None,
            due_at=now,
            time_zone=self.time_zone,
            country=self.country,
        )

    def _suppressed(self, channel: str, address: str | None, now: datetime) -> str | None:
        spans = (one for one in self.suppressions if one.channel == channel and one.address == address)
        return next((one.text for one in spans if one.holds(now)), None)

    def _consent(self, step: StepText, channel: str, address: str, now: datetime) -> Answer | None:
        topic_id = step.topic.pk if step.topic else None
        for one in self.said:
            is_about = one.channel == channel and one.topic_id in {topic_id, None}
            if is_about and one.at <= now and one.of_address == address:
                return Answer(one.choice, one.topic, f"{one.at:%Y-%m-%d}")
        return None

    def _asked_at(self, now: datetime, company: CompanySettings) -> datetime | None:
        every = company.asks_every_days
        since = now - timedelta(days=every or 0)
        asks = [one.at for one in self.sent if one.is_ask and since <= one.at <= now]
        return max(asks, default=None) if every is not None else None

    def _sent_at(self, now: datetime, company: CompanySettings) -> list[datetime]:
        limits = [limit for limit in (company.most_messages_a_day, company.most_messages_a_week) if limit is not None]
        if not limits:
            return []
        found = [one.at for one in self.sent if one.is_counted and now - _LOOK_BACK <= one.at <= now]
        return sorted(found, reverse=True)[: max(*limits, 1)]

    def _preferred(self) -> time | None:
        try:
            text = self.traits.get("preferred_time")
            return time.fromisoformat(text).replace(tzinfo=None) if isinstance(text, str) and text else None
        except ValueError:
            return None


def _channel(step: StepText) -> str:
    return Way.WEBHOOK.value if step.kind == "webhook" else str(step.settings.get("channel", Way.EMAIL.value))


# --- Rules at a moment of the past


def name_of(name: str, value: Any) -> str:
    return json.dumps([name, value], sort_keys=True)


def leaves(found: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, Any]]:
    for rule in found:
        yield from rules.leaves(dict(rule))


def fits(rule: Mapping[str, Any], person: Person, *, at: datetime, after: datetime | None) -> bool:
    """What was done is counted as of then; everything else is as of now. `after`: as of rules.Scope."""
    for name, value in rule.items():
        if name == "all":
            return all(fits(inner, person, at=at, after=after) for inner in value)
        if name == "any":
            return any(fits(inner, person, at=at, after=after) for inner in value)
        if name == "not":
            return not fits(value, person, at=at, after=after)
        if name == "did":
            return _did(value, person, at, after)
        return name_of(name, value) in person.fits_now
    return True


def _did(value: Mapping[str, Any], person: Person, at: datetime, after: datetime | None) -> bool:
    since = at - timedelta(days=value["within_days"]) if "within_days" in value else None
    not_before = None if value.get("ever") else after
    times = sum(
        deed.known_at <= at
        and (since is None or deed.at >= since)
        and (not_before is None or deed.at > not_before)
        for deed in person.deeds.get(name_of("did", value), ())
    )  # fmt: skip
    return times >= int(value.get("at_least", 1))


def moments(found: Iterable[Mapping[str, Any]], person: Person) -> list[datetime]:
    """When something became known that one of the rules asks for."""
    names = {name_of(name, value) for name, value in leaves(found) if name == "did"}
    return sorted({deed.known_at for name in names for deed in person.deeds.get(name, ())})
