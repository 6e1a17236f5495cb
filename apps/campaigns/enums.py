from django.db import models
from django.utils.translation import gettext_lazy as _


class CampaignState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    ACTIVE = "active", _("Active")
    PAUSED = "paused", _("Paused")
    ARCHIVED = "archived", _("Archived")


class TriggerKind(models.TextChoices):
    STAGE_ENTERED = "stage_entered", _("enters the stage")
    OVERDUE = "overdue", _("is overdue in the stage")


class StepKind(models.TextChoices):
    WAIT = "wait", _("Wait")
    MESSAGE = "message", _("Message")
    SURVEY = "survey", _("Survey")
    REVIEW_REQUEST = "review_request", _("Review request")

    @property
    def sends(self) -> bool:
        return self is not StepKind.WAIT


class Reentry(models.TextChoices):
    ONCE = "once", _("once")
    EVERY_TIME = "every_time", _("every time")
    AFTER_EXIT = "after_exit", _("again after the run before has ended")
    COOL_DOWN = "cool_down", _("again after a cool-down")


class EnrolmentState(models.TextChoices):
    ACTIVE = "active", _("On the way")
    FINISHED = "finished", _("Finished")
    EXITED = "exited", _("Exited")


class MessageState(models.TextChoices):
    """domain.md, "Messages: states", is the table of transitions."""

    HELD = "held", _("Held")
    QUEUED = "queued", _("Queued")
    CLAIMED = "claimed", _("Claimed")
    SENDING = "sending", _("Sending")
    SENT = "sent", _("Sent")
    SKIPPED = "skipped", _("Skipped")
    FAILED = "failed", _("Failed")
