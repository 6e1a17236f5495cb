from django.apps import AppConfig
from django.db.models.signals import post_migrate


class CustomersConfig(AppConfig):
    name = "apps.customers"
    verbose_name = "Customers"

    def ready(self) -> None:
        from apps.core import registry, rules
        from apps.customers import predicates
        from apps.customers.actions import merges, topics
        from apps.customers.models import Consent, Customer, Identity, SearchTerm

        registry.merge(Customer, "merged_into", merges.redirect_again)
        registry.merge(Identity, "customer", merges.move_identities)
        registry.merge(SearchTerm, "customer", merges.move_search_terms)
        registry.merge(Consent, "customer", merges.move_consents)
        rules.register("trait", predicates.TRAIT)
        post_migrate.connect(topics.make_built_in, sender=self, dispatch_uid="customers.topics")
