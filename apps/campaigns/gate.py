"""The gate: asked for each message immediately before it is handed over, under the lock of its address and, where
messages are counted, the lock of its recipient. Pure: what it decides on is read in one statement (facts.py), so that a
verdict can be explained and asked again for somebody who is not written to yet."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from apps.campaigns.enums import CampaignState, EnrolmentState, Way
from apps.campaigns.facts import Facts
from apps.core import hours
from apps.core.models import CompanySettings
from apps.customers import selectors

_DAY, _WEEK = timedelta(days=1), timedelta(days=7)
CASE_PAUSE = timedelta(hours=1)
PREFERRED_FOR = timedelta(hours=2)  # a message is on time so long after the preferred time


@dataclass(frozen=True)
class Verdict:
    """`reason` empty: go. `is_final`: never again, else not now; `until`: when to ask again, where the clock says."""

    reason: str = ""
    is_final: bool = True
    until: datetime | None = None

    @property
    def passes(self) -> bool:
        return not self.reason


GO = Verdict()


@dataclass(frozen=True)
class Check:
    """What one of the gates said, and on what it looked."""

    name: str
    verdict: Verdict
    inputs: dict[str, Any] = field(default_factory=dict)


def ask(facts: Facts, *, company: CompanySettings, now: datetime) -> Verdict:
    """The first that does not let it pass."""
    return next((check.verdict for check in examine(facts, company=company, now=now) if not check.verdict.passes), GO)


def examine(facts: Facts, *, company: CompanySettings, now: datetime) -> Iterator[Check]:
    """Every gate in its order; those for good come before those of the clock."""
    asked = _OF_EVERYTHING
    if Way(facts.channel).reaches_people:
        asked = asked + _OF_RECIPIENTS + (() if facts.is_service else _OF_THE_CLOCK)
    context = _Context(facts, company, now, facts.zone(company))
    for name, gate in asked:
        verdict, inputs = gate(context)
        yield Check(name, verdict, inputs)


@dataclass(frozen=True)
class _Context:
    facts: Facts
    company: CompanySettings
    now: datetime
    zone: ZoneInfo


type _Answer = tuple[Verdict, dict[str, Any]]


def _campaign(c: _Context) -> _Answer:
    inputs = {"state": c.facts.campaign_state}
    if c.facts.campaign_state == CampaignState.ARCHIVED:
        return Verdict(_("the campaign is archived")), inputs
    if c.facts.campaign_state != CampaignState.ACTIVE:
        return Verdict(_("the campaign is paused"), is_final=False), inputs
    return GO, inputs


def _run(c: _Context) -> _Answer:
    inputs = {"state": c.facts.run_state, "reason": c.facts.exit_reason}
    if c.facts.run_state == EnrolmentState.EXITED:
        return Verdict(f"exited: {c.facts.exit_reason}"), inputs
    return GO, inputs


def _audience(c: _Context) -> _Answer:
    if c.facts.fits_audience is False:
        return Verdict(_("is not in the audience any more")), {"fits": False}
    return GO, {"fits": True if c.facts.fits_audience is None else c.facts.fits_audience}


def _address(c: _Context) -> _Answer:
    inputs = {"channel": c.facts.channel, "address": c.facts.address}
    if c.facts.channel == Way.WEB or c.facts.folded_address is not None:
        return GO, inputs
    return Verdict(_("no valid address") if c.facts.address else _("no address")), inputs


def _suppression(c: _Context) -> _Answer:
    reason = c.facts.suppressed_because
    if reason is None:
        return GO, {"suppressed": False}
    return Verdict(f"suppressed: {reason}"[:300]), {"suppressed": True, "reason": reason}


def _erased(c: _Context) -> _Answer:
    if c.facts.was_erased:
        return Verdict(_("the person of this address was erased and has not said yes since")), {"erased": True}
    return GO, {"erased": False}


def _consent(c: _Context) -> _Answer:
    answers = (c.facts.consent_of_customer, c.facts.consent_of_address)
    inputs = {
        "topic": c.facts.topic_name,
        "without_an_answer": c.facts.topic_default,
        "customer_said": answers[0].choice if answers[0] else None,
        "address_said": answers[1].choice if answers[1] else None,
    }
    said = selectors.refusal(topic=c.facts.topic_name, default=c.facts.topic_default, answers=answers)
    return (Verdict(said) if said else GO), inputs


def _case(c: _Context) -> _Answer:
    if not c.company.holds_for_cases or c.facts.open_case is None:
        return GO, {"open_case": c.facts.open_case}
    reason = _("the case “%(case)s” is open") % {"case": c.facts.open_case}
    return Verdict(reason[:300], is_final=False, until=c.now + CASE_PAUSE), {"open_case": c.facts.open_case}


def _asks(c: _Context) -> _Answer:
    """At most one survey or review request in so many days."""
    every, last = c.company.asks_every_days, c.facts.asked_at
    if not c.facts.is_ask or every is None:
        return GO, {}
    inputs = {"every_days": every, "asked_at": last.isoformat() if last else None}
    if last is None or last <= c.now - timedelta(days=every):
        return GO, inputs
    until = last + timedelta(days=every)
    reason = _("was asked for an opinion on %(day)s already") % {"day": f"{last.astimezone(c.zone):%Y-%m-%d}"}
    return Verdict(reason, is_final=False, until=_after_quiet(c, until)), inputs


def _limits(c: _Context) -> _Answer:
    """Limits before quiet hours: they last until a midnight, and the quiet time that this midnight falls in goes on.
    Messages of a higher priority that wait for the same customer have their place kept."""
    a_day, a_week = c.company.most_messages_a_day, c.company.most_messages_a_week
    today = c.now.astimezone(c.zone).date()
    sent_on = [at.astimezone(c.zone).date() for at in c.facts.sent_at]
    inputs = {"a_day": a_day, "a_week": a_week, "sent_today": sent_on.count(today), "before_it": c.facts.before_it,
              "sent_in_7_days": sum(day > today - _WEEK for day in sent_on)}  # fmt: skip
    reason, free_on = _limit_reached(a_day, a_week, sent_on, today, c.facts.before_it)
    if free_on is None:
        return GO, inputs
    until = hours.day_start(free_on, c.zone)
    return Verdict(reason, is_final=False, until=_after_quiet(c, until)), inputs


def _limit_reached(
    a_day: int | None, a_week: int | None, sent_on: list[date], today: date, before_it: int
) -> tuple[str, date | None]:
    """The limit that is reached, and the first day of the customer's calendar on which it is not any more."""
    in_week = [day for day in sent_on if day > today - _WEEK]
    if a_week is not None and len(in_week) + before_it >= a_week:
        leaves = in_week[a_week - 1] + _WEEK if 0 < a_week <= len(in_week) else today + _DAY
        words = ngettext("%(n)s message in 7 days already", "%(n)s messages in 7 days already", a_week)
        return words % {"n": a_week}, leaves
    if a_day is not None and sent_on.count(today) + before_it >= a_day:
        words = ngettext("%(n)s message today already", "%(n)s messages today already", a_day)
        return words % {"n": a_day}, today + _DAY
    return "", None


def _quiet_hours(c: _Context) -> _Answer:
    start, end = _quiet(c)
    inputs = {"from": f"{start:%H:%M}" if start else None, "until": f"{end:%H:%M}" if end else None,
              "local_time": f"{c.now.astimezone(c.zone):%H:%M}", "zone": c.zone.key}  # fmt: skip
    until = _end_of_quiet(c, c.now)
    if until is None:
        return GO, inputs
    words = {"time": f"{until.astimezone(c.zone):%H:%M}", "zone": c.zone.key}
    return Verdict(_("quiet hours until %(time)s in %(zone)s") % words, is_final=False, until=until), inputs


def _preferred_time(c: _Context) -> _Answer:
    """Only where the step asks for it, and only once: a message that was held until that time leaves, however late it
    is looked at; one that was held for something else is asked."""
    wanted = c.facts.preferred_time
    if wanted is None:
        return GO, {}
    inputs = {"preferred": f"{wanted:%H:%M}", "local_time": f"{c.now.astimezone(c.zone):%H:%M}"}
    if c.facts.due_at is not None and c.facts.due_at in _moments(c, c.facts.due_at, wanted):
        return GO, inputs
    moments = _moments(c, c.now, wanted)
    if any(at <= c.now < at + PREFERRED_FOR for at in moments):
        return GO, inputs
    until = next(at for at in moments if at > c.now)
    words = {"time": f"{wanted:%H:%M}", "zone": c.zone.key}
    return Verdict(_("waits for the preferred time %(time)s in %(zone)s") % words, is_final=False, until=until), inputs


def _moments(c: _Context, around: datetime, wanted: time) -> list[datetime]:
    """That time of the day before, of the day and of the day after; where it is quiet, the end of the quiet time."""
    days = (around + n * _DAY for n in (-1, 0, 1))
    walls = (datetime.combine(day.astimezone(c.zone).date(), wanted) for day in days)
    return sorted(_after_quiet(c, hours.instant(wall, c.zone)) for wall in walls)


def _after_quiet(c: _Context, until: datetime) -> datetime:
    return _end_of_quiet(c, until) or until


def _quiet(c: _Context) -> tuple[Any, Any]:
    """That of the channel, else the company's."""
    if c.facts.channel == Way.SMS and c.company.sms_quiet_from is not None:
        return c.company.sms_quiet_from, c.company.sms_quiet_until
    return c.company.quiet_from, c.company.quiet_until


def _end_of_quiet(c: _Context, at: datetime) -> datetime | None:
    start, end = _quiet(c)
    if start is None or end is None:
        return None
    return hours.end_of_quiet(at=at, quiet_from=start, quiet_until=end, zone=c.zone)


type _Gate = Callable[[_Context], _Answer]

_OF_EVERYTHING: tuple[tuple[str, _Gate], ...] = (
    (gettext_noop("Campaign"), _campaign),
    (gettext_noop("Run"), _run),
    (gettext_noop("Audience"), _audience),
)
_OF_RECIPIENTS: tuple[tuple[str, _Gate], ...] = (
    (gettext_noop("Address"), _address),
    (gettext_noop("Suppression"), _suppression),
    (gettext_noop("Erasure"), _erased),
    (gettext_noop("Consent"), _consent),
)
_OF_THE_CLOCK: tuple[tuple[str, _Gate], ...] = (
    (gettext_noop("Open case"), _case),
    (gettext_noop("Surveys and review requests"), _asks),
    (gettext_noop("Limits"), _limits),
    (gettext_noop("Quiet hours"), _quiet_hours),
    (gettext_noop("Preferred time"), _preferred_time),
)
