from django.db import models
from django.utils.translation import gettext_lazy as _


class Origin(models.TextChoices):
    """Where the cause of a change came from. Only live and staff causes may trigger a campaign."""

    LIVE = "live", _("live")
    STAFF = "staff", _("staff")
    IMPORT = "import", _("import")
    PUBLISH = "publish", _("publish")
    REBUILD = "rebuild", _("rebuild")
    MERGE = "merge", _("merge")

    @property
    def fires(self) -> bool:
        return self in {Origin.LIVE, Origin.STAFF}


class JobState(models.TextChoices):
    QUEUED = "queued", _("Waiting")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


class FileRole(models.TextChoices):
    INPUT = "input", _("input")
    RESULT = "result", _("result")
    ERRORS = "errors", _("errors")


class RowState(models.TextChoices):
    """What becomes of a row of an imported file."""

    NEW = "new", _("New")
    CHANGED = "changed", _("Changed")
    UNCHANGED = "unchanged", _("Unchanged")
    REFUSED = "refused", _("Refused")
