"""What rules can ask about a customer."""

from typing import Any

from django.db.models import Exists, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core import rules
from apps.core.comparison import RuleError, check_comparison
from apps.customers import selectors, suggestions
from apps.customers.enums import Status
from apps.customers.models import Membership, Persona, Segment, Topic

# Channels on which people can be asked whether they want to be written to.
ASKED_CHANNELS = ("email", "sms")


def text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > 200 or "\x00" in value:
        raise RuleError(f"{where} needs a text.")
    return value


def keys(value: Any, where: str, *, required: set[str], known: set[str]) -> dict[str, Any]:
    if not isinstance(value, dict) or set(value) - known - required or required - set(value):
        needs = f"needs {', '.join(sorted(required))}" if required else "is an object"
        raise RuleError(f"{where} {needs}, and may say: {', '.join(sorted(known)) or 'nothing else'}.")
    return value


def _check_trait(value: Any) -> None:
    check_comparison(value, where="trait")


def _compile_trait(value: Any, scope: rules.Scope) -> Q:
    name, operator, expected = value
    return rules.json_condition(scope.path("traits"), name, operator, expected)


TRAIT = rules.Predicate(
    check=_check_trait,
    compile=_compile_trait,
    sentence=lambda value: rules.comparison_sentence(*value),
    label=gettext_lazy("Trait"),
    fields=(
        rules.Field("", gettext_lazy("Trait"), "comparison", is_required=True, choices=lambda _: suggestions.traits()),
    ),
)


def _check_persona(value: Any) -> None:
    text(value, "persona")
    if not Persona.objects.filter(name=value).exists():
        raise RuleError(f'There is no persona "{value}".')


PERSONA = rules.Predicate(
    check=_check_persona,
    compile=lambda value, scope: Q(**{scope.path("persona__in"): Persona.objects.filter(name=value)}),
    sentence=lambda value: _("persona is %(name)s") % {"name": value},
    label=gettext_lazy("Persona"),
    fields=(
        rules.Field(
            "",
            gettext_lazy("Persona"),
            "choice",
            is_required=True,
            choices=lambda _: [(p.name, p.name) for p in Persona.objects.order_by("name")],
        ),
    ),
    names=lambda value: [("persona", value)],
)


def _check_in_segment(value: Any) -> None:
    text(value, "in_segment")
    if not Segment.objects.filter(name=value).exists():
        raise RuleError(f'There is no segment "{value}".')


def _compile_in_segment(value: str, scope: rules.Scope) -> Q:
    return Q(Exists(Membership.objects.current().filter(customer_id=scope.customer_id, segment__name=value)))


IN_SEGMENT = rules.Predicate(
    check=_check_in_segment,
    compile=_compile_in_segment,
    sentence=lambda value: _("in the segment %(name)s") % {"name": value},
    label=gettext_lazy("Segment"),
    fields=(
        rules.Field(
            "",
            gettext_lazy("Segment"),
            "choice",
            is_required=True,
            choices=lambda _: [(s.name, s.name) for s in Segment.objects.order_by("name")],
        ),
    ),
    names=lambda value: [("segment", value)],
)


def _check_status(value: Any) -> None:
    if value not in Status.values:
        raise RuleError(f"status: use one of {', '.join(Status.values)}.")


STATUS = rules.Predicate(
    check=_check_status,
    compile=lambda value, scope: Q(**{scope.path("status"): value}),
    sentence=lambda value: _("status is %(status)s") % {"status": Status(value).label},
    label=gettext_lazy("Status"),
    fields=(
        rules.Field("", gettext_lazy("Status"), "choice", is_required=True, choices=lambda _: list(Status.choices)),
    ),
)


def _check_tag(value: Any) -> None:
    text(value, "tagged")


TAGGED = rules.Predicate(
    check=_check_tag,
    compile=lambda value, scope: Q(**{scope.path("tags__contains"): [value]}),
    sentence=lambda value: _("tagged “%(tag)s”") % {"tag": value},
    label=gettext_lazy("Tag"),
    fields=(rules.Field("", gettext_lazy("Tag"), is_required=True, choices=lambda _: suggestions.tags()),),
)


def _check_consents(value: Any) -> None:
    keys(value, "consents", required={"channel", "topic"}, known=set())
    if value["channel"] not in ASKED_CHANNELS:
        raise RuleError(f"consents: channel must be one of {', '.join(ASKED_CHANNELS)}.")
    if not Topic.objects.filter(key=text(value["topic"], "consents: topic")).exists():
        raise RuleError(f"consents: there is no topic {value['topic']!r}.")


def _compile_consents(value: dict[str, str], scope: rules.Scope) -> Q:
    may = selectors.who_may_be_written_to(channel=value["channel"], topic_key=value["topic"])
    return Q(Exists(may.filter(pk=scope.customer_id)))


CONSENTS = rules.Predicate(
    check=_check_consents,
    compile=_compile_consents,
    sentence=lambda value: _("may be written to about %(topic)s by %(channel)s") % value,
    label=gettext_lazy("Consent"),
    fields=(
        rules.Field(
            "channel",
            gettext_lazy("Channel"),
            "choice",
            is_required=True,
            choices=lambda _: [(c, c) for c in ASKED_CHANNELS],
        ),
        rules.Field(
            "topic",
            gettext_lazy("Topic"),
            "choice",
            is_required=True,
            choices=lambda _: [(t.key, t.name) for t in Topic.objects.order_by("name")],
            before=gettext_lazy("about"),
        ),
    ),
    names=lambda value: [("topic", value["topic"])],
)

ALL = {
    "trait": TRAIT,
    "status": STATUS,
    "persona": PERSONA,
    "in_segment": IN_SEGMENT,
    "tagged": TAGGED,
    "consents": CONSENTS,
}
