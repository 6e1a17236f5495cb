"""Writes the stories down the way they would have come: what was before Milepost was connected is imported at once;
then the days are lived through in steps of some hours, each with its interactions, its campaigns and its answers.
Whatever EMAIL_URL says, the messages of the past leave by a channel of this module."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from apps.campaigns.actions import campaigns as life
from apps.campaigns.actions import delivering, running
from apps.campaigns.channels import Outcome, Outgoing, Result
from apps.campaigns.channels.keep import Keep
from apps.campaigns.enums import CampaignState, MessageState
from apps.campaigns.models import Campaign, Message
from apps.core import actions as changes
from apps.core.enums import Origin
from apps.customers.actions import consents
from apps.customers.actions.identities import Claim
from apps.customers.enums import Choice, IdentityKind
from apps.customers.models import Customer, Identity, Topic
from apps.insights.demo.answers import Answers
from apps.insights.demo.campaigns import LOYAL
from apps.insights.demo.company import Company
from apps.insights.demo.deeds import ZONE, Deed, Times, Via
from apps.journeys.actions import progress
from apps.touchpoints.actions import ingest, log
from apps.touchpoints.enums import By
from apps.touchpoints.models import Source
from apps.touchpoints.wire import Item

STEPS_AT = [time(hour, 2) for hour in (10, 14, 18, 21)]
PAUSED_FOR = timedelta(days=8)
_ALL = 100_000


class Mailroom(Keep):
    """Keeps every message; mailboxes that are no more refuse theirs."""

    def __init__(self, gone: Iterable[str]) -> None:
        super().__init__()
        self.gone = frozenset(gone)

    def send(self, outgoing: Outgoing, *, deadline_seconds: float) -> Result:
        if outgoing.recipient in self.gone:
            return Result(Outcome.PERMANENT, "550 5.1.1 No such mailbox here")
        return super().send(outgoing, deadline_seconds=deadline_seconds)


@dataclass
class Clock:
    """Goes on by a good second each time somebody looks."""

    at: datetime

    def __call__(self) -> datetime:
        self.at += timedelta(milliseconds=1130)
        return self.at


@dataclass
class Replay:
    company: Company
    times: Times
    answers: Answers
    mailroom: Mailroom

    def bring_in(self, deeds: Sequence[Deed]) -> None:
        """The history before Milepost, as one import; calls come from the list that was kept until then."""
        at = self.times.connected_at
        by_staff = [_item(deed, user=str(self.company.agent)) for deed in deeds if deed.via is Via.STAFF]
        self._store(deeds, at=at, origin=Origin.IMPORT)
        ingest.store(source=self.company.archive, items=by_staff, received_at=at, origin=Origin.IMPORT)
        self._record_consents(deeds)
        _drain(at)

    def live(self, deeds: Sequence[Deed]) -> None:
        left = list(reversed(deeds))
        for now in _steps(self.times):
            of_step = []
            while left and left[-1].at <= now:
                of_step.append(left.pop())
            self._step(of_step, now)
        _drain(self.times.now)

    def _step(self, deeds: Sequence[Deed], now: datetime) -> None:
        self._store(deeds, at=now, origin=Origin.LIVE)
        self._log_by_hand(deeds)
        self._record_consents(deeds)
        self.answers.do_until(now)
        progress.request_look(now=now, limit=_ALL)
        changes.run_pipeline(now=now, limit=_ALL)
        running.run_due(now=now, limit=_ALL)
        self._pause_loyal(now)
        if delivering.deliver_due(now=now, limit=_ALL, channel=self.mailroom, clock=Clock(now)):
            self.answers.expect(sent_since=now)

    def _pause_loyal(self, now: datetime) -> None:
        """The marketer pauses it while some of its messages wait for their turn, so that they are held."""
        ahead = (self.times.now - now) / PAUSED_FOR
        if ahead > 1:
            return
        campaign = Campaign.objects.get(name=LOYAL)
        queued = Message.objects.filter(enrolment__campaign=campaign, state=MessageState.QUEUED)
        if campaign.state == CampaignState.ACTIVE and queued.count() >= (2 if ahead > 0.5 else 1):
            life.pause(campaign=campaign)

    def _store(self, deeds: Sequence[Deed], *, at: datetime, origin: Origin) -> None:
        for via, source in ((Via.BROWSER, self.company.browser), (Via.SERVER, self.company.server)):
            items = [_item(deed) for deed in deeds if deed.via is via]
            for start in range(0, len(items), ingest.CHUNK):
                _store(source, items[start : start + ingest.CHUNK], at, origin)

    def _log_by_hand(self, deeds: Sequence[Deed]) -> None:
        written = [deed for deed in deeds if deed.via is Via.STAFF]
        known = _customers(deed.person.key for deed in written)
        for deed in written:
            log.enter(
                customer=known[deed.person.key],
                event=deed.event,
                by=deed.by,
                channel=deed.channel,
                at=deed.at,
                now=deed.at,
                note=deed.properties["note"],
                user=self.company.agent,
            )

    def _record_consents(self, deeds: Sequence[Deed]) -> None:
        given = [deed for deed in deeds if deed.via is Via.CONSENT]
        known = _customers(deed.person.key for deed in given)
        news = Topic.objects.get(key="news") if given else None
        for deed in given:
            consents.record(
                customer=known[deed.person.key],
                channel="email",
                topic=news,
                choice=Choice(deed.properties["choice"]),
                at=deed.at,
                evidence=deed.properties["evidence"],
                origin=Origin.IMPORT,
            )


def _steps(times: Times) -> Iterable[datetime]:
    day = times.connected_at.astimezone(ZONE).date()
    while True:
        for clock in STEPS_AT:
            at = datetime.combine(day, clock, ZONE).astimezone(UTC)
            if at >= times.now:
                yield times.now
                return
            if at > times.connected_at:
                yield at
        day += timedelta(days=1)


def _store(source: Source, items: Sequence[Item], at: datetime, origin: Origin) -> None:
    if items:
        ingest.store(source=source, items=items, received_at=at, origin=origin)


def _item(deed: Deed, *, user: str = "") -> Item:
    is_known = deed.via is not Via.BROWSER or deed.is_signed_in
    claim = Claim(
        external_id=deed.person.key if is_known else None,
        anonymous_id=deed.person.anonymous_id(deed.platform) if deed.via is Via.BROWSER else None,
        traits=deed.traits,
        is_public=deed.via is Via.BROWSER,
    )
    properties = {**deed.properties, "user": user} if user else deed.properties
    return Item(claim, deed.message_id, deed.at, deed.event, By(deed.by), deed.channel, properties, deed.context)


def _customers(keys: Iterable[str]) -> dict[str, Customer]:
    wanted = set(keys)
    if not wanted:
        return {}
    found = Identity.objects.filter(kind=IdentityKind.EXTERNAL, value__in=wanted).select_related("customer")
    return {identity.value: identity.customer for identity in found}


def _drain(now: datetime) -> None:
    while changes.run_pipeline(now=now, limit=_ALL):
        pass
