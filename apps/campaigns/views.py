from django.conf import settings
from django.contrib import messages as toasts
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.campaigns import contents, facts, gate, liquid, selectors, selectors_builder, selectors_runs
from apps.campaigns.actions import campaigns, delivering
from apps.campaigns.checking import CampaignError
from apps.campaigns.enums import CampaignState, MessageState
from apps.campaigns.models import Campaign, Message
from apps.core import keyset
from apps.core.htmx import render
from apps.core.models import CompanySettings
from apps.customers import selectors as customers
from apps.journeys.models import Journey
from apps.staff.enums import Act
from apps.staff.permissions import may, signed_in

PAGE = 50


@require_GET
@may(Act.SEE_CUSTOMERS)
def campaign_list(request: HttpRequest) -> HttpResponse:
    return render(request, "campaigns/campaign_list.html", {"campaigns": selectors.campaigns_with_counts()})


@require_GET
@may(Act.SEE_CUSTOMERS)
def campaign_detail(request: HttpRequest, pk: int) -> HttpResponse:
    campaign = get_object_or_404(Campaign.objects.select_related("journey__current_version"), pk=pk)
    context = {"campaign": campaign, "campaign_id": str(pk), "page": selectors.campaign_page(campaign)}
    return render(request, "campaigns/campaign_detail.html", context)


@require_GET
@may(Act.SEE_CUSTOMERS)
def campaigns_of_map(request: HttpRequest, journey: int) -> HttpResponse:
    """A fragment for the page of a map: what follows each of its stages."""
    found = get_object_or_404(Journey.objects.select_related("current_version"), pk=journey)
    context = {"journey": found, "stages": selectors_builder.campaigns_of_map(found)}
    return render(request, "campaigns/campaigns_of_map.html", context)


@require_POST
@may(Act.DESIGN)
def campaign_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Activate, pause or archive."""
    campaign = get_object_or_404(Campaign, pk=pk)
    try:
        toasts.success(request, _change(request, campaign))
    except CampaignError as error:
        toasts.error(request, str(error))
    return redirect("campaign_detail", pk=pk)


def _change(request: HttpRequest, campaign: Campaign) -> str:
    data = request.POST
    wanted = data.get("state")
    if wanted == CampaignState.ACTIVE:
        include = data.get("include_present") == "on"
        enrolled = campaigns.activate(
            campaign=campaign, include_present=include, now=timezone.now(), by=signed_in(request)
        )
        return activated(campaign, enrolled)
    if wanted == CampaignState.PAUSED:
        campaigns.pause(campaign=campaign)
        return _("%(campaign)s is paused. What is due waits; nothing is lost.") % {"campaign": campaign}
    if wanted == CampaignState.ARCHIVED:
        campaigns.archive(campaign=campaign, now=timezone.now())
        return _("%(campaign)s is archived; its runs have ended.") % {"campaign": campaign}
    raise campaigns.WrongState(_("Choose activate, pause or archive."))


def activated(campaign: Campaign, enrolled: int | None) -> str:
    said = _("%(campaign)s is active.") % {"campaign": campaign}
    if enrolled is None:
        return f"{said} {_('Those who are there already are being enrolled: see Jobs.')}"
    more = _("%(count)s who were there already are enrolled.") % {"count": enrolled} if enrolled else ""
    return f"{said} {more}".strip()


@require_POST
@may(Act.DESIGN)
def campaign_enrol(request: HttpRequest, pk: int) -> HttpResponse:
    """The one customer who goes by the value, for campaigns whose customers are chosen by hand."""
    campaign = get_object_or_404(Campaign, pk=pk)
    found = list(customers.with_identity(value=request.POST.get("who", "").strip())[:2])
    if len(found) != 1:
        toasts.error(request, _("Nobody goes by this.") if not found else _("Several go by this; use an id."))
        return redirect("campaign_detail", pk=pk)
    try:
        now = timezone.now()
        is_new = campaigns.enrol_by_hand(campaign=campaign, customer_ids=[found[0].pk], now=now, key=now.isoformat())
        if is_new:
            toasts.success(request, _("%(customer)s is enrolled.") % {"customer": found[0]})
        else:
            toasts.warning(
                request, _("%(customer)s was not enrolled: see “Why?” on the customer's page.") % {"customer": found[0]}
            )
    except CampaignError as error:
        toasts.error(request, str(error))
    return redirect("campaign_detail", pk=pk)


@require_GET
@may(Act.SEE_CUSTOMERS)
def outbox(request: HttpRequest) -> HttpResponse:
    state = request.GET.get("state", "")
    rows = Message.objects.select_related("enrolment__campaign", "customer", "step")
    if state in MessageState.values:
        rows = rows.filter(state=state)
    if request.GET.get("campaign", "").isdecimal():
        rows = rows.filter(enrolment__campaign_id=request.GET["campaign"][:17])
    if state == "waiting":
        rows = rows.filter(state__in=selectors_runs.STATES[state])
    if due := selectors_runs.read(request.GET.dict()).due:
        rows = rows.filter(**selectors_runs.due_on(due, now=timezone.now()))
    try:
        page = keyset.newest_first(rows, time_field="created_at", cursor=request.GET.get("cursor"), size=PAGE)
    except keyset.BadCursor:
        return redirect("outbox")
    query = request.GET.copy()
    query["cursor"] = page.next_cursor or ""
    context = {
        "rows": page.rows,
        "next_url": f"?{query.urlencode()}" if page.next_cursor else None,
        "state": state,
        "states": _state_options(state),
        "leaves": bool(settings.EMAIL_URL),
    }
    return render(request, "campaigns/outbox.html", context)


def _state_options(current: str) -> list[dict[str, object]]:
    options: list[dict[str, object]] = [{"url": "?", "label": _("All"), "is_current": not current}]
    options += [{"url": f"?state={s.value}", "label": s.label, "is_current": s == current} for s in MessageState]
    return options


@require_GET
@may(Act.SEE_CUSTOMERS)
def message_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A message as it looks, with what the gate says of it now."""
    rows = Message.objects.select_related("enrolment__campaign", "customer", "step", "topic", "invitation__survey")
    message = get_object_or_404(rows, pk=pk)
    company = CompanySettings.current()
    content, problem = None, ""
    try:
        content = contents.fill(message, company)
    except (liquid.TemplateError, contents.ContentError) as error:
        problem = str(error)
    waits = message.state in {MessageState.HELD, MessageState.QUEUED}
    context = {
        "message": message,
        "content": content,
        "problem": problem,
        "company": company,
        "verdict": _verdict(message, company) if waits else None,
    }
    return render(request, "campaigns/message_detail.html", context)


def _verdict(message: Message, company: CompanySettings) -> gate.Verdict:
    now = timezone.now()
    return gate.ask(facts.of_message(message, company=company, now=now), company=company, now=now)


@require_POST
@may(Act.DESIGN)
def replay_all(request: HttpRequest) -> HttpResponse:
    """Everything that failed, or what failed of one campaign."""
    campaign = request.POST.get("campaign", "")
    pk = int(campaign) if campaign.isdecimal() and len(campaign) < 17 else None
    count = delivering.replay_all(campaign_id=pk, now=timezone.now())
    toasts.success(request, _("%(count)s messages are queued again.") % {"count": count})
    return redirect("outbox")


@require_POST
@may(Act.DESIGN)
def message_replay(request: HttpRequest, pk: int) -> HttpResponse:
    message = get_object_or_404(Message, pk=pk)
    if delivering.replay(message=message, now=timezone.now()):
        toasts.success(request, _("The message is queued again."))
    else:
        toasts.error(request, _("Only failed messages can be sent again."))
    return redirect("message_detail", pk=pk)
