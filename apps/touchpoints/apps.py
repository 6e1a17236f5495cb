from django.apps import AppConfig


class TouchpointsConfig(AppConfig):
    name = "apps.touchpoints"
    verbose_name = "Touchpoints"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from apps.core import pruning, registry, rules
        from apps.staff.enums import Act
        from apps.touchpoints import exports, predicates, registrations, selectors, transfers
        from apps.touchpoints.actions import activity, catalogue, days, rematching
        from apps.touchpoints.models import Interaction, RefusedItem, Source, Touchpoint

        registry.count_inserts("interactions_stored", Interaction)
        registry.count_inserts("items_refused", RefusedItem)
        registry.prune("refused items", pruning.whole_rows(selectors.old_refused_items))
        registry.importer("interactions", transfers.InteractionsImporter())
        registry.exporter("interactions", exports.InteractionsExporter())
        registrations.register_people()
        registry.pipeline(10, activity.follow_merges)
        registry.pipeline(20, activity.record_activity)
        registry.pipeline(60, days.count_touchpoints)
        registry.job(catalogue.MATCH_JOB, registry.JobKind(_("Touchpoints matched anew"), rematching.chunk))
        rules.register("did", predicates.DID)
        registry.navigate(
            45, registry.NavigationItem(_("Touchpoints"), "radio", "touchpoint_list", Act.SEE_MAPS.permission)
        )
        registry.may_undo(Source)
        registry.may_undo(Touchpoint, but=frozenset({"name"}))  # steps may match by it
        registry.need("refused items", selectors.sources_in_need)
        registry.first_step(40, selectors.FIRST_STEP)
        registry.navigate(80, registry.NavigationItem(_("Sources"), "plug", "source_list", Act.ADMINISTER.permission))
