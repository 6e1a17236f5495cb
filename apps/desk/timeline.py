"""The timeline as people read it: what each interaction looks like, and the moves between stages among them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from apps.core import keyset
from apps.customers.models import Customer
from apps.feedback.enums import SurveyKind
from apps.journeys.enums import MoveKind
from apps.journeys.models import StageMove
from apps.touchpoints import selectors as touchpoints
from apps.touchpoints.enums import CHANNEL_ICONS, By, Channel, Event, SourceKind
from apps.touchpoints.models import Interaction

PAGE = 50
type Look = Callable[[Interaction], tuple[str, str, str, str]]


@dataclass(frozen=True)
class Item:
    at: datetime
    icon: str
    title: str
    tone: str = ""
    text: str = ""
    chips: list[tuple[str, str]] = field(default_factory=list)  # label, tone
    interaction_id: int | None = None
    message_id: int | None = None
    is_retracted: bool = False
    can_retract: bool = False


@dataclass(frozen=True)
class TimelinePage:
    items: list[Item]
    next_cursor: str | None


KINDS: dict[str, Q] = {
    "all": Q(),
    "activity": Q(by=By.CUSTOMER),
    "feedback": Q(event__in=[Event.SURVEY_ANSWERED, Event.REVIEW_LINK_OPENED, Event.CASE_OPENED, Event.CASE_CLOSED]),
    "messages": Q(
        event__in=[
            Event.MESSAGE_SENT,
            Event.MESSAGE_OPENED,
            Event.MESSAGE_CLICKED,
            Event.SMS_RECEIVED,
            Event.UNSUBSCRIBED,
        ]
    ),
    "calls": Q(channel=Channel.PHONE),
}


def kind_labels() -> dict[str, str]:
    return {
        "all": _("All"),
        "activity": _("Activity"),
        "feedback": _("Feedback"),
        "messages": _("Messages"),
        "calls": _("Calls"),
    }


def timeline(customer: Customer, *, kind: str, cursor: str | None) -> TimelinePage:
    """Raises keyset.BadCursor. Four queries at any depth and length."""
    rows = (
        Interaction.objects.for_customer(customer).filter(KINDS.get(kind, Q())).select_related("source", "touchpoint")
    )
    page = keyset.newest_first(rows, time_field="occurred_at", cursor=cursor, size=PAGE)
    retracted = touchpoints.retracted_ids(customer.pk, [row.pk for row in page.rows])
    items = [describe(row, is_retracted=row.pk in retracted) for row in page.rows]
    if kind == "all":
        items += _moves(customer, page, is_first=cursor is None)
    return TimelinePage(sorted(items, key=lambda item: item.at, reverse=True), page.next_cursor)


def _moves(customer: Customer, page: keyset.Page[Interaction], *, is_first: bool) -> list[Item]:
    """Those between the first and the last row of the page."""
    moves = StageMove.objects.filter(customer=customer).select_related("journey__current_version")
    if page.rows and not is_first:
        moves = moves.filter(at__lte=page.rows[0].occurred_at)
    if page.next_cursor is not None:
        moves = moves.filter(at__gt=page.rows[-1].occurred_at)
    return [_move(move) for move in moves.order_by("-at", "-pk")[: PAGE * 2]]


def _move(move: StageMove) -> Item:
    version = move.journey.current_version
    names = {s["key"]: s["name"] for s in version.snapshot["stages"]} if version else {}
    to = names.get(str(move.to_stage_key), "?")
    before = names.get(str(move.from_stage_key), "?")
    if move.kind == MoveKind.OVERDUE:
        return Item(move.at, "clock-alert", _("Overdue in %(stage)s") % {"stage": to}, "warning", str(move.journey))
    if move.from_stage_key is None:
        title = _("Started in %(stage)s") % {"stage": to}
    elif move.kind == MoveKind.SILENCE:
        title = _("Fell silent: moved from %(before)s to %(stage)s") % {"before": before, "stage": to}
    else:
        title = _("Moved from %(before)s to %(stage)s") % {"before": before, "stage": to}
    chips = [(_("Stage change"), "accent")]
    if move.kind == MoveKind.LAP:
        chips.append((_("Lap %(lap)s") % {"lap": move.lap}, ""))
    return Item(move.at, "arrow-left-right", title, "accent", str(move.journey), chips)


def describe(row: Interaction, *, is_retracted: bool = False) -> Item:
    icon, tone, title, text = _look(row)
    chips = [(touchpoints.channel_label(row.channel), "")]
    if row.touchpoint is not None:
        chips.append((row.touchpoint.name, ""))
    if row.source.kind == SourceKind.STAFF and row.properties.get("user"):
        chips.append((str(row.properties["user"]), ""))
    if is_retracted:
        chips.append((_("Retracted"), "warning"))
    message_id = row.properties.get("message") if row.event == Event.MESSAGE_SENT else None
    return Item(
        at=row.occurred_at,
        icon=icon,
        title=title,
        tone=tone,
        text=text,
        chips=chips,
        interaction_id=row.pk,
        message_id=message_id if isinstance(message_id, int) else None,
        is_retracted=is_retracted,
        can_retract=row.source.kind == SourceKind.STAFF and row.event != Event.RETRACTED and not is_retracted,
    )


def title_of(row: Interaction) -> str:
    return _look(row)[2]


def _look(row: Interaction) -> tuple[str, str, str, str]:
    """Icon, tone, title, one line of text."""
    known = _KNOWN.get(row.event)
    if known is not None:
        return known(row)
    icon = CHANNEL_ICONS.get(row.channel, "circle-dot")
    tone = "negative" if _looks_bad(row.event) else ""
    return _EVENT_ICONS.get(row.event, icon), tone, row.event, _text(row.properties)


def _looks_bad(event: str) -> bool:
    return any(word in event.lower() for word in ("error", "failed", "bug", "refunded"))


def _text(properties: dict[str, Any]) -> str:
    """The most telling properties, in one line."""
    note = properties.get("note") or properties.get("comment") or properties.get("message")
    if isinstance(note, str) and note:
        return note[:300]
    name = properties.get("product") or properties.get("name") or properties.get("title") or properties.get("url")
    parts = [str(name)] if isinstance(name, str) else []
    total = properties.get("total", properties.get("revenue", properties.get("price")))
    if isinstance(total, int | float) and not isinstance(total, bool):
        parts.append(f"{total:,.2f} {properties.get('currency', '')}".strip())
    number = properties.get("order_id")
    if isinstance(number, str | int):
        parts.append(_("order %(number)s") % {"number": number})
    return " · ".join(parts)[:300]


def _answered(row: Interaction) -> tuple[str, str, str, str]:
    score, kind, survey = (row.properties.get(name) for name in ("score", "kind", "survey"))
    comment = row.properties.get("comment") or ""
    text = f"“{comment}”" if comment else str(survey or "")
    if kind not in SurveyKind.values or type(score) is not int:
        chosen = row.properties.get("chosen")
        said = ", ".join(map(str, chosen)) if isinstance(chosen, list) else _("in words")
        return "message-square-text", "", f"{survey}: {said}", text
    icon, tone = "meh", ""
    if SurveyKind(kind).is_good(score):
        icon, tone = "smile", "positive"
    elif SurveyKind(kind).is_bad(score):
        icon, tone = "frown", "negative"
    return icon, tone, f"{SurveyKind(kind).label}: {score} / {row.properties.get('scale_high')}", text


def _page(row: Interaction) -> tuple[str, str, str, str]:
    name = row.properties.get("name") or row.properties.get("title") or row.properties.get("path")
    page = row.context.get("page") if isinstance(row.context, dict) else None
    url = row.properties.get("url") or (page or {}).get("url") or ""
    return "eye", "", _("Viewed %(page)s") % {"page": name} if name else _("Viewed a page"), str(url)[:300]


def _identified(row: Interaction) -> tuple[str, str, str, str]:
    known = ", ".join(str(key) for key in list(row.properties)[:6])
    return "id-card", "", _("Became known"), _("Told us: %(traits)s") % {"traits": known} if known else ""


def _sent(row: Interaction) -> tuple[str, str, str, str]:
    return "send", "accent", str(row.properties.get("subject", "")), str(row.properties.get("campaign", ""))


def _case(row: Interaction) -> tuple[str, str, str, str]:
    is_closed = row.event == Event.CASE_CLOSED
    title = _("Case closed") if is_closed else _("Case opened")
    text = row.properties.get("root_cause") if is_closed else row.properties.get("title")
    return "life-buoy", "positive" if is_closed else "warning", title, str(text or "")


def _plain(icon: str, tone: str, event: Event, key: str = "") -> Look:
    return lambda row: (icon, tone, str(event.label), str(row.properties.get(key, "")) if key else "")


_KNOWN: dict[str, Look] = {
    Event.PAGE_VIEWED.value: _page,
    Event.SCREEN_VIEWED.value: _page,
    Event.IDENTIFY.value: _identified,
    Event.SURVEY_ANSWERED.value: _answered,
    Event.MESSAGE_SENT.value: _sent,
    Event.CASE_OPENED.value: _case,
    Event.CASE_CLOSED.value: _case,
    Event.MESSAGE_OPENED.value: _plain("mail-open", "", Event.MESSAGE_OPENED, "campaign"),
    Event.MESSAGE_CLICKED.value: _plain("mouse-pointer-click", "accent", Event.MESSAGE_CLICKED, "url"),
    Event.SMS_RECEIVED.value: _plain("message-square-reply", "accent", Event.SMS_RECEIVED, "text"),
    Event.SUBSCRIBED.value: _plain("bell-plus", "positive", Event.SUBSCRIBED, "topic"),
    Event.UNSUBSCRIBED.value: _plain("bell-off", "warning", Event.UNSUBSCRIBED, "topic"),
    Event.REVIEW_LINK_OPENED.value: _plain("star", "positive", Event.REVIEW_LINK_OPENED, "site"),
    Event.RETRACTED.value: _plain("undo-2", "warning", Event.RETRACTED, "event"),
    Event.STAGE_SET.value: _plain("flag", "accent", Event.STAGE_SET, "stage_name"),
    Event.ALIAS.value: _plain("link", "", Event.ALIAS),
    Event.GROUP.value: _plain("users", "", Event.GROUP),
}
_EVENT_ICONS = {
    "Product Viewed": "shirt",
    "Product Added": "shopping-cart",
    "Product Removed": "shopping-cart",
    "Cart Viewed": "shopping-cart",
    "Checkout Started": "credit-card",
    "Order Completed": "package-check",
    "Order Refunded": "package-x",
    "Order Delivered": "truck",
}
