from typing import TYPE_CHECKING

from django.db import models
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise


class Act(models.TextChoices):
    """What somebody may do: the rows of the table "Who may do what". Each is a permission of the staff app."""

    SEE_MAPS = "see_maps", _("See maps and insights without personal data")
    SEE_CUSTOMERS = "see_customers", _("See customers, timelines and personal data")
    EDIT_CUSTOMERS = "edit_customers", _("Edit customers, log interactions, work on cases")
    DESIGN = "design", _("Edit and publish maps, surveys and campaigns")
    MERGE = "merge", _("Merge customers")
    TRANSFER = "transfer", _("Export and import")
    ADMINISTER = "administer", _("Erase, staff, keys, sources, settings, personas")

    @property
    def permission(self) -> str:
        return f"staff.{self.value}"


class Role(models.TextChoices):
    VIEWER = "Viewer", _("Viewer")
    AGENT = "Agent", _("Agent")
    MARKETER = "Marketer", _("Marketer")
    ADMIN = "Admin", _("Admin")

    @property
    def acts(self) -> frozenset[Act]:
        return _ACTS_OF_ROLES[self]


_ACTS_OF_ROLES: dict[Role, frozenset[Act]] = {
    Role.VIEWER: frozenset({Act.SEE_MAPS}),
    Role.AGENT: frozenset({Act.SEE_MAPS, Act.SEE_CUSTOMERS, Act.EDIT_CUSTOMERS, Act.MERGE}),
    Role.MARKETER: frozenset({Act.SEE_MAPS, Act.SEE_CUSTOMERS, Act.DESIGN, Act.TRANSFER}),
    Role.ADMIN: frozenset(Act),
}


class Scope(models.TextChoices):
    """What an API key may do; `read` is what a Viewer may."""

    READ = "read", _("read")
    WRITE = "write", _("write")
    PERSONAL = "personal", _("personal data")
    ADMIN = "admin", _("admin")

    @property
    def acts(self) -> frozenset[Act]:
        return _ACTS_OF_SCOPES[self]

    @property
    def help(self) -> "StrPromise":
        return _HELP_OF_SCOPES[self]


_ACTS_OF_SCOPES: dict[Scope, frozenset[Act]] = {
    Scope.READ: frozenset({Act.SEE_MAPS}),
    Scope.WRITE: frozenset({Act.EDIT_CUSTOMERS, Act.DESIGN}),
    Scope.PERSONAL: frozenset({Act.SEE_CUSTOMERS}),
    Scope.ADMIN: frozenset(Act),
}


_HELP_OF_SCOPES: "dict[Scope, StrPromise]" = {
    Scope.READ: _("read maps and insights, without personal data"),
    Scope.WRITE: _("write: interactions, consents, cases, maps, campaigns"),
    Scope.PERSONAL: _("read customers, timelines and personal data"),
    Scope.ADMIN: _("everything an admin may, settings and staff included"),
}


class NoticeKind(models.TextChoices):
    MENTION = "mention", _("Mention")
    HANDOFF = "handoff", _("Handoff")
    JOB = "job", _("Finished job")
    NEED = "need", _("Needs somebody")

    @property
    def icon(self) -> str:
        return {"mention": "at-sign", "handoff": "arrow-left-right", "job": "list-checks"}.get(self.value, "bell-ring")
