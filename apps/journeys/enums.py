from django.db import models
from django.utils.translation import gettext_lazy as _


class StageKind(models.TextChoices):
    PROBLEM = "problem", _("Problem")
    AWARENESS = "awareness", _("Awareness")
    DISCOVERY = "discovery", _("Discovery")
    CONSIDERATION = "consideration", _("Consideration")
    PURCHASE = "purchase", _("Purchase")
    ONBOARDING = "onboarding", _("Onboarding")
    USE = "use", _("Use")
    RETENTION = "retention", _("Retention")
    LOYALTY = "loyalty", _("Loyalty")
    ADVOCACY = "advocacy", _("Advocacy")
    LAPSED = "lapsed", _("Lapsed")


class LaneKind(models.TextChoices):
    ACTIONS = "actions", _("Actions")
    TOUCHPOINTS = "touchpoints", _("Touchpoints")
    THOUGHTS = "thoughts", _("Thoughts")
    EMOTION = "emotion", _("Emotion")
    PAIN = "pain", _("Pain points")
    OPPORTUNITY = "opportunity", _("Opportunities")
    BACKSTAGE = "backstage", _("Backstage")
    KPI = "kpi", _("KPIs")
    DEPARTMENTS = "departments", _("Departments")
    PHYSICAL = "physical", _("Physical evidence")
    IMAGES = "images", _("Images")
    NOTE = "note", _("Notes")

    @property
    def icon(self) -> str:
        return _ICONS[self]


_ICONS = {
    LaneKind.ACTIONS: "footprints",
    LaneKind.TOUCHPOINTS: "radio",
    LaneKind.THOUGHTS: "quote",
    LaneKind.EMOTION: "activity",
    LaneKind.PAIN: "triangle-alert",
    LaneKind.OPPORTUNITY: "lightbulb",
    LaneKind.BACKSTAGE: "building-2",
    LaneKind.KPI: "gauge",
    LaneKind.DEPARTMENTS: "users",
    LaneKind.PHYSICAL: "package",
    LaneKind.IMAGES: "image",
    LaneKind.NOTE: "sticky-note",
}


class Frequency(models.TextChoices):
    """How many of those who come to a step meet a pain point; `share` is what the improvement list counts with."""

    FEW = "few", _("a few (1 in 10)")
    SOME = "some", _("some (1 in 3)")
    MANY = "many", _("most (2 in 3)")
    ALL = "all", _("everybody")

    @property
    def share(self) -> float:
        return {"few": 0.1, "some": 1 / 3, "many": 2 / 3, "all": 1.0}[self.value]


class CardStatus(models.TextChoices):
    OPEN = "open", _("open")
    PLANNED = "planned", _("planned")
    DOING = "doing", _("in progress")
    SOLVED = "solved", _("solved")
    DROPPED = "dropped", _("dropped")


class Evidence(models.TextChoices):
    """What a card rests on, weakest first."""

    ASSUMPTION = "assumption", _("assumption")
    INTERVIEW = "interview", _("interviews")
    FIELD_STUDY = "field_study", _("field study")
    CALL_LOG = "call_log", _("call log")
    USABILITY_TEST = "usability_test", _("usability test")
    SURVEY = "survey", _("survey")
    LIVE = "live", _("live data")


class MoveKind(models.TextChoices):
    """Why a customer went to a stage, or that they became overdue there."""

    START = "start", _("Started")
    FORWARD = "forward", _("Moved on")
    BACK = "back", _("Went back")
    LAP = "lap", _("Started a new lap")
    SILENCE = "silence", _("Fell silent")
    STAFF = "staff", _("Set by hand")
    OVERDUE = "overdue", _("Overdue")


class DeviationKind(models.TextChoices):
    SKIPPED = "skipped", _("Skipped")
    REPEATED = "repeated", _("Repeated")
    BACKWARD = "backward", _("Backward")
    OVERDUE = "overdue", _("Overdue")
    OFF_MAP = "off-map", _("Off the map")
