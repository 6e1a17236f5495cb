"""What rules can ask about messages."""

from datetime import timedelta
from typing import Any

from django.db.models import Exists, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.campaigns.models import Campaign, Click, Message
from apps.core import rules
from apps.core.comparison import RuleError
from apps.touchpoints.predicates import WITHIN_DAYS, check_number, is_timed, within

_MOST_URL = 500
_CAMPAIGN = rules.Field(
    "campaign",
    gettext_lazy("Campaign"),
    "choice",
    is_required=True,
    choices=lambda _: [(c.name, c.name) for c in Campaign.objects.order_by("name")],
)
_URL = rules.Field("url", gettext_lazy("Part of the address"), before=gettext_lazy("to an address with"))


def _check(value: Any, where: str, more: str = "") -> None:
    keys = {"campaign", "within_days"} | ({more} if more else set())
    if not isinstance(value, dict) or set(value) - keys or "campaign" not in value:
        said = ", ".join(sorted(keys - {"campaign"}))
        raise RuleError(f"{where} needs a campaign, and may say: {said}.")
    name = value["campaign"]
    if not isinstance(name, str) or "\x00" in name or not Campaign.objects.filter(name=name).exists():
        raise RuleError(f"{where}: there is no campaign {name!r}.")
    check_number(value, "within_days", where)


def _check_clicked(value: Any) -> None:
    _check(value, "clicked", "url")
    url = value.get("url", "")
    if not isinstance(url, str) or "\x00" in url or len(url) > _MOST_URL:
        raise RuleError(f"clicked: url is a part of the address, of at most {_MOST_URL} characters.")


def _compile(value: dict[str, Any], scope: rules.Scope) -> Q:
    found = Message.objects.filter(
        customer_id=scope.customer_id, enrolment__campaign__name=value["campaign"], sent_at__isnull=False
    )
    if "within_days" in value:
        found = found.filter(sent_at__gte=scope.now - timedelta(days=value["within_days"]))
    return Q(Exists(found))


def _compile_clicked(value: dict[str, Any], scope: rules.Scope) -> Q:
    """What people followed; what machines did counts for nothing."""
    found = Click.objects.by_people().filter(
        message__customer_id=scope.customer_id, message__enrolment__campaign__name=value["campaign"]
    )
    if "within_days" in value:
        found = found.filter(at__gte=scope.now - timedelta(days=value["within_days"]))
    if value.get("url"):
        found = found.filter(url__icontains=value["url"])
    return Q(Exists(found))


def _said_clicked(value: dict[str, Any]) -> str:
    if value.get("url"):
        return _("followed a link with “%(url)s” in a message of %(campaign)s") % value + within(value)
    return _("followed a link in a message of %(campaign)s") % value + within(value)


RECEIVED = rules.Predicate(
    check=lambda value: _check(value, "received"),
    compile=_compile,
    sentence=lambda value: _("received a message of %(campaign)s") % value + within(value),
    label=gettext_lazy("Received"),
    fields=(_CAMPAIGN, WITHIN_DAYS),
    depends_on_time=is_timed,
    names=lambda value: [("campaign", value["campaign"])],
)
CLICKED = rules.Predicate(
    check=_check_clicked,
    compile=_compile_clicked,
    sentence=_said_clicked,
    label=gettext_lazy("Followed a link"),
    fields=(
        _CAMPAIGN,
        WITHIN_DAYS,
        _URL,
    ),
    depends_on_time=is_timed,
    names=lambda value: [("campaign", value["campaign"])],
)
