"""Why a customer got the messages of a campaign, or did not: what decides it, and the answer in one sentence. Pure:
over what selectors_why found."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.campaigns.enums import CampaignState, EnrolmentState, MessageState
from apps.campaigns.models import Campaign, Enrolment, Message
from apps.customers.models import Customer


@dataclass(frozen=True)
class GateLine:
    """`verdict`: go, never or not now."""

    gate: str
    verdict: str
    reason: str
    until: datetime | None
    inputs: dict[str, Any]

    @property
    def told(self) -> list[tuple[str, str]]:
        return told(self.inputs)


@dataclass(frozen=True)
class Asked:
    """Every gate for one message: one that waits, or one that could be."""

    about: str
    lines: list[GateLine]

    @property
    def stops(self) -> GateLine | None:
        return next((line for line in self.lines if line.verdict != "go"), None)


@dataclass(frozen=True)
class CauseLine:
    """`reason` empty: it enrolled the customer."""

    at: datetime
    reason: str


@dataclass(frozen=True)
class StepLine:
    number: int
    label: str
    text: str
    way: str
    at: datetime


@dataclass(frozen=True)
class RunLine:
    run: Enrolment
    steps: list[StepLine]
    stands_at: str
    next: Asked | None


@dataclass(frozen=True)
class RuleLine:
    """`fits` none where there is no rule."""

    sentence: str
    fits: bool | None


@dataclass(frozen=True)
class Why:
    customer: Customer
    campaign: Campaign
    trigger: str
    causes: list[CauseLine]
    audience: RuleLine
    reentry: str
    runs: list[RunLine]
    exit: RuleLine
    goal: RuleLine
    messages: list[Message]
    asked: list[Asked]

    @property
    def answer(self) -> str:
        """In one sentence."""
        return answer(self)

    @property
    def is_enrolled(self) -> bool:
        return any(line.run.state == EnrolmentState.ACTIVE for line in self.runs)

    @property
    def gates(self) -> list[GateLine]:
        """Of the message that comes next."""
        return self.asked[0].lines if self.asked else []


def answer(found: Why) -> str:
    who = {"customer": str(found.customer)}
    sent = [one for one in found.messages if one.state == MessageState.SENT]
    if sent:
        return _got(found, sent)
    reason = _of_messages(found) or _of_runs(found) or _of_nobody(found)
    return _("%(customer)s got no message because %(reason)s.") % (who | {"reason": reason.rstrip(".")})


def _got(found: Why, sent: list[Message]) -> str:
    words = {"customer": str(found.customer), "n": len(sent), "day": _day(sent[0].sent_at), "trigger": found.trigger}
    said = ngettext(
        "%(customer)s got %(n)s message, on %(day)s, because the campaign writes to whoever %(trigger)s",
        "%(customer)s got %(n)s messages, the last on %(day)s, because the campaign writes to whoever %(trigger)s",
        len(sent),
    )
    more = _waits(found)
    return said % words + (f"; {more}." if more else ".")


def _waits(found: Why) -> str:
    """What comes next, where something does."""
    stops = found.asked[0].stops if found.is_enrolled and found.asked else None
    if stops is not None:
        return _("the next one would not leave now: %(reason)s") % {"reason": stops.reason}
    return ""


def _of_messages(found: Why) -> str:
    for message in found.messages[:1]:
        if message.state in {MessageState.SKIPPED, MessageState.FAILED}:
            return message.reason
        if message.state == MessageState.HELD and message.reason:
            return message.reason
        stops = found.asked[0].stops if found.asked else None
        return stops.reason if stops else _("it is about to be handed over")
    return ""


def _of_runs(found: Why) -> str:
    for line in found.runs[:1]:
        run = line.run
        if run.is_held_out:
            return _("the customer is one of those held out, so that the effect can be told")
        if run.state == EnrolmentState.ACTIVE and found.campaign.state != CampaignState.ACTIVE:
            return _("the campaign is paused, and the run stands still")
        if run.state == EnrolmentState.ACTIVE:
            words = {"step": line.stands_at, "day": _day(run.due_at)}
            return _("the run stands at step %(step)s until %(day)s") % words
        if run.state == EnrolmentState.EXITED:
            return _("the run left the campaign (%(reason)s) before a message was due") % {"reason": run.exit_reason}
        return _("the way through the steps that the run took sends nothing")
    return ""


def _of_nobody(found: Why) -> str:
    """Never enrolled."""
    if found.campaign.state != CampaignState.ACTIVE:
        return _("the campaign is not active (%(state)s)") % {"state": found.campaign.get_state_display()}
    if not found.causes:
        return _("the customer never came in: it is not known that the customer %(trigger)s") % {
            "trigger": found.trigger
        }
    return found.causes[0].reason or _("the run is gone")


def _day(moment: datetime | None) -> str:
    return date_format(timezone.localtime(moment), "j F Y, H:i") if moment else ""


_WORDS = {
    "state": gettext_lazy("State"), "reason": gettext_lazy("Reason"), "fits": gettext_lazy("Fits"),
    "channel": gettext_lazy("Channel"), "address": gettext_lazy("Address"),
    "suppressed": gettext_lazy("Suppressed"), "erased": gettext_lazy("Erased"), "topic": gettext_lazy("Topic"),
    "without_an_answer": gettext_lazy("Without an answer"), "customer_said": gettext_lazy("The customer said"),
    "address_said": gettext_lazy("Said for the address"), "open_case": gettext_lazy("Open case"),
    "every_days": gettext_lazy("At most one in days"), "asked_at": gettext_lazy("Last asked"),
    "a_day": gettext_lazy("Most a day"), "a_week": gettext_lazy("Most in 7 days"),
    "sent_today": gettext_lazy("Sent today"), "before_it": gettext_lazy("More urgent ones that wait"),
    "sent_in_7_days": gettext_lazy("Sent in 7 days"), "from": gettext_lazy("Quiet from"),
    "until": gettext_lazy("Quiet until"), "local_time": gettext_lazy("Time there"), "zone": gettext_lazy("Time zone"),
    "preferred": gettext_lazy("Preferred time"),
}  # fmt: skip
_VALUES = {
    "in": gettext_lazy("yes"), "out": gettext_lazy("no"), "allowed": gettext_lazy("allowed"),
    "needs_opt_in": gettext_lazy("not allowed"), True: gettext_lazy("yes"), False: gettext_lazy("no"),
}  # fmt: skip


def told(inputs: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What a gate looked at, in words: those that say something."""
    said = {name: value for name, value in inputs.items() if value not in (None, "")}
    return [(str(_WORDS.get(name, name)), _value(name, value)) for name, value in said.items()]


def _value(name: str, value: Any) -> str:
    if name == "asked_at":
        return str(value)[:16].replace("T", " ")
    is_known = isinstance(value, bool | str) and name not in {"address", "reason", "topic", "open_case"}
    return str(_VALUES.get(value, value)) if is_known else str(value)
