"""What surveys and review requests say where nobody wrote anything."""

import re
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from apps.campaigns.enums import StepKind, Way
from apps.campaigns.mails.choosing import BODIES
from apps.feedback.models import Survey

_BRACE = re.compile(r"\{(?=[{%])")


@dataclass(frozen=True)
class Question:
    """Of the survey that a message asks."""

    kind: str
    text: str


def question_of(survey: Survey | None) -> Question | None:
    return Question(survey.kind, survey.question) if survey else None


def literal(text: str) -> str:
    """Data inside a template: no Liquid, whatever it looks like."""
    return _BRACE.sub("{{ '{' }}", text)


def words(kind: StepKind, way: Way, written: dict[str, Any], question: Question | None) -> dict[str, Any]:
    found = dict(written)
    if kind.asks and not found.get("subject"):
        found["subject"] = subject(kind)
    if kind.asks and not any(found.get(name) for name in BODIES):
        asked = literal(question.text) if question else ""
        if kind is StepKind.SURVEY and way is Way.EMAIL and question:
            found["blocks"] = survey_blocks(asked)
        else:
            found["body"] = _survey(asked) if kind is StepKind.SURVEY else _review()
    return {"subject": "", **found}


def subject(kind: StepKind) -> str:
    if kind is StepKind.SURVEY:
        return _("One question about your experience")
    return _("Would you tell others what you think?")


def _hello() -> str:
    return _("Hello") + " {{ customer.first_name | default: '' }},"


def survey_blocks(asked: str) -> list[dict[str, Any]]:
    return [
        {"kind": "text", "text": f"{_hello()}\n\n{asked}"},
        {"kind": "score"},
        {"kind": "text", "text": f"{_('It takes half a minute:')} {{{{ link }}}}"},
    ]


def _survey(asked: str) -> str:
    return f"{_hello()}\n\n{asked}\n\n{_('It takes half a minute:')} {{{{ link }}}}"


def _review() -> str:
    thanks = _("thank you for your order. Whatever you think of it, others would like to read it:")
    return f"{_hello()}\n\n{thanks} {{{{ link }}}}"
