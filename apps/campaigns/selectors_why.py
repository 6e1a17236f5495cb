"""Why, or why not: all that decides whether a customer gets the messages of a campaign."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from apps.campaigns import facts, gate, paths, selectors_causes, sentences
from apps.campaigns.enums import CampaignState, EnrolmentState, MessageState, Reentry, TriggerKind
from apps.campaigns.facts import Subject
from apps.campaigns.models import Campaign, CampaignStep, Enrolment, Message, StepRun
from apps.campaigns.reasons import Asked, CauseLine, GateLine, RuleLine, RunLine, StepLine, Why
from apps.campaigns.selectors_causes import Happened, Span
from apps.core import rules
from apps.core.models import CompanySettings
from apps.customers.models import Customer

MOST_RUNS, MOST_MESSAGES, MOST_CAUSES = 20, 50, 10
LOOK_BACK = timedelta(days=365)


def why(customer: Customer, campaign: Campaign, *, now: datetime) -> Why:
    company = CompanySettings.current()
    asking = _Asking(customer, campaign, company, now)
    runs = [asking.line(run) for run in _runs(customer, campaign)]
    messages = list(_messages(customer, campaign))
    audience = RuleLine(rules.sentence(campaign.audience), asking.fits(campaign.audience))
    exit_rule, goal = (asking.since_the_cause(rule, runs) for rule in (campaign.exit_rule, campaign.goal_rule))
    causes = [
        CauseLine(one.cause.at, _not_for(one, campaign, runs, audience))
        for one in _causes(customer, campaign, now)[-MOST_CAUSES:][::-1]
    ]
    return Why(
        customer=customer,
        campaign=campaign,
        trigger=sentences.trigger(campaign.trigger, campaign.trigger_settings),
        causes=causes,
        audience=audience,
        reentry=_reentry(campaign),
        runs=runs,
        exit=exit_rule,
        goal=goal,
        messages=messages,
        asked=list(asking.all(runs, messages)),
    )


def _reentry(campaign: Campaign) -> str:
    if campaign.reentry == Reentry.COOL_DOWN:
        return _("again after %(days)s days") % {"days": campaign.cool_down_days}
    return str(Reentry(campaign.reentry).label)


def _runs(customer: Customer, campaign: Campaign) -> Iterable[Enrolment]:
    return Enrolment.objects.filter(customer=customer, campaign=campaign).order_by("-created_at", "-pk")[:MOST_RUNS]


def _messages(customer: Customer, campaign: Campaign) -> Iterable[Message]:
    rows = Message.objects.filter(customer=customer, enrolment__campaign=campaign)
    wanted = rows.select_related("step", "topic", "enrolment__campaign", "customer")
    return wanted.order_by("-created_at", "-pk")[:MOST_MESSAGES]


def _causes(customer: Customer, campaign: Campaign, now: datetime) -> list[Happened]:
    sought = selectors_causes.of_campaign(campaign)
    starts = campaign.version.published_at if campaign.version else now
    is_at_start = sought.kind is TriggerKind.SCHEDULE and "at" not in sought.settings
    since = starts if is_at_start else now - LOOK_BACK
    return selectors_causes.happened(sought, Span([customer.pk], since, now))


def _not_for(one: Happened, campaign: Campaign, runs: Sequence[RunLine], audience: RuleLine) -> str:
    """Why this cause enrolled nobody, or "" where it did."""
    if any(_is_of(line.run, one) for line in runs):
        return ""
    hours = campaign.max_lateness_hours
    if not one.fires:
        return _("came by %(origin)s, and only what happens live starts a campaign") % {"origin": one.origin}
    if one.is_late(timedelta(hours=hours)):
        late = {"late": f"{(one.known_at - one.cause.at).total_seconds() / 3600:.0f}", "most": f"{hours:g}"}
        return _("we learned of it %(late)s hours later, and %(most)s are allowed") % late
    first = campaign.versions.order_by("number").first()
    if first is None or one.known_at < first.published_at:
        return _("the campaign was not active then")
    if audience.fits is False:
        return _("the customer is not in the audience")
    if runs:
        return _("the customer was in the campaign already (re-entry: %(how)s)") % {"how": _reentry(campaign)}
    if campaign.state != CampaignState.ACTIVE:
        return _("the campaign is %(state)s") % {"state": campaign.get_state_display().lower()}
    return _("the campaign was paused then, or its audience was another")


def _is_of(run: Enrolment, one: Happened) -> bool:
    cause = one.cause
    if run.entry_key:
        return run.entry_key == cause.key
    return run.cause_at == cause.at


@dataclass(frozen=True)
class _Asking:
    customer: Customer
    campaign: Campaign
    company: CompanySettings
    now: datetime

    def fits(self, rule: dict[str, Any]) -> bool | None:
        if not rule:
            return None
        fitting = rules.compiled(rule, rules.Scope(now=self.now))
        return Customer.objects.filter(fitting, pk=self.customer.pk).exists()

    def since_the_cause(self, rule: dict[str, Any], runs: Sequence[RunLine]) -> RuleLine:
        """Of the newest run: what happened before its cause does not count."""
        if not rule:
            return RuleLine("", None)
        if not runs:
            return RuleLine(rules.sentence(rule), None)
        scope = rules.Scope(now=self.now, customer="customer", after="cause_at")
        fits = Enrolment.objects.filter(rules.compiled(rule, scope), pk=runs[0].run.pk).exists()
        return RuleLine(rules.sentence(rule), fits)

    def line(self, run: Enrolment) -> RunLine:
        steps = paths.steps_of(run.version_id)
        by_key = {step.key: step for step in self._all_steps()} | {step.key: step for step in steps.values()}
        gone = StepRun.objects.filter(enrolment=run).order_by("at", "pk")
        stands_at = steps.get(run.position) if run.state == EnrolmentState.ACTIVE else None
        step = None
        if stands_at is not None:
            step = paths.next_message(steps, run.position, customer=self.customer, now=self.now)
        return RunLine(
            run=run,
            steps=[_step_line(by_key[one.step_key], one) for one in gone if one.step_key in by_key],
            stands_at=_said(stands_at) if stands_at else "",
            next=self._of_step(step, run) if step is not None else None,
        )

    def _all_steps(self) -> Iterable[CampaignStep]:
        return CampaignStep.objects.filter(version__campaign=self.campaign).order_by("version__number")

    def all(self, runs: Sequence[RunLine], messages: Sequence[Message]) -> Iterable[Asked]:
        """Messages that wait, then the next of each run; where nobody is on the way, a first message that could be."""
        waiting = [one for one in messages if one.state in {MessageState.HELD, MessageState.QUEUED}]
        for message in waiting:
            about = _("The message that waits: %(step)s") % {"step": _said(message.step)}
            yield Asked(about, self._ask(facts.subject_of(message)))
        yield from (line.next for line in runs if line.next is not None)
        if not waiting and not any(line.run.state == EnrolmentState.ACTIVE for line in runs):
            version = self.campaign.version_id
            steps = paths.steps_of(version) if version else paths.steps_of_draft(self.campaign)
            step = paths.next_message(steps, 0, customer=self.customer, now=self.now)
            if step is not None:
                yield self._of_step(step, None)

    def _of_step(self, step: CampaignStep, run: Enrolment | None) -> Asked:
        subject = facts.of_step(self.campaign, step, self.customer)
        words = {"step": _said(step)}
        about = _("The next message: %(step)s") if run else _("A first message, if the customer came in now: %(step)s")
        return Asked(about % words, self._ask(replace(subject, enrolment_id=run.pk if run else None)))

    def _ask(self, subject: Subject) -> list[GateLine]:
        found = facts.read(subject, company=self.company, now=self.now)
        return [
            GateLine(
                gate=_(check.name),
                verdict="go" if check.verdict.passes else "never" if check.verdict.is_final else "not now",
                reason=check.verdict.reason,
                until=check.verdict.until,
                inputs=check.inputs,
            )
            for check in gate.examine(found, company=self.company, now=self.now)
        ]


def _said(step: CampaignStep) -> str:
    return f"{step.position + 1}. {step.get_kind_display()} · {sentences.step(step.kind, step.settings, step.ways)}"


def _step_line(step: CampaignStep, one: StepRun) -> StepLine:
    is_known = one.way is not None and one.way < len(step.ways)
    return StepLine(
        number=step.position + 1,
        label=step.get_kind_display(),
        text=sentences.step(step.kind, step.settings, step.ways),
        way=str(step.ways[one.way]["name"]) if is_known and one.way is not None else "",
        at=one.at,
    )
