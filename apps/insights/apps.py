from django.apps import AppConfig


class InsightsConfig(AppConfig):
    name = "apps.insights"
    verbose_name = "Insights"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from apps.core import registry
        from apps.staff.enums import Act

        registry.navigate(
            70, registry.NavigationItem(_("Insights"), "chart-column", "insights", Act.SEE_MAPS.permission)
        )
