"""What becomes of what this app keeps on people when two are merged, one is erased, or one asks for it."""

from anymail.signals import tracking
from django.utils.translation import gettext_lazy

from apps.campaigns import esp_events, predicates, selectors_names, selectors_topics
from apps.campaigns.actions import dry_runs, erasing, merging, present, sweeping
from apps.campaigns.models import Confirmation, Enrolment, Message, Suppression
from apps.core import pruning, registry, rules
from apps.core.registry import JobKind, Log
from apps.customers.actions import erasing as customers_erasing
from apps.customers.actions import keeping


def register() -> None:
    register_people()
    register_answers()
    register_jobs()


def register_jobs() -> None:
    registry.job(present.JOB, JobKind(gettext_lazy("Enrolment of those present"), present.chunk))
    registry.job(sweeping.JOB, JobKind(gettext_lazy("Broadcast"), sweeping.broadcast_chunk))
    registry.job(dry_runs.KIND, JobKind(gettext_lazy("Dry run of a campaign"), dry_runs.chunk))


def register_people() -> None:
    registry.merge(Enrolment, "customer", merging.move_enrolments, log=Log.ROWS)
    registry.merge(Message, "customer", merging.move_messages)
    for model in (Message, Enrolment):
        keeping.about_people(model, without=["key", "fence", "lease_until"])
    registry.before_erase(erasing.stop)
    registry.forget("suppressions", erasing.forget_suppressions)
    registry.personal(Suppression, "address", erasing.suppressions_of)


def register_answers() -> None:
    """What providers tell, what rules ask of messages, and sign-ups that wait: an address without a customer."""
    tracking.connect(esp_events.take, dispatch_uid="campaigns.esp_events")
    rules.register("received", predicates.RECEIVED)
    rules.register("clicked", predicates.CLICKED)
    registry.forget("sign-ups", erasing.forget_confirmations)
    registry.personal(Confirmation, "address", erasing.confirmations_of)
    registry.merge(Confirmation, "customer", merging.move_confirmations)
    customers_erasing.register(Confirmation, "customer")
    registry.personal(Confirmation, "customer", erasing.asked_of)
    registry.uses_survey(selectors_names.asking_by)
    registry.prune("sign-ups", pruning.whole_rows(selectors_topics.old_confirmations))
