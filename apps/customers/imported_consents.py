"""Consent in a file: what a yes needs, and that an import never turns a no into a yes unless the yes is later and
proven."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.transfers import Cells, Column, Problem, moment
from apps.customers.enums import Choice
from apps.customers.models import Consent, Topic

CHANNELS = ("email", "sms", "phone", "messaging", "post", "app", "web", "chat", "social")
EVERYTHING = "everything"
_WORDS = {
    **dict.fromkeys(("in", "yes", "y", "true", "1", "opt-in", "opted in", "subscribed"), Choice.IN),
    **dict.fromkeys(("out", "no", "n", "false", "0", "opt-out", "opted out", "unsubscribed"), Choice.OUT),
}

COLUMNS = (
    Column(
        "consent_channel", gettext_lazy("Consent: channel"), gettext_lazy("email, sms, phone, post …"), ("channel",)
    ),
    Column(
        "consent_topic",
        gettext_lazy("Consent: topic"),
        gettext_lazy("Its key or name; empty means everything on the channel."),
        ("topic",),
    ),
    Column(
        "consent_choice", gettext_lazy("Consent: choice"), gettext_lazy("yes or no"), ("choice", "optin", "consent")
    ),
    Column(
        "consent_evidence",
        gettext_lazy("Consent: evidence"),
        gettext_lazy("Where and how it was given. A yes without it is refused."),
        ("evidence", "proof"),
    ),
    Column(
        "consent_at", gettext_lazy("Consent: time"), gettext_lazy("When it was given."), ("consenttime", "consentdate")
    ),
)


@dataclass(frozen=True)
class Answer:
    channel: str
    topic: str  # as written; "" = everything
    choice: Choice
    evidence: str
    at: datetime | None


def parse(cells: Cells, *, now: datetime, is_needed: bool = False) -> Answer | None:
    """None where the row says nothing about consent."""
    choice = cells.parsed("consent_choice", _choice)
    channel = cells.parsed("consent_channel", _channel)
    topic, evidence = cells.text("consent_topic", most=100), cells.text("consent_evidence", most=500)
    at = cells.parsed("consent_at", partial(past, now=now))
    if choice is None:
        if not cells.raw("consent_choice").strip() and (is_needed or channel or topic or evidence or at):
            cells.refuse("consent_choice", _("write yes or no"))
        return None
    if channel is None:
        cells.refuse("consent_channel", _("say for which channel, such as email"))
    if choice is Choice.IN and not evidence:
        cells.refuse("consent_evidence", _("a yes needs evidence: where and how it was given"))
    topic = "" if topic.casefold() == EVERYTHING else topic
    return Answer(channel or "", topic, choice, evidence, at)


def _choice(text: str) -> Choice:
    found = _WORDS.get(text.casefold())
    if found is None:
        raise ValueError(_("“%(text)s” is neither yes nor no") % {"text": text[:40]})
    return found


def _channel(text: str) -> str:
    folded = {"e-mail": "email", "mail": "email"}.get(text.casefold(), text.casefold())
    if folded not in CHANNELS:
        raise ValueError(_("use one of: %(channels)s") % {"channels": ", ".join(CHANNELS)})
    return folded


def past(text: str, *, now: datetime) -> datetime:
    at = moment(text)
    if at > now:
        raise ValueError(_("lies in the future"))
    return at


class Recorded:
    """The answers on record of some customers and addresses, and the topics. Two questions."""

    def __init__(self, customer_ids: Iterable[int], addresses: Iterable[str]) -> None:
        self.topics: dict[str, Topic] = {}
        for topic in Topic.objects.order_by("-pk"):
            self.topics |= {topic.name.casefold(): topic, topic.key.casefold(): topic}
        self._of: dict[tuple[Any, str], list[Consent]] = defaultdict(list)
        wanted = Q(customer_id__in=list(customer_ids)) | Q(address__in=[one for one in addresses if one])
        for one in Consent.objects.filter(wanted).order_by("at", "pk"):
            self._of[one.customer_id, one.channel].append(one)
            if one.address:
                self._of[one.address, one.channel].append(one)

    def topic_of(self, answer: Answer) -> Topic | None:
        if not answer.topic:
            return None
        found = self.topics.get(answer.topic.casefold())
        if found is None:
            raise Problem(_("there is no topic “%(topic)s”") % {"topic": answer.topic})
        return found

    def is_news(self, answer: Answer, *, customer_id: int | None, address: str) -> bool:
        """Whether it must be written. Raises Problem for a yes that may not undo a no."""
        topic = self.topic_of(answer)
        found = [*self._of.get((customer_id, answer.channel), []), *self._of.get((address, answer.channel), [])]
        about = [one for one in found if one.topic_id is None or (topic is not None and one.topic_id == topic.pk)]
        if answer.choice is Choice.IN:
            _check_no_later_no(answer, about)
        own = [one for one in about if one.topic_id == (topic.pk if topic else None)]
        return not _is_among(answer, own)


def _check_no_later_no(answer: Answer, about: list[Consent]) -> None:
    last_no = max((one.at for one in about if one.choice == Choice.OUT), default=None)
    if last_no is not None and (answer.at is None or answer.at <= last_no):
        words = _("they said no on %(day)s; only a yes from after that, with its time, counts")
        raise Problem(words % {"day": last_no.date().isoformat()})


def _is_among(answer: Answer, own: list[Consent]) -> bool:
    """The same answer at the same time; without a time, when it is the last one that was given."""
    if answer.at is None:
        last = max(own, key=lambda one: (one.at, one.pk), default=None)
        return last is not None and last.choice == answer.choice
    return any(one.choice == answer.choice and one.at == answer.at for one in own)
