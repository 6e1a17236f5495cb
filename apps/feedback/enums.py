from django.db import models
from django.utils.translation import gettext_lazy as _


class SurveyKind(models.TextChoices):
    """Those with a score have a scale each; figures of different scales are never mixed. A choice and words alone have
    none."""

    NPS = "nps", _("NPS")
    CSAT = "csat", _("CSAT")
    CES = "ces", _("CES")
    STARS = "stars", _("Stars")
    CHOICE = "choice", _("Choice")
    TEXT = "text", _("Words")

    @property
    def scale(self) -> range:
        """Empty where there is no score."""
        return _SCALES.get(self.value, range(0))

    @property
    def has_score(self) -> bool:
        return self.value in _SCALES

    @property
    def ends(self) -> tuple[str, str]:
        """What the lowest and the highest score mean."""
        low, high = _ENDS.get(self.value, ("", ""))
        return str(low), str(high)

    def is_bad(self, score: int) -> bool:
        """Detractors, the bottom two of satisfaction and of stars, the bottom three of ease."""
        return score <= {"nps": 6, "csat": 2, "ces": 3, "stars": 2}.get(self.value, -1)

    def is_good(self, score: int) -> bool:
        return score >= {"nps": 9, "csat": 4, "ces": 5, "stars": 4}.get(self.value, score + 1)


_SCALES = {"nps": range(11), "csat": range(1, 6), "ces": range(1, 8), "stars": range(1, 6)}
_ENDS = {
    "nps": (_("Not at all likely"), _("Extremely likely")),
    "csat": (_("Very dissatisfied"), _("Very satisfied")),
    "ces": (_("Very difficult"), _("Very easy")),
    "stars": (_("Poor"), _("Excellent")),
}
WITH_SCORE = [kind for kind in SurveyKind if kind.has_score]


class Way(models.TextChoices):
    """How an answer came."""

    INVITATION = "invitation", _("By invitation")
    OPEN = "open", _("Open link")
    STAFF = "staff", _("Entered by staff")


class CaseKind(models.TextChoices):
    QUESTION = "question", _("Question")
    PROBLEM = "problem", _("Problem")
    COMPLAINT = "complaint", _("Complaint")
    BAD_SCORE = "bad_score", _("Bad score")
