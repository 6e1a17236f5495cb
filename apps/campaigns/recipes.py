"""Campaigns to start from: each is a draft that runs as it is, fitted to a published journey where there is one."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.hours import WEEKDAYS
from apps.feedback.enums import SurveyKind
from apps.feedback.models import ReviewSite, Survey
from apps.journeys.models import Journey

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

_HELLO = "{{ customer.first_name | default: 'there' }}"


@dataclass(frozen=True)
class Recipe:
    """`kinds`: of the stages it can start at, the best first; none where it follows an event."""

    key: str
    name: "StrOrPromise"
    text: "StrOrPromise"
    icon: str
    kinds: tuple[str, ...]
    write: "Callable[[dict[str, Any]], dict[str, Any]]"


@dataclass(frozen=True)
class StageChoice:
    journey: str
    stage: str
    kind: str
    key: str


def stages() -> list[StageChoice]:
    """Of all published journeys, in the order of their maps."""
    journeys = Journey.objects.published().select_related("current_version").order_by("name")
    return [
        StageChoice(journey.name, stage["name"], stage["kind"], stage["key"])
        for journey in journeys
        for stage in (journey.current_version.snapshot["stages"] if journey.current_version else [])
    ]


def draft(recipe: Recipe, *, stage: StageChoice | None) -> dict[str, Any]:
    """The text of a new campaign. Without a stage where the recipe wants one, the trigger is left to be chosen."""
    where: dict[str, Any] = {"stage": stage.stage, "journey": stage.journey} if stage else {}
    text = recipe.write(where)
    return {"name": str(recipe.name), **({"journey": stage.journey} if stage else {}), **text}


def best_stage(recipe: Recipe, among: Iterable[StageChoice]) -> StageChoice | None:
    found = list(among)
    return next((one for kind in recipe.kinds for one in found if one.kind == kind), None)


def _entered(where: dict[str, Any]) -> dict[str, Any]:
    return {"on": "stage_entered", "stage": where.get("stage", "")}


def _mail(subject: str, body: str, topic: str = "service") -> dict[str, Any]:
    return {"message": {"channel": "email", "topic": topic, "subject": subject, "body": body}}


def _review(days: int) -> list[dict[str, Any]]:
    sites = list(ReviewSite.objects.order_by("name").values_list("name", flat=True)[:3])
    ask = {"review_request": {"sites": sites, "channel": "email", "topic": "feedback"}}
    return [{"wait": {"days": days, "until": "10:00"}}, ask]


def _survey(*kinds: SurveyKind) -> str:
    for kind in kinds:
        found = Survey.objects.filter(kind=kind).order_by("pk").values_list("name", flat=True).first()
        if found:
            return found
    return ""


def _thank_you(where: dict[str, Any]) -> dict[str, Any]:
    body = _("Hello %(name)s,\n\nthank you for your order. We are on it and will write again when it is on its way.")
    return {
        "trigger": _entered(where),
        "reentry": "every_time",
        "steps": [_mail(_("Thank you, %(name)s") % {"name": _HELLO}, body % {"name": _HELLO})],
    }


def _onboarding(where: dict[str, Any]) -> dict[str, Any]:
    first = _("Hello %(name)s,\n\ngood to have you. The first thing that most people do is small: …")
    second = _("Hello %(name)s,\n\nhere are the three things that others found useful in their first week: …")
    third = _("Hello %(name)s,\n\nyou have had a few days now. Is anything in the way? Just answer this mail.")
    return {
        "trigger": _entered(where),
        "steps": [
            _mail(_("Welcome – the first step"), first % {"name": _HELLO}),
            {"wait": {"days": 2, "until": "09:00", "weekdays": list(WEEKDAYS[:5])}},
            _mail(_("Three things for your first week"), second % {"name": _HELLO}),
            {"wait": {"days": 5, "until": "09:00", "weekdays": list(WEEKDAYS[1:4])}},
            _mail(_("How is it going?"), third % {"name": _HELLO}),
        ],
    }  # fmt: skip


def _check_in(where: dict[str, Any]) -> dict[str, Any]:
    survey = _survey(SurveyKind.CES, SurveyKind.CSAT, SurveyKind.NPS)
    return {
        "trigger": _entered(where),
        "reentry": "cool_down_days:90",
        "steps": [
            {"wait": {"days": 14, "until": "10:00"}},
            {"survey": {"survey": survey, "channel": "email", "topic": "feedback"}},
        ],
    }


def _abandoned_cart(where: dict[str, Any]) -> dict[str, Any]:
    body = _("Hello %(name)s,\n\nyour cart is still here, as you left it. Is there a question that we can answer?")
    bought = {"did": {"event": "Order Completed"}}
    message = _mail(_("Your cart is still here"), body % {"name": _HELLO}, topic="news")
    return {
        "trigger": {"on": "event", "event": "Product Added"},
        "reentry": "cool_down_days:7",
        "steps": [{"wait": {"for": bought, "at_most": {"hours": 4}, "else": [message]}}],
        "exit": bought,
        "goal": {"rule": bought, "within_days": 7},
    }


def _cooled_off(where: dict[str, Any]) -> dict[str, Any]:
    body = _("Hello %(name)s,\n\nyou were about to decide, and then life came in between. May we help with a question?")
    return {
        "trigger": {"on": "overdue", "stage": where.get("stage", "")},
        "reentry": "cool_down_days:30",
        "max_lateness_hours": 48,
        "steps": [_mail(_("Still thinking about it?"), body % {"name": _HELLO}, topic="news")],
        "exit": {"did": {"event": "Order Completed"}},
        "goal": {"rule": {"did": {"event": "Order Completed"}}, "within_days": 14},
    }


def _review_request(where: dict[str, Any]) -> dict[str, Any]:
    return {
        "trigger": _entered(where),
        "reentry": "cool_down_days:90",
        "steps": _review(7),
        "exit": {"any": [{"did": {"event": "Order Refunded"}}, {"did": {"event": "Return Requested"}}]},
        "goal": {"rule": {"did": {"event": "Review Link Opened"}}, "within_days": 30},
    }


def _win_back(where: dict[str, Any]) -> dict[str, Any]:
    first = _("Hello %(name)s,\n\nit has been a while. Here is what is new since you were here last: …")
    last = _("Hello %(name)s,\n\nif you would rather not hear from us, one click below is enough. If we did something "
             "wrong, tell us: a person reads every answer.")  # fmt: skip
    return {
        "trigger": _entered(where),
        "reentry": "cool_down_days:180",
        "steps": [
            _mail(_("It has been a while"), first % {"name": _HELLO}, topic="news"),
            {"wait": {"days": 10, "until": "10:00"}},
            _mail(_("Shall we stay in touch?"), last % {"name": _HELLO}, topic="news"),
        ],
        "exit": {"did": {"event": "Order Completed"}},
        "goal": {"rule": {"did": {"event": "Order Completed"}}, "within_days": 30},
    }


RECIPES = (
    Recipe("thank-you", gettext_lazy("Thank-you"), gettext_lazy("A thank-you as soon as somebody has bought."),
           "heart", ("purchase", "onboarding"), _thank_you),
    Recipe("onboarding", gettext_lazy("Onboarding"), gettext_lazy("Three mails in the first week, on weekdays."),
           "rocket", ("onboarding", "use", "purchase"), _onboarding),
    Recipe("check-in", gettext_lazy("Check-in"), gettext_lazy("A short survey two weeks later, at most every 90 days."),
           "message-circle-question-mark", ("use", "retention", "loyalty", "onboarding"), _check_in),
    Recipe("abandoned-cart", gettext_lazy("Abandoned cart"),
           gettext_lazy("Who put something into the cart and has not ordered after four hours."),
           "shopping-cart", (), _abandoned_cart),
    Recipe("cooled-off", gettext_lazy("Cooled-off prospect"),
           gettext_lazy("Who stays longer in a stage than people usually do."),
           "thermometer-snowflake", ("consideration", "discovery", "awareness"), _cooled_off),
    Recipe("review-request", gettext_lazy("Review request"),
           gettext_lazy("Asks everybody a week later, whatever they think, on the sites you choose."),
           "star", ("onboarding", "use", "retention", "purchase"), _review_request),
    Recipe("win-back", gettext_lazy("Win-back"), gettext_lazy("Two mails to customers who have gone silent."),
           "undo-2", ("lapsed", "retention"), _win_back),
)  # fmt: skip


def blank(where: dict[str, Any]) -> dict[str, Any]:
    return {"trigger": _entered(where) if where else {"on": "manual"}, "steps": []}


EMPTY = Recipe("empty", gettext_lazy("From nothing"), gettext_lazy("Choose the trigger and add the steps yourself."),
               "plus", (), blank)  # fmt: skip


def by_key(key: str) -> Recipe | None:
    return next((one for one in (*RECIPES, EMPTY) if one.key == key), None)
