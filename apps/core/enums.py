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
