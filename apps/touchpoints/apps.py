from django.apps import AppConfig


class TouchpointsConfig(AppConfig):
    name = "apps.touchpoints"
    verbose_name = "Touchpoints"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from apps.core import registry, rules
        from apps.staff.enums import Act
        from apps.touchpoints import predicates
        from apps.touchpoints.actions import activity
        from apps.touchpoints.models import Interaction

        registry.merge(Interaction, "customer", activity.move_interactions)
        registry.pipeline(10, activity.follow_merges)
        registry.pipeline(20, activity.record_activity)
        rules.register("did", predicates.DID)
        registry.navigate(80, registry.NavigationItem(_("Sources"), "plug", "source_list", Act.ADMINISTER.permission))
