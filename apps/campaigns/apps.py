from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    name = "apps.campaigns"
    verbose_name = "Campaigns"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from apps.campaigns import selectors
        from apps.campaigns.actions import enrolling, merging
        from apps.campaigns.models import Enrolment, Message
        from apps.core import registry
        from apps.staff.enums import Act

        registry.pipeline(40, enrolling.enrol_from_facts)
        registry.pipeline(50, enrolling.look_at_exits_and_goals)
        registry.merge(Enrolment, "customer", merging.move_enrolments)
        registry.merge(Message, "customer", merging.move_messages)
        registry.gauge("run", selectors.run_gauge)
        registry.gauge("deliver", selectors.deliver_gauge)
        registry.navigate(
            60, registry.NavigationItem(_("Campaigns"), "send", "campaign_list", Act.SEE_CUSTOMERS.permission)
        )
