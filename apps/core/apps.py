from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "apps.core"
    verbose_name = "Company"

    def ready(self) -> None:
        from apps.core import registry
        from apps.core.selectors import change_queue_gauge

        registry.gauge("pipeline", change_queue_gauge)
