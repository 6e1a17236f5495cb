from django.apps import AppConfig


class FeedbackConfig(AppConfig):
    name = "apps.feedback"
    verbose_name = "Feedback"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from apps.core import registry
        from apps.feedback.actions import merging
        from apps.feedback.models import Case, Invitation, Response
        from apps.staff.enums import Act

        registry.merge(Invitation, "customer", merging.move_invitations)
        registry.merge(Response, "customer", merging.move_responses)
        registry.merge(Case, "customer", merging.move_cases)
        registry.navigate(
            50,
            registry.NavigationItem(_("Feedback"), "message-square-text", "feedback", Act.SEE_CUSTOMERS.permission),
        )
