from django.apps import AppConfig


class JourneysConfig(AppConfig):
    name = "apps.journeys"
    verbose_name = "Journeys"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from apps.core import registry
        from apps.journeys.actions import merging, progress
        from apps.journeys.models import Progress, StageEntry, StageMove, StepVisit
        from apps.staff.enums import Act

        registry.pipeline(30, progress.fold_changes)
        registry.merge(StageEntry, "customer", merging.move_entries)
        registry.merge(Progress, "customer", merging.drop_progress)
        registry.merge(StepVisit, "customer", merging.drop_visits)
        registry.merge(StageMove, "customer", merging.drop_moves)
        registry.navigate(30, registry.NavigationItem(_("Journeys"), "map", "journey_list", Act.SEE_MAPS.permission))
