from django.apps import AppConfig
from django.db.models.signals import post_migrate


class CustomersConfig(AppConfig):
    name = "apps.customers"
    verbose_name = "Customers"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from apps.core import registry, rules
        from apps.customers import exports, predicates, registrations, selectors, transfers, transfers_others
        from apps.customers.actions import segments, standing, topics
        from apps.customers.models import Company, Persona, Segment, Topic

        registrations.register_people()
        registry.importer("customers", transfers.CustomersImporter())
        registry.importer("companies", transfers_others.CompaniesImporter())
        registry.importer("consents", transfers_others.ConsentsImporter())
        registry.exporter("customers", exports.CustomersExporter())
        registry.exporter("companies", exports.CompaniesExporter())
        registry.exporter("consents", exports.ConsentsExporter())
        registry.job(standing.JOB, registry.JobKind(_("Statuses and personas"), standing.look_at_chunk))
        registry.may_undo(Company, Persona, Segment, Topic)
        registry.pipeline(32, standing.follow_status)
        registry.pipeline(34, standing.follow_personas)
        registry.pipeline(36, segments.follow)
        registry.holds_rules(selectors.rule_holders)
        for name, predicate in predicates.ALL.items():
            rules.register(name, predicate)
        post_migrate.connect(topics.make_built_in, sender=self, dispatch_uid="customers.topics")
