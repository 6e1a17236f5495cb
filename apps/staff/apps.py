from django.apps import AppConfig
from django.db.models.signals import post_migrate


class StaffConfig(AppConfig):
    name = "apps.staff"
    verbose_name = "Staff"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from apps.core import registry
        from apps.staff.actions.roles import sync_after_migrate
        from apps.staff.enums import Act

        post_migrate.connect(sync_after_migrate, dispatch_uid="staff.roles")
        registry.navigate(90, registry.NavigationItem(_("Admin"), "settings", "admin:index", Act.ADMINISTER.permission))
