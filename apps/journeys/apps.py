from django.apps import AppConfig


class JourneysConfig(AppConfig):
    name = "apps.journeys"
    verbose_name = "Journeys"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from apps.core import registry, rules
        from apps.core.registry import Pruner, Stuck
        from apps.journeys import exports, predicates, registrations
        from apps.journeys.actions import guarding, progress, pruning, publishing
        from apps.journeys.models import Card, Journey, Lane, Stage, Step
        from apps.journeys.selectors import maps, standing, touchpoints
        from apps.staff.enums import Act

        rules.register("in_stage", predicates.IN_STAGE)
        rules.register("overdue", predicates.OVERDUE)
        rules.register("reached", predicates.REACHED)
        registry.job(
            publishing.JOB,
            registry.JobKind(_("Publication of a map"), publishing.publish_chunk, on_cancel=publishing.go_back),
        )
        registry.guard_publishing(guarding.keep_what_rules_ask_for)
        registry.uses_touchpoint(touchpoints.steps_at)
        registry.pipeline(30, progress.fold_changes)
        registrations.register_people()
        registry.exporter("improvements", exports.ImprovementsExporter())
        registry.may_undo(Journey, but=frozenset({"current_version"}))  # publishing refolds
        registry.may_undo(Stage, Step, Lane, Card)
        registry.first_step(50, maps.FIRST_STEP)
        fix = _("Look whether beat and a worker run: a sweep every ten seconds takes them up.")
        registry.health_check("looks", Stuck(standing.looks_overdue, _("Customers whose time has come"), fix, many=100))
        registry.prune("interactions", Pruner(rows=pruning.old_interactions, batches=pruning.batches))
        registry.navigate(30, registry.NavigationItem(_("Journeys"), "map", "journey_list", Act.SEE_MAPS.permission))
