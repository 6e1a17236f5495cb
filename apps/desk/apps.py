from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "apps.desk"
    verbose_name = "Desk"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from apps.core import registry
        from apps.customers.actions import keeping
        from apps.desk.actions import work
        from apps.desk.models import Task
        from apps.staff.enums import Act

        registry.merge(Task, "customer", work.move)
        keeping.about_people(Task, without=["key"])
        registry.campaign_step("task", registry.CampaignStepKind(work.check_step, work.run_step, work.sentence))

        registry.navigate(10, registry.NavigationItem(_("Home"), "house", "home", ""))
        registry.navigate(
            20,
            registry.NavigationItem(_("Customers"), "users", "customer_list", Act.SEE_CUSTOMERS.permission),
        )
