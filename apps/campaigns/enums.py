from django.db import models
from django.utils.translation import gettext_lazy as _


class CampaignState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    ACTIVE = "active", _("Active")
    PAUSED = "paused", _("Paused")
    ARCHIVED = "archived", _("Archived")


class TriggerKind(models.TextChoices):
    STAGE_ENTERED = "stage_entered", _("enters the stage")
    STAGE_LEFT = "stage_left", _("leaves the stage")
    OVERDUE = "overdue", _("is overdue in the stage")
    STEP_REACHED = "step_reached", _("reaches the step")
    EVENT = "event", _("does something")
    SCORED = "scored", _("answers a survey")
    SEGMENT_ENTERED = "segment_entered", _("joins the segment")
    DATE = "date", _("has a date")
    SCHEDULE = "schedule", _("is in the audience at a time")
    MANUAL = "manual", _("is chosen by hand")

    @property
    def needs_stage(self) -> bool:
        return self in {TriggerKind.STAGE_ENTERED, TriggerKind.STAGE_LEFT, TriggerKind.OVERDUE}

    @property
    def needs_journey(self) -> bool:
        return self.needs_stage or self is TriggerKind.STEP_REACHED

    @property
    def may_have_key(self) -> bool:
        """Whether an interaction caused it, one of whose properties may name the run, such as the order."""
        return self in {
            TriggerKind.STAGE_ENTERED, TriggerKind.STEP_REACHED, TriggerKind.EVENT, TriggerKind.SCORED,
        }  # fmt: skip


class StepKind(models.TextChoices):
    WAIT = "wait", _("Wait")
    BRANCH = "branch", _("Branch")
    SPLIT = "split", _("Split")
    MESSAGE = "message", _("Message")
    SURVEY = "survey", _("Survey")
    REVIEW_REQUEST = "review_request", _("Review request")
    TASK = "task", _("Task")
    UPDATE = "update", _("Update")
    WEBHOOK = "webhook", _("Webhook")
    EXIT = "exit", _("Exit")

    @property
    def sends(self) -> bool:
        """To the customer."""
        return self in {StepKind.MESSAGE, StepKind.SURVEY, StepKind.REVIEW_REQUEST}

    @property
    def asks(self) -> bool:
        """For an answer or a review, which nobody is asked for too often."""
        return self in {StepKind.SURVEY, StepKind.REVIEW_REQUEST}

    @property
    def icon(self) -> str:
        return {
            "wait": "clock", "branch": "git-branch", "split": "split", "message": "mail", "survey": "clipboard-list",
            "review_request": "star", "task": "square-check", "update": "pencil", "webhook": "webhook",
            "exit": "log-out",
        }[self.value]  # fmt: skip


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


class Way(models.TextChoices):
    """What a message leaves by. Each has a module in channels/."""

    EMAIL = "email", _("E-mail")
    SMS = "sms", _("SMS")
    WEB = "web", _("Note on the web site")
    WEBHOOK = "webhook", _("Webhook")

    @property
    def reaches_people(self) -> bool:
        """Only then are consent, quiet hours and limits asked."""
        return self is not Way.WEBHOOK


class BounceKind(models.TextChoices):
    HARD = "hard", _("Hard bounce")
    SOFT = "soft", _("Soft bounce")
    UNKNOWN = "unknown", _("Bounce of unknown kind")


class EndpointShape(models.TextChoices):
    STANDARD = "standard", _("Standard Webhooks")
    SLACK = "slack", _("Chat, Slack-shaped")
    TEAMS = "teams", _("Chat, Teams-shaped")
