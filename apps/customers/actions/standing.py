"""What the pipeline derives of each customer that changed: status by the company's conversion rule, persona by rule."""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import (
    BigIntegerField,
    BooleanField,
    Case,
    CharField,
    ExpressionWrapper,
    F,
    Q,
    QuerySet,
    Value,
    When,
)
from django.utils.translation import gettext as _

from apps.core import actions as changes
from apps.core import jobs, locks, rules, wake
from apps.core.comparison import RuleError
from apps.core.enums import Origin
from apps.core.models import CompanySettings, Job
from apps.core.registry import Batch
from apps.customers.enums import Status
from apps.customers.models import Customer, Persona

# The status is asked before anything that follows from it, so its rule may ask none of these; a persona's likewise.
NOT_IN_CONVERSION = ("status", "persona", "in_segment")
NOT_IN_PERSONA = ("persona", "in_segment")
_SWEPT_AT_ONCE = 5000


def follow_status(batch: Batch) -> None:
    """Pipeline handler."""
    settings = CompanySettings.current()
    said = status_expression(settings, now=batch.now)
    rows = _of(batch).annotate(said=said).values_list("pk", "status", "said")
    _write(rows, "status")


def status_expression(settings: CompanySettings, *, now: datetime) -> Case:
    """former: has bought, and was not active for so long; customer: has bought; prospect: is known. Who was a customer
    stays one when the interactions that say so may have been pruned."""
    bought = rules.compiled(settings.conversion_rule, rules.Scope(now=now))
    if settings.keep_interactions_days:
        cut = now - timedelta(days=settings.keep_interactions_days)
        bought |= Q(status__in=[Status.CUSTOMER, Status.FORMER], first_seen_at__lt=cut)
    silent = Q(last_activity_at__lt=now - timedelta(days=settings.former_after_days))
    return Case(
        When(bought & silent, then=Value(Status.FORMER.value)),
        When(bought, then=Value(Status.CUSTOMER.value)),
        When(is_identified=True, then=Value(Status.PROSPECT.value)),
        default=Value(Status.VISITOR.value),
        output_field=CharField(),
    )


def follow_personas(batch: Batch) -> None:
    """Pipeline handler: the first persona whose rule fits, for those who have none by hand. Who fits none any more has
    none; where no persona has a rule, nothing is touched."""
    ruled = with_rules()
    if not ruled:
        return
    rows = _of(batch).filter(has_fixed_persona=False).annotate(said=persona_expression(ruled, now=batch.now))
    _write(rows.values_list("pk", "persona_id", "said"), "persona_id")


def with_rules() -> list[Persona]:
    return list(Persona.objects.exclude(rule={}).order_by("position", "pk"))


def persona_expression(personas: Sequence[Persona], *, now: datetime) -> Case:
    scope = rules.Scope(now=now)
    return Case(
        *(When(_holds(persona.rule, scope), then=Value(persona.pk)) for persona in personas),
        default=Value(None),
        output_field=BigIntegerField(),
    )


def _holds(rule: dict[str, Any], scope: rules.Scope) -> Q:
    return Q(ExpressionWrapper(rules.compiled(rule, scope) or Q(pk__isnull=False), output_field=BooleanField()))


def _of(batch: Batch) -> QuerySet[Customer]:
    return Customer.objects.present().filter(pk__in=batch.customer_ids)


def _write(rows: Any, column: str) -> None:
    """One statement for each value that somebody gets."""
    wanted: dict[Any, list[int]] = {}
    for pk, before, after in rows:
        if before != after:
            wanted.setdefault(after, []).append(pk)
    for value, ids in wanted.items():
        Customer.objects.filter(pk__in=ids).update(**{column: value})


def sweep_former(*, now: datetime) -> int:
    """Customers who have been silent for so long that they are former ones are put on the change queue."""
    since = now - timedelta(days=CompanySettings.current().former_after_days)
    silent = Customer.objects.present().filter(status=Status.CUSTOMER, last_activity_at__lt=since)
    ids = list(silent.order_by("last_activity_at").values_list("pk", flat=True)[:_SWEPT_AT_ONCE])
    changes.record_changes(customer_ids=ids, origin=Origin.LIVE)
    return len(ids)


# --- By hand, and for everybody when a rule was edited

JOB = "standing"
_CHUNK = 5000


@transaction.atomic
def give_persona(*, customer: Customer, persona: Persona | None, is_fixed: bool) -> None:
    """By hand (`is_fixed`; none is a choice, too), or back to what the rules say."""
    locks.wait_for_customers([customer.pk])
    fields: dict[str, Any] = {"has_fixed_persona": is_fixed}
    if is_fixed:
        fields["persona"] = persona
    Customer.objects.filter(pk=customer.pk).update(**fields)
    changes.record_changes(customer_ids=[customer.pk], origin=Origin.STAFF)


def save_rule(*, persona: Persona, rule: dict[str, Any]) -> None:
    """Everybody is looked at anew in the background. Raises RuleError."""
    rules.check(rule, without=NOT_IN_PERSONA)
    Persona.objects.filter(pk=persona.pk).update(rule=rule)
    wake.on_commit("segments")


def save_conversion_rule(*, rule: dict[str, Any]) -> None:
    """Everybody is looked at anew in the background. Raises RuleError."""
    rules.check(rule, without=NOT_IN_CONVERSION)
    if not rule:
        raise RuleError("Say what somebody did who has bought: add a condition.")
    CompanySettings.objects.get_or_create(pk=1)
    CompanySettings.objects.filter(pk=1).update(conversion_rule=rule)
    wake.on_commit("segments")


def keep(*, now: datetime) -> bool:
    """Starts the job that looks at everybody when the rules are not those of the last one; whether it did."""
    digest = _digest()
    last = Job.objects.filter(kind=JOB).order_by("-pk").first()
    if last is not None and last.params.get("digest") == digest:
        return False
    if last is not None and not last.is_finished:
        jobs.ask_to_cancel(job=last, now=now)
    jobs.start(kind=JOB, title=str(_("Statuses and personas, looked at anew")), user_id=None, params={"digest": digest})
    return True


def _digest() -> str:
    settings = CompanySettings.current()
    said = [settings.conversion_rule, settings.former_after_days, [(p.pk, p.position, p.rule) for p in with_rules()]]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def look_at_chunk(job: Job, now: datetime) -> bool:
    """The chunk of the job: customers by id. Who changes is put on the change queue, so that segments follow."""
    after = job.cursor.get("after", 0)
    rows = Customer.objects.present().filter(pk__gt=after).order_by("pk")[:_CHUNK]
    ids = list(rows.values_list("pk", flat=True))
    if job.total is None:
        job.total = Customer.objects.present().count()
    changing = would_change(customer_ids=ids, now=now)
    changes.record_changes(customer_ids=changing, origin=Origin.REBUILD)
    job.done += len(ids)
    job.cursor = {"after": ids[-1] if ids else after}
    job.result = {"changed": job.result.get("changed", 0) + len(changing)}
    return len(ids) < _CHUNK


def would_change(*, customer_ids: list[int], now: datetime) -> list[int]:
    """Those whose stored status or persona is not what the rules say now."""
    of = Customer.objects.filter(pk__in=customer_ids)
    status = of.annotate(said=status_expression(CompanySettings.current(), now=now)).exclude(said=F("status"))
    found = set(status.values_list("pk", flat=True))
    ruled = with_rules()
    if ruled:
        found |= set(persona_changes(of, ruled, now=now).values_list("pk", flat=True))
    return sorted(found)


def persona_changes(of: QuerySet[Customer], personas: Sequence[Persona], *, now: datetime) -> QuerySet[Customer]:
    """Those who would get another persona, or none, with its id as `said`."""
    said = of.filter(has_fixed_persona=False).annotate(said=persona_expression(personas, now=now))
    return said.filter(
        ~Q(said=F("persona_id")) | Q(said=None, persona__isnull=False) | Q(persona=None, said__isnull=False)
    )
