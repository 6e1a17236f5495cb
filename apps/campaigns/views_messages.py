"""The page of a message: its words, what it looks like, what is looked at before it is sent."""

from typing import Any
from uuid import UUID

from django.conf import settings as django_settings
from django.contrib import messages as toasts
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.shortcuts import render as django_render
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_http_methods, require_POST

from apps.campaigns import contents, liquid
from apps.campaigns import selectors_messages as selectors
from apps.campaigns.actions import drafts, editing, trying, wording
from apps.campaigns.checking import CampaignError
from apps.campaigns.forms_messages import Sheet, TemplateForm, ToneForm, modes
from apps.campaigns.mails import blocks, choosing, previewing
from apps.campaigns.mails.choosing import BASE
from apps.campaigns.models import Campaign
from apps.campaigns.selectors_messages import Desk, Shown
from apps.core.htmx import render
from apps.customers.models import Customer
from apps.journeys.actions.images import NotAPicture
from apps.staff.enums import Act
from apps.staff.permissions import may, signed_in

PREVIEW_POLICY = {
    "default-src": ["'none'"],
    "img-src": ["'self'", "data:", "https:"],
    "style-src": ["'unsafe-inline'"],
    "frame-ancestors": ["'self'"],
}


def _desk(request: HttpRequest, pk: int, key: UUID) -> Desk:
    campaign = get_object_or_404(Campaign.objects.select_related("journey"), pk=pk)
    found = selectors.desk(campaign, key, request.GET)
    if found is None:
        raise Http404
    return found


@require_http_methods(["GET", "POST"])
@may(Act.DESIGN)
def step_message(request: HttpRequest, pk: int, key: UUID) -> HttpResponse:
    desk = _desk(request, pk, key)
    if request.method == "GET":
        return _page(request, desk, Sheet.of(desk.settings, desk.variant))
    sheet = Sheet.read(request.POST, desk.settings)
    op = request.POST.get("op", "check")
    if op == "save":
        return _save(request, desk, sheet)
    if op == "test":
        return _test(request, desk, sheet)
    try:
        editing.change(sheet, op, request.POST, request.FILES)
    except (NotAPicture, editing.NoSuchAct) as error:
        return _page(request, desk, sheet, error=str(error))
    return _page(request, desk, sheet, at=op)


def _page(request: HttpRequest, desk: Desk, sheet: Sheet, *, at: str = "", **more: Any) -> HttpResponse:
    who = request.POST.get("who", "")
    customer = previewing.somebody(who)
    error = more.get("error", "")
    context = {
        "desk": desk, "sheet": sheet, "choices": selectors.choices(desk), "tabs": selectors.tabs(desk),
        "modes": modes(desk.kind, sheet.shared["channel"], desk.variant), "is_base": desk.variant == BASE,
        "checks": selectors.checklist(desk, sheet.into(desk.settings, desk.variant), customer),
        "sources": blocks.SOURCES.items(), "customer": customer, "who": who, "tone_form": ToneForm(),
        "template_form": TemplateForm(), "image_base": f"{django_settings.PUBLIC_URL}/m/", "focus": _focus(at),
        "variant_query": selectors.query_of(desk.variant),
        "revision": request.POST.get("revision", desk.campaign.revision), **more,
    }  # fmt: skip
    status = 409 if "theirs" in more else 422 if error else 200
    partials = {"editor": "editor", "checks": "checks"}
    return render(request, "campaigns/step_message.html", context, partials=partials, status=status)


def _focus(op: str) -> dict[str, Any]:
    """Which button has the focus after a block moved or went."""
    act, _colon, place = op.partition(":")
    if act not in {"up", "down", "delete"} or not place.isdecimal():
        return {}
    return {"act": act, "place": max(int(place) + {"up": -1, "down": 1, "delete": -1}[act], 0)}


def _revision(request: HttpRequest) -> int:
    typed = request.POST.get("revision", "")
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 10 else -1


def _write(request: HttpRequest, desk: Desk, settings: dict[str, Any]) -> None:
    drafts.change_step(
        campaign=desk.campaign, key=str(desk.key), settings=settings, revision=_revision(request), is_whole=True
    )


def _save(request: HttpRequest, desk: Desk, sheet: Sheet) -> HttpResponse:
    settings = sheet.into(desk.settings, desk.variant)
    try:
        _write(request, desk, settings)
    except drafts.Outdated as error:
        return _outdated(request, desk, sheet, error)
    except CampaignError as error:
        return _page(request, desk, sheet, error=str(error))
    toasts.success(request, _("The message is saved. It goes out so once the campaign is published."))
    return redirect(desk.url)


def _outdated(request: HttpRequest, desk: Desk, sheet: Sheet, error: drafts.Outdated) -> HttpResponse:
    """Both are shown; who saves once more has seen the other."""
    now = selectors.desk(error.campaign, desk.key, request.GET)
    theirs = choosing.own(now.settings, now.variant) if now else {}
    shown = {name: theirs[name] for name in ("subject", "preheader", "body", "mjml", "blocks") if name in theirs}
    return _page(request, desk, sheet, error=str(error), theirs=shown, revision=error.campaign.revision)


def _test(request: HttpRequest, desk: Desk, sheet: Sheet) -> HttpResponse:
    settings = sheet.into(desk.settings, desk.variant)
    if nobody := _nobody(request):
        return _page(request, desk, sheet, error=nobody)
    customer = _chosen(request)
    try:
        contents.check(desk.kind, settings)
        letter = previewing.letter(kind=desk.kind, settings=settings, campaign=desk.campaign, customer=customer)
        said = trying.send_to_oneself(letter=letter, variant=desk.variant, by=signed_in(request))
    except (contents.ContentError, liquid.TemplateError, trying.NotSent) as error:
        return _page(request, desk, sheet, error=str(error))
    words = _("Sent to %(address)s: %(said)s") if django_settings.EMAIL_URL else _("Not sent to %(address)s: %(said)s")
    sent = words % {"address": signed_in(request).email, "said": said}
    return _page(request, desk, sheet, notice=sent)


def _nobody(request: HttpRequest) -> str:
    """What to say where a customer was asked for whom there is not."""
    data = request.POST or request.GET
    who = data.get("who", "").strip()
    if not who or data.get("as") == "gaps" or previewing.somebody(who) is not None:
        return ""
    return _("Nobody is found by “%(who)s”.") % {"who": who[:100]}


def _chosen(request: HttpRequest) -> Customer:
    data = request.POST or request.GET
    if data.get("as") == "gaps":
        return previewing.with_gaps()
    return previewing.somebody(data.get("who", "")) or previewing.with_gaps()


@xframe_options_sameorigin
@csp_override(PREVIEW_POLICY)
@require_http_methods(["GET", "POST"])
@may(Act.DESIGN)
def step_message_preview(request: HttpRequest, pk: int, key: UUID) -> HttpResponse:
    """As it is saved, or as it is typed; shown in a frame without rights."""
    desk = _desk(request, pk, key)
    settings = desk.settings
    if request.method == "POST":
        settings = Sheet.read(request.POST, desk.settings).into(desk.settings, desk.variant)
    nobody = _nobody(request)
    found = Shown(None, nobody) if nobody else selectors.shown(desk, settings, _chosen(request))
    scheme = (request.POST or request.GET).get("scheme", "light")
    if found.content and found.content.html and settings.get("channel", "email") == "email":
        return HttpResponse(previewing.in_scheme(found.content.html, scheme))
    context = {"found": found, "scheme": scheme, "channel": settings.get("channel", "email")}
    return django_render(request, "campaigns/message_shown.html", context)


@require_POST
@may(Act.DESIGN)
def step_message_variant(request: HttpRequest, pk: int, key: UUID) -> HttpResponse:
    """Another tone or language, or one less."""
    desk = _desk(request, pk, key)
    form = ToneForm(request.POST)
    act, code = request.POST.get("op", ""), request.POST.get("code", "").strip().lower()
    tone = form.tone() if act == "tone" and form.is_valid() else None
    try:
        settings, variant = editing.vary(desk.settings, desk.variant, act=act, code=code, tone=tone)
        _write(request, desk, settings)
    except (CampaignError, editing.NoSuchAct) as error:
        return _as_it_is(request, desk, str(error), tone_form=form if act == "tone" else ToneForm())
    return redirect(_at(desk, variant))


def _as_it_is(request: HttpRequest, desk: Desk, error: str, **more: Any) -> HttpResponse:
    """The page as it is saved, with what went wrong."""
    return _page(request, desk, Sheet.of(desk.settings, desk.variant), error=error, **more)


def _at(desk: Desk, variant: choosing.Variant) -> str:
    return desk.url.partition("?")[0] + selectors.query_of(variant)


@require_POST
@may(Act.DESIGN)
def step_message_template(request: HttpRequest, pk: int, key: UUID) -> HttpResponse:
    """Saves the message for others to start from."""
    desk = _desk(request, pk, key)
    form = TemplateForm(request.POST)
    if not form.is_valid():
        error = _("Give the saved message a name of at most 100 characters.")
        return _as_it_is(request, desk, error, template_form=form)
    template = wording.save_template(name=form.cleaned_data["name"], settings=desk.settings)
    toasts.success(request, _("%(name)s is among the saved messages.") % {"name": template})
    return redirect(desk.url)


@require_POST
@may(Act.DESIGN)
def step_message_begin(request: HttpRequest, pk: int, key: UUID) -> HttpResponse:
    """Starts from a saved message."""
    desk = _desk(request, pk, key)
    template = selectors.template_of(request.POST.get("template", ""))
    if template is None:
        return _as_it_is(request, desk, _("Choose a saved message first."))
    settings = wording.begun_from(template=template, settings=desk.settings)
    try:
        _write(request, desk, settings)
    except CampaignError as error:
        return _as_it_is(request, desk, str(error))
    return redirect(_at(desk, BASE))
