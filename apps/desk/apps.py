from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "apps.desk"
    verbose_name = "Desk"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from apps.core import registry
        from apps.staff.enums import Act

        registry.navigate(10, registry.NavigationItem(_("Home"), "house", "home", ""))
        registry.navigate(
            20,
            registry.NavigationItem(_("Customers"), "users", "customer_list", Act.SEE_CUSTOMERS.permission),
        )
