from django.apps import AppConfig
from django.db.models.signals import post_migrate


class StaffConfig(AppConfig):
    name = "apps.staff"
    verbose_name = "Staff"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        import apps.staff.openapi  # noqa: F401 - the schema learns of API keys
        from apps.core import pruning, registry
        from apps.core.models import CompanySettings
        from apps.staff.actions import notices
        from apps.staff.actions.roles import sync_after_migrate
        from apps.staff.enums import Act
        from apps.staff.models import Department
        from apps.staff.selectors import ageing, first_hour

        post_migrate.connect(sync_after_migrate, dispatch_uid="staff.roles")
        registry.on_job_end(notices.tell_of_job)
        registry.may_undo(CompanySettings, but=frozenset({"conversion_rule"}))
        registry.may_undo(Department)
        registry.prune("expired sessions", pruning.whole_rows(ageing.expired_sessions))
        registry.prune("devices of expired sessions", pruning.whole_rows(ageing.devices_without_session))
        registry.prune("read notices", pruning.whole_rows(ageing.read_notices))
        for order, step in first_hour.STEPS.items():
            registry.first_step(order, step)
        registry.navigate(
            88, registry.NavigationItem(_("Settings"), "settings", "company_settings", Act.ADMINISTER.permission)
        )
        registry.navigate(85, registry.NavigationItem(_("Data"), "arrow-left-right", "data", Act.TRANSFER.permission))
        registry.navigate(90, registry.NavigationItem(_("Admin"), "database", "admin:index", Act.ADMINISTER.permission))
