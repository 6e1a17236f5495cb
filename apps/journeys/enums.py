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
    LaneKind.NOTE: "sticky-note",
}


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
