from django.db import models
from django.utils.translation import gettext_lazy as _


class SurveyKind(models.TextChoices):
    """Each kind has a scale of its own; figures of different scales are never mixed."""

    NPS = "nps", _("NPS")
    CSAT = "csat", _("CSAT")
    CES = "ces", _("CES")

    @property
    def scale(self) -> range:
        return {SurveyKind.NPS: range(11), SurveyKind.CSAT: range(1, 6), SurveyKind.CES: range(1, 8)}[self]

    @property
    def ends(self) -> tuple[str, str]:
        """What the lowest and the highest score mean."""
        return {
            SurveyKind.NPS: (str(_("Not at all likely")), str(_("Extremely likely"))),
            SurveyKind.CSAT: (str(_("Very dissatisfied")), str(_("Very satisfied"))),
            SurveyKind.CES: (str(_("Very difficult")), str(_("Very easy"))),
        }[self]

    def is_bad(self, score: int) -> bool:
        """Detractors, the bottom two of satisfaction, the bottom three of ease."""
        return score <= {SurveyKind.NPS: 6, SurveyKind.CSAT: 2, SurveyKind.CES: 3}[self]

    def is_good(self, score: int) -> bool:
        return score >= {SurveyKind.NPS: 9, SurveyKind.CSAT: 4, SurveyKind.CES: 5}[self]


class CaseKind(models.TextChoices):
    QUESTION = "question", _("Question")
    PROBLEM = "problem", _("Problem")
    COMPLAINT = "complaint", _("Complaint")
    BAD_SCORE = "bad_score", _("Bad score")
