"""What the gate decides on, read in one statement: for a message that is in hand, or for one that could be."""

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from apps.campaigns import timing
from apps.campaigns.enums import Way
from apps.campaigns.models import Campaign, CampaignStep, Message
from apps.core import prepared, rules
from apps.core.models import CompanySettings
from apps.customers import erased, folding
from apps.customers.models import Customer, Topic
from apps.customers.selectors import Answer

SERVICE = "service"  # the topic that ignores quiet hours and limits
_LOOK_BACK = timedelta(days=8)  # seven days of any calendar


@dataclass(frozen=True)
class Subject:
    """Whom the gate is asked about, and for what. `message_id` none: for a message that could be."""

    campaign: Campaign
    customer: Customer
    channel: str
    topic: Topic | None
    address: str
    is_ask: bool
    priority: int
    enrolment_id: int | None = None
    message_id: int | None = None
    prefers_time: bool = False
    due_at: datetime | None = None


class Erased(LookupError):
    """The customer was erased a moment ago, and everything about them."""


@dataclass(frozen=True)
class Facts:
    channel: str
    address: str
    folded_address: str | None
    is_ask: bool
    is_service: bool
    topic_name: str
    topic_default: str
    campaign_state: str
    run_state: str | None
    exit_reason: str
    fits_audience: bool | None
    suppressed_because: str | None
    was_erased: bool
    consent_of_customer: Answer | None
    consent_of_address: Answer | None
    open_case: str | None
    asked_at: datetime | None
    sent_at: list[datetime]  # newest first, as many as the limits need
    before_it: int
    preferred_time: time | None
    due_at: datetime | None  # where it waited for that time, the moment of it
    time_zone: str
    country: str

    def zone(self, company: CompanySettings) -> ZoneInfo:
        return timing.zone_of(time_zone=self.time_zone, country=self.country, company=company.time_zone)


_READ = """
    SELECT c.state, e.state, e.exit_reason,
        (SELECT s.reason FROM campaigns_suppression s WHERE s.channel = %(channel)s AND s.address = %(address)s
            AND (s.until IS NULL OR s.until > %(now)s)),
        (SELECT ARRAY[a.choice, t.name, to_char(a.at AT TIME ZONE 'UTC', 'YYYY-MM-DD')]
            FROM customers_consent a LEFT JOIN customers_topic t ON t.id = a.topic_id
            WHERE a.customer_id = %(customer)s AND a.channel = %(channel)s
              AND (a.topic_id = %(topic)s::bigint OR a.topic_id IS NULL) ORDER BY a.at DESC, a.id DESC LIMIT 1),
        (SELECT ARRAY[a.choice, t.name, to_char(a.at AT TIME ZONE 'UTC', 'YYYY-MM-DD')]
            FROM customers_consent a LEFT JOIN customers_topic t ON t.id = a.topic_id
            WHERE a.address = %(address)s AND a.address <> '' AND a.channel = %(channel)s
              AND (a.topic_id = %(topic)s::bigint OR a.topic_id IS NULL) ORDER BY a.at DESC, a.id DESC LIMIT 1),
        (SELECT max(x.at) FROM customers_erasedidentity i JOIN customers_erasure x ON x.id = i.erasure_id
            WHERE i.digest = ANY(%(digests)s::text[])),
        (SELECT k.title FROM feedback_case k WHERE k.customer_id = %(customer)s AND k.closed_at IS NULL
            ORDER BY k.due_at, k.id LIMIT 1),
        (SELECT max(m.sent_at) FROM campaigns_message m WHERE %(ask)s AND m.customer_id = %(customer)s
            AND m.state = 'sent' AND m.is_ask AND m.sent_at >= %(asked_since)s),
        ARRAY(SELECT m.sent_at FROM campaigns_message m WHERE m.customer_id = %(customer)s AND m.state = 'sent'
            AND m.sent_at >= %(since)s AND m.topic_id IN (SELECT id FROM customers_topic WHERE key <> 'service')
            ORDER BY m.sent_at DESC LIMIT %(most)s),
        (SELECT count(*) FROM (SELECT 1 FROM campaigns_message m WHERE %(most)s > 0 AND m.customer_id = %(customer)s
            AND m.state IN ('queued', 'claimed', 'sending') AND m.due_at <= %(now)s AND m.priority > %(priority)s
            AND m.channel <> 'webhook' AND m.id <> %(message)s
            AND m.topic_id IN (SELECT id FROM customers_topic WHERE key <> 'service') LIMIT 20) w),
        u.time_zone, u.country, u.traits ->> 'preferred_time'
    FROM campaigns_campaign c JOIN customers_customer u ON u.id = %(customer)s
    LEFT JOIN campaigns_enrolment e ON e.id = %(enrolment)s::bigint
    WHERE c.id = %(campaign)s
"""


def of_message(message: Message, *, company: CompanySettings, now: datetime) -> Facts:
    return read(subject_of(message), company=company, now=now)


def subject_of(message: Message) -> Subject:
    return Subject(
        campaign=message.enrolment.campaign,
        customer=message.customer,
        channel=message.channel,
        topic=message.topic,
        address=message.address,
        is_ask=message.is_ask,
        priority=message.priority,
        enrolment_id=message.enrolment_id,
        message_id=message.pk,
        prefers_time=bool(message.step.settings.get("at_preferred_time")),
        due_at=message.due_at,
    )


def of_step(campaign: Campaign, step: CampaignStep, customer: Customer) -> Subject:
    """A message that could be."""
    way = step.settings.get("channel", Way.EMAIL.value)
    address = {Way.EMAIL.value: customer.email, Way.SMS.value: customer.phone}.get(way, "")
    return Subject(
        campaign=campaign,
        customer=customer,
        channel=way,
        topic=step.topic,
        address=address,
        is_ask=step.kind in {"survey", "review_request"},
        priority=campaign.priority,
        prefers_time=bool(step.settings.get("at_preferred_time")),
    )


def read(subject: Subject, *, company: CompanySettings, now: datetime) -> Facts:
    """Raises Erased."""
    folded = fold(subject.channel, subject.address)
    rows = prepared.fetch(_READ, _parameters(subject, folded, company, now))
    if not rows:
        raise Erased
    row = rows[0]
    by_customer, by_address = (Answer(*one) if one else None for one in row[4:6])
    topic = subject.topic
    facts = Facts(
        channel=subject.channel,
        address=subject.address,
        folded_address=folded,
        is_ask=subject.is_ask,
        is_service=topic is not None and topic.key == SERVICE,
        topic_name=topic.name if topic else "",
        topic_default=topic.default if topic else "",
        campaign_state=row[0],
        run_state=row[1],
        exit_reason=row[2] or "",
        fits_audience=_fits(subject, now),
        suppressed_because=row[3],
        was_erased=row[6] is not None,
        consent_of_customer=by_customer,
        consent_of_address=by_address,
        open_case=row[7],
        asked_at=row[8],
        sent_at=row[9],
        before_it=row[10],
        preferred_time=_clock(row[13]) if subject.prefers_time else None,
        due_at=subject.due_at,
        time_zone=row[11],
        country=row[12],
    )
    return replace(facts, was_erased=_is_still_erased(subject, row[6])) if row[6] else facts


def _parameters(subject: Subject, folded: str | None, company: CompanySettings, now: datetime) -> dict[str, Any]:
    most = max(company.most_messages_a_day or 0, company.most_messages_a_week or 0)
    has_limits = (company.most_messages_a_day, company.most_messages_a_week) != (None, None)
    return {
        "campaign": subject.campaign.pk,
        "customer": subject.customer.pk,
        "enrolment": subject.enrolment_id,
        "message": subject.message_id or 0,
        "channel": subject.channel,
        "address": folded or "",
        "topic": subject.topic.pk if subject.topic else None,
        "digests": prepared.array(erased.digests(channel=subject.channel, address=folded) if folded else []),
        "ask": subject.is_ask and company.asks_every_days is not None,
        "asked_since": now - timedelta(days=company.asks_every_days or 0),
        "since": now - _LOOK_BACK,
        "most": max(most, 1) if has_limits else 0,
        "priority": subject.priority,
        "now": now,
    }


def fold(channel: str, address: str) -> str | None:
    """The form in which opt-outs and suppressions are kept; None for what is no address of the channel."""
    if channel == Way.EMAIL:
        return folding.email(address)
    return folding.phone(address) if channel == Way.SMS else None


def _fits(subject: Subject, now: datetime) -> bool | None:
    """Only where the campaign looks at its audience again."""
    campaign = subject.campaign
    if not campaign.rechecks_audience or not campaign.audience:
        return None
    fitting = rules.compiled(campaign.audience, rules.Scope(now=now))
    return Customer.objects.filter(fitting, pk=subject.customer.pk).exists()


def _is_still_erased(subject: Subject, erased_at: datetime) -> bool:
    topic = subject.topic
    return topic is not None and not erased.said_yes_since(
        erased_at, customer=subject.customer, channel=subject.channel, topic=topic
    )


def _clock(text: str | None) -> time | None:
    try:
        return time.fromisoformat(text).replace(tzinfo=None) if text else None
    except ValueError:
        return None
