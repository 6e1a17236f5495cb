"""What the script on other people's pages is told of a survey: the questions and all words that it shows."""

from typing import Any

from django.utils.translation import gettext as _

from apps.feedback.enums import SurveyKind
from apps.feedback.forms import AnswerForm
from apps.feedback.models import Survey


def described(survey: Survey) -> dict[str, Any]:
    """`asks`: questions that take the place of `comment_label` after the answers at these places of `answers`."""
    kind = SurveyKind(survey.kind)
    low, high = kind.ends
    return {
        "kind": survey.kind,
        "question": survey.question,
        "field": "score" if kind.has_score else "chosen" if kind is SurveyKind.CHOICE else "",
        "answers": [*kind.scale] if kind.has_score else survey.options,
        "takes_several": survey.takes_several,
        "low": low,
        "high": high,
        "comment_label": survey.comment_label if kind is not SurveyKind.TEXT else survey.question,
        "asks": [{"at": places.split(), "question": asked} for places, asked in AnswerForm(survey=survey).asks],
        "words": {
            "panel": _("Survey"),
            "close": _("Close"),
            "send": _("Send my answer"),
            "optional": _("optional"),
            "thanks": _("Thank you"),
            "failed": _("That did not get through. Try again in a moment."),
        },
    }
