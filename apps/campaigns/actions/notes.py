"""Notes for a visitor of the web site: by the id of the browser only, so that nobody reads another's by knowing an
e-mail or a customer number."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.campaigns.actions import tracking
from apps.campaigns.enums import MessageState, Way
from apps.campaigns.models import Message, MessageQuerySet
from apps.customers import folding, selectors
from apps.customers.enums import IdentityKind
from apps.customers.models import Identity

SHOWN_FOR = timedelta(days=14)
MOST = 3
_LOOKED_AT = 20
_FOOT = "\n\n-- \n"


@dataclass(frozen=True)
class Note:
    id: int
    title: str
    text: str
    link: str
    link_text: str


def unseen(*, anonymous_id: object, now: datetime) -> list[Note]:
    """The newest first. This is where a note is handed over, so consent is asked once more."""
    rows = _of(anonymous_id, now).filter(opened_at=None).select_related("customer", "topic").order_by("-sent_at", "-pk")
    return [_note(row) for row in _allowed(list(rows[:_LOOKED_AT]))[:MOST]]


def _note(row: Message) -> Note:
    button = row.button or {}
    text = row.text.partition(_FOOT)[0].strip()
    return Note(row.pk, row.subject, text, _link(row), str(button.get("label", "")))


def _allowed(rows: list[Message]) -> list[Message]:
    refused = {
        (customer.pk, said.topic.pk)
        for customer in {row.customer for row in rows}
        for said in selectors.answers(
            customer=customer, addresses={Way.WEB.value: ""}, topics={row.topic for row in rows if row.topic}
        )
        if said.refusal
    }
    return [row for row in rows if (row.customer_id, row.topic_id) not in refused]


def seen(*, anonymous_id: object, note_id: int, is_clicked: bool, now: datetime) -> bool:
    """Whether there is such a note for this browser. Safe to be told again."""
    rows = _of(anonymous_id, now).select_related("enrolment__campaign")
    message = rows.filter(pk=note_id).first()
    if message is None:
        return False
    tracking.opened(message=message, at=now, is_machine=False)
    if is_clicked and _link(message):
        tracking.clicked_for_certain(message=message, url=_link(message), at=now)
    return True


def _of(anonymous_id: object, now: datetime) -> MessageQuerySet:
    try:
        value = folding.external_id(anonymous_id)
    except ValueError:
        value = None
    if value is None or "\x00" in value:
        return Message.objects.none()
    browser = Identity.objects.filter(kind=IdentityKind.ANONYMOUS, space="default", value=value)
    return Message.objects.filter(
        customer__in=browser.values("customer"),
        channel=Way.WEB,
        state=MessageState.SENT,
        sent_at__gte=now - SHOWN_FOR,
    )


def _link(message: Message) -> str:
    link = (message.button or {}).get("url", "")
    is_web = isinstance(link, str) and link.startswith(("https://", "http://"))
    return link if is_web else ""
