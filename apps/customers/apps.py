from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "apps.customers"
    verbose_name = "Customers"

    def ready(self) -> None:
        from apps.core import registry, rules
        from apps.customers import predicates
        from apps.customers.actions import merges
        from apps.customers.models import Consent, Customer, Identity, SearchTerm

        registry.merge(Customer, "merged_into", merges.redirect_again)
        registry.merge(Identity, "customer", merges.move_identities)
        registry.merge(SearchTerm, "customer", merges.move_search_terms)
        registry.merge(Consent, "customer", merges.move_consents)
        rules.register("trait", predicates.TRAIT)
