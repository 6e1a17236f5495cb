from django.apps import AppConfig
from django.db.models.signals import post_migrate


class StaffConfig(AppConfig):
    name = "apps.staff"
    verbose_name = "Staff"

    def ready(self) -> None:
        from apps.staff.actions.roles import sync_after_migrate

        post_migrate.connect(sync_after_migrate, dispatch_uid="staff.roles")
