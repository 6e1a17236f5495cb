"""The builder: the flow of a campaign beside the part that is being edited. Every edit is a post that answers both;
without JavaScript the same addresses answer with whole pages."""

from uuid import UUID

from django.contrib import messages as toasts
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.campaigns import recipes, selectors, selectors_builder, selectors_messages
from apps.campaigns.actions import campaigns, drafts
from apps.campaigns.actions.campaigns import Decision
from apps.campaigns.actions.drafts import Outdated, Place
from apps.campaigns.answers import Editor, starting_step
from apps.campaigns.checking import CampaignError
from apps.campaigns.enums import CampaignState, StepKind
from apps.campaigns.forms_builder import NewCampaignForm
from apps.campaigns.models import Campaign
from apps.campaigns.views import activated
from apps.core.htmx import render
from apps.staff.enums import Act
from apps.staff.permissions import may, signed_in

PARTIALS = {"builder": "builder"}


@require_GET
@may(Act.DESIGN)
def campaign_new(request: HttpRequest) -> HttpResponse:
    """What to start from; `stage` in the address is the key of the stage to follow."""
    context = {"recipes": recipes.RECIPES, "empty": recipes.EMPTY, "stage": request.GET.get("stage", "")}
    return render(request, "campaigns/campaign_new.html", context)


@require_http_methods(["GET", "POST"])
@may(Act.DESIGN)
def campaign_create(request: HttpRequest, recipe: str) -> HttpResponse:
    found = recipes.by_key(recipe)
    if found is None:
        return redirect("campaign_new")
    known = recipes.stages()
    asked = next((one for one in known if one.key == request.GET.get("stage", "")), None)
    best = asked or recipes.best_stage(found, known)
    choices = [(one.key, f"{one.stage} · {one.journey}") for one in known] if found.kinds or not found.text else []
    initial = {"name": found.name, "stage": best.key if best else ""}
    form = NewCampaignForm(request.POST or None, stages=choices, initial=initial)
    if request.method == "POST" and form.is_valid():
        stage = next((one for one in known if one.key == form.cleaned_data.get("stage")), asked)
        text = {**recipes.draft(found, stage=stage), "name": form.cleaned_data["name"]}
        return redirect("campaign_edit", pk=drafts.create(text=text).pk)
    status = 422 if request.method == "POST" else 200
    return render(request, "campaigns/campaign_create.html", {"recipe": found, "form": form}, status=status)


@require_http_methods(["GET", "POST"])
@may(Act.DESIGN)
def campaign_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """`part` in the address: trigger, audience, exit, goal, settings, or the key of a step; `way` of a branch."""
    campaign = get_object_or_404(Campaign.objects.select_related("version", "journey"), pk=pk)
    if campaign.state == CampaignState.ARCHIVED and request.method == "GET":
        return _archived(request, pk)
    part, way = request.GET.get("part", ""), request.GET.get("way", "")
    editor = None
    try:
        editor = Editor(campaign, part, way, typed=request.POST if request.method == "POST" else None)
        if request.method == "POST" and editor.is_valid():
            campaign = editor.save(revision=_revision(request))
            if request.POST.get("then") == "write":
                return _write(request, pk, part)
            editor = Editor(campaign, part, way)
            return _answer(request, campaign, editor, said=_("Saved."))
    except Outdated as error:
        assert editor is not None  # noqa: S101 - only saving raises it
        editor.conflict = error.campaign
        return _answer(request, error.campaign, editor, status=409)
    except CampaignError as error:
        editor = editor or Editor(campaign, "", "")  # the part is there no more
        editor.refuse(error)
        return _answer(request, campaign, editor, status=422)
    return _answer(request, campaign, editor, status=422 if request.method == "POST" and not editor.is_preview else 200)


def _archived(request: HttpRequest, pk: int) -> HttpResponse:
    toasts.warning(request, _("An archived campaign stays as it is. Copy it, and change the copy."))
    return redirect("campaign_detail", pk=pk)


def _write(request: HttpRequest, pk: int, part: str) -> HttpResponse:
    """On to the page of the message, which is another one."""
    url = reverse("step_message", args=[pk, part])
    if request.headers.get("HX-Request") != "true":
        return redirect(url)
    response = HttpResponse(status=204)
    response["HX-Redirect"] = url
    return response


def _answer(
    request: HttpRequest, campaign: Campaign, editor: Editor, *, said: str = "", status: int = 200
) -> HttpResponse:
    context = {
        "campaign": campaign,
        "flow": selectors_builder.flow(campaign),
        "editor": editor,
        "kinds": list(StepKind),
        "said": said,
        **editor.context(),
    }
    return render(request, "campaigns/campaign_edit.html", context, partials=PARTIALS, status=status)


def _revision(request: HttpRequest) -> int | None:
    value = request.POST.get("revision", "")
    return int(value) if value.isdecimal() and len(value) < 10 else None


@require_POST
@may(Act.DESIGN)
def step_add(request: HttpRequest, pk: int) -> HttpResponse:
    campaign = get_object_or_404(Campaign, pk=pk)
    kind = request.POST.get("kind", "")
    if kind not in StepKind.values:
        return _acted(request, pk, CampaignError(_("Choose what to add.")))
    place = Place(
        request.POST.get("parent", ""), _number(request.POST.get("way", "0")), _number(request.POST.get("at", "0"))
    )
    try:
        raw = {kind: starting_step(StepKind(kind))}
        key = drafts.add_step(campaign=campaign, raw=raw, place=place, revision=_revision(request))
    except CampaignError as error:
        return _acted(request, pk, error)
    return _acted(request, pk, part=key)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 5 else 0


@require_POST
@may(Act.DESIGN)
def step_change(request: HttpRequest, pk: int, key: UUID) -> HttpResponse:
    """Up, down, duplicate, delete."""
    campaign = get_object_or_404(Campaign, pk=pk)
    act, revision, step = request.POST.get("act", ""), _revision(request), str(key)
    try:
        if act == "duplicate":
            drafts.duplicate_step(campaign=campaign, key=step, revision=revision)
        elif act == "delete":
            drafts.delete_step(campaign=campaign, key=step, revision=revision)
        else:
            drafts.move_step(campaign=campaign, key=step, by=-1 if act == "up" else 1, revision=revision)
    except CampaignError as error:
        return _acted(request, pk, error)
    return _acted(request, pk, part="" if act == "delete" else step)


@require_POST
@may(Act.DESIGN)
def draft_undo(request: HttpRequest, pk: int) -> HttpResponse:
    campaign = get_object_or_404(Campaign, pk=pk)
    try:
        drafts.undo(campaign=campaign, revision=_revision(request))
    except CampaignError as error:
        return _acted(request, pk, error)
    return _acted(request, pk)


def _acted(request: HttpRequest, pk: int, error: CampaignError | None = None, *, part: str = "") -> HttpResponse:
    """The flow as it is now: for HTMX in place, else by its address."""
    if request.headers.get("HX-Request") != "true":
        if error is not None:
            toasts.error(request, str(error))
        return redirect(f"{reverse('campaign_edit', args=[pk])}?part={part}")
    campaign = get_object_or_404(Campaign.objects.select_related("version", "journey"), pk=pk)
    editor = Editor(campaign, part, "")
    editor.error = str(error) if error else ""
    status = 409 if isinstance(error, Outdated) else 422 if error else 200
    return _answer(request, campaign, editor, status=status)


@require_http_methods(["GET", "POST"])
@may(Act.DESIGN)
def campaign_publish(request: HttpRequest, pk: int) -> HttpResponse:
    """What happens when the draft goes into force, before it happens."""
    campaign = get_object_or_404(Campaign.objects.select_related("version", "journey"), pk=pk)
    if campaign.state == CampaignState.ARCHIVED:
        return _archived(request, pk)
    standing = selectors_builder.standing(campaign) if campaign.has_news else []
    problem = selectors_builder.problem(campaign.draft)
    if request.method == "POST" and not problem:
        try:
            decisions = {one.key: Decision(request.POST.get(f"decide-{one.key}", "stay")) for one in standing}
            enrolled = campaigns.activate(
                campaign=campaign, include_present=request.POST.get("include_present") == "on", now=timezone.now(),
                by=signed_in(request), decisions=decisions,
            )  # fmt: skip
        except (CampaignError, ValueError) as error:
            problem = str(error)
        else:
            toasts.success(request, activated(campaign, enrolled))
            return redirect("campaign_detail", pk=pk)
    context = {
        "campaign": campaign, "standing": standing, "problem": problem, "flow": selectors_builder.flow(campaign),
        "present": selectors.would_be_present(campaign), "decisions": _DECISIONS,
        "reached": selectors.would_be_reached(campaign, now=timezone.now()),
        "doubts": [] if problem else selectors_messages.doubts(campaign),
    }  # fmt: skip
    status = 422 if request.method == "POST" else 200
    return render(request, "campaigns/campaign_publish.html", context, status=status)


_DECISIONS = [
    (Decision.STAY.value, gettext_lazy("Stay with the version they began with")),
    (Decision.MOVE.value, gettext_lazy("Move to the new version; a wait that began ends as it would have")),
    (Decision.EXIT.value, gettext_lazy("Exit")),
]


@require_POST
@may(Act.DESIGN)
def campaign_copy(request: HttpRequest, pk: int) -> HttpResponse:
    made = drafts.copy_campaign(campaign=get_object_or_404(Campaign, pk=pk))
    toasts.success(request, _("A copy as a draft."))
    return redirect("campaign_edit", pk=made.pk)
