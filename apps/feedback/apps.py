from django.apps import AppConfig


class FeedbackConfig(AppConfig):
    name = "apps.feedback"
    verbose_name = "Feedback"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from apps.core import registry, rules
        from apps.customers.actions import keeping
        from apps.feedback import predicates, transfers
        from apps.feedback.actions import merging
        from apps.feedback.models import Case, Invitation, Response, Review, ReviewSite, Survey
        from apps.staff.enums import Act

        rules.register("scored", predicates.SCORED)
        registry.importer("reviews", transfers.ReviewsImporter())
        registry.exporter("reviews", transfers.ReviewsExporter())
        registry.exporter("responses", transfers.ResponsesExporter())
        registry.merge(Invitation, "customer", merging.move_invitations)
        registry.merge(Response, "customer", merging.move_responses)
        registry.merge(Case, "customer", merging.move_cases)
        registry.merge(Review, "customer", merging.move_reviews)
        for model in (Case, Response, Invitation, Review):
            keeping.about_people(model)
        registry.may_undo(Survey, ReviewSite)
        registry.navigate(
            50,
            registry.NavigationItem(_("Feedback"), "message-square-text", "feedback", Act.SEE_CUSTOMERS.permission),
        )
