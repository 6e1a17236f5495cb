from django.apps import AppConfig

IN_FORCE = (
    "state", "paused_because", "version", "journey", "trigger", "trigger_settings", "stage_key", "audience",
    "rechecks_audience", "exit_rule", "goal_rule", "goal_within_days", "reentry", "cool_down_days",
    "max_lateness_hours", "holdout_percent", "priority",
)  # fmt: skip


class CampaignsConfig(AppConfig):
    name = "apps.campaigns"
    verbose_name = "Campaigns"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from apps.campaigns import registrations, selectors, transfers
        from apps.campaigns.actions import delivering, enrolling
        from apps.campaigns.models import Brand, Campaign, Endpoint, Snippet, Template
        from apps.core import registry
        from apps.core.registry import Stuck
        from apps.staff.enums import Act

        registry.holds_rules(selectors.rule_holders)
        registry.guard_publishing(selectors.keep_stages_of_active_campaigns)
        registry.pipeline(40, enrolling.enrol_from_facts)
        registry.pipeline(50, enrolling.look_at_exits_and_goals)
        registry.pipeline(55, delivering.look_at_closed_cases)
        registry.importer("suppressions", transfers.SuppressionsImporter())
        registry.exporter("suppressions", transfers.SuppressionsExporter())
        registrations.register()
        registry.gauge("run", selectors.run_gauge)
        registry.gauge("deliver", selectors.deliver_gauge)
        fix = _("Look whether a worker takes the queue “run”; an error stands in campaigns_enrolment.error.")
        registry.health_check("enrolments", Stuck(selectors.stuck_enrolments, _("Enrolments due long ago"), fix))
        fix = _("Look whether a worker takes the queue “deliver”: it takes over what a dead worker held.")
        registry.health_check("messages", Stuck(selectors.stuck_messages, _("Messages held past their lease"), fix))
        # What is in force follows the draft when somebody publishes it; activating looks at who is there already.
        registry.may_undo(Campaign, but=frozenset(IN_FORCE))
        registry.may_undo(Endpoint, Brand, Snippet, Template)
        registry.first_step(60, selectors.FIRST_STEP)
        registry.navigate(
            60, registry.NavigationItem(_("Campaigns"), "send", "campaign_list", Act.SEE_CUSTOMERS.permission)
        )
