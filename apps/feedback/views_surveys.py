"""Surveys for those who build them, and how they do for those who read answers."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages as toasts
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core import keyset
from apps.core.htmx import render
from apps.feedback import open_link
from apps.feedback import selectors_surveys as selectors
from apps.feedback.actions import surveys
from apps.feedback.enums import SurveyKind
from apps.feedback.forms import AnswerForm
from apps.feedback.forms_surveys import Builder, OpenLinkForm
from apps.feedback.models import Survey
from apps.feedback.views import tabs
from apps.staff.enums import Act
from apps.staff.permissions import may
from apps.touchpoints.enums import Channel

PAGE = 50


@require_GET
@may(Act.SEE_CUSTOMERS)
def survey_list(request: HttpRequest) -> HttpResponse:
    shows = "archived" if request.GET.get("show") == "archived" else "current"
    found = Survey.objects.archived() if shows == "archived" else Survey.objects.current()
    options = [("current", _("Current")), ("archived", _("Archived"))]
    context = {
        "lines": selectors.lines(found),
        "shows": shows,
        "options": [{"url": f"?show={key}", "label": label, "is_current": key == shows} for key, label in options],
        "tabs": tabs("surveys"),
    }
    return render(request, "feedback/survey_list.html", context)


@require_GET
@may(Act.SEE_CUSTOMERS)
def survey_detail(request: HttpRequest, pk: int) -> HttpResponse:
    survey = get_object_or_404(Survey, pk=pk)
    try:
        page = keyset.newest_first(
            selectors.answers(survey), time_field="answered_at", cursor=request.GET.get("cursor"), size=PAGE
        )
    except keyset.BadCursor:
        return redirect("survey_detail", pk=pk)
    context = {
        "survey": survey,
        "line": selectors.lines(Survey.objects.filter(pk=pk))[0],
        "parts": selectors.parts(survey),
        "rows": page.rows,
        "next_url": f"?cursor={page.next_cursor}" if page.next_cursor else None,
        "form": OpenLinkForm(initial={"is_open": survey.is_open, "channel": survey.open_channel}),
        "link": open_link.of(survey),
    }
    return render(request, "feedback/survey_detail.html", context)


@require_http_methods(["GET", "POST"])
@may(Act.DESIGN)
def survey_create(request: HttpRequest) -> HttpResponse:
    return _edit(request, Survey(kind=SurveyKind.NPS))


@require_http_methods(["GET", "POST"])
@may(Act.DESIGN)
def survey_edit(request: HttpRequest, pk: int) -> HttpResponse:
    return _edit(request, get_object_or_404(Survey, pk=pk))


def _edit(request: HttpRequest, survey: Survey) -> HttpResponse:
    """`op`: save, show (what is typed, in the preview), or add and remove a row."""
    builder = Builder(survey, typed=request.POST if request.method == "POST" else None)
    op = request.POST.get("op", "save")
    if request.method == "POST" and op != "save":
        builder.change(op)
    elif request.method == "POST" and builder.is_valid() and _saves(builder):
        toasts.success(request, _("%(survey)s is saved.") % {"survey": survey})
        return redirect("survey_detail", pk=survey.pk)
    preview = builder.preview()
    context = {
        "survey": survey,
        "builder": builder,
        "shown": preview,
        "preview": AnswerForm(survey=preview, prefix="preview"),
        "has_answers": survey.pk is not None and survey.responses.exists(),
    }
    partials = {"builder": "builder", "preview": "preview"}
    status = 422 if builder.is_wrong else 200
    return render(request, "feedback/survey_edit.html", context, partials=partials, status=status)


def _saves(builder: Builder) -> bool:
    try:
        surveys.save(survey=builder.result())
    except surveys.SurveyError as error:
        builder.refuse(error)
        return False
    return True


@require_POST
@may(Act.DESIGN)
def survey_duplicate(request: HttpRequest, pk: int) -> HttpResponse:
    copy = surveys.duplicate(survey=get_object_or_404(Survey, pk=pk))
    toasts.success(request, _("This is the copy. Change what you like."))
    return redirect("survey_edit", pk=copy.pk)


@require_POST
@may(Act.DESIGN)
def survey_archive(request: HttpRequest, pk: int) -> HttpResponse:
    survey = get_object_or_404(Survey, pk=pk)
    surveys.archive(survey=survey, now=timezone.now())
    toasts.success(request, _("%(survey)s is archived. Its answers stay; you can restore it.") % {"survey": survey})
    return redirect("survey_list")


@require_POST
@may(Act.DESIGN)
def survey_restore(request: HttpRequest, pk: int) -> HttpResponse:
    survey = get_object_or_404(Survey, pk=pk)
    surveys.restore(survey=survey)
    toasts.success(request, _("%(survey)s is back.") % {"survey": survey})
    return redirect("survey_detail", pk=pk)


@require_POST
@may(Act.DESIGN)
def survey_share(request: HttpRequest, pk: int) -> HttpResponse:
    """Switches the open link."""
    survey = get_object_or_404(Survey, pk=pk)
    form = OpenLinkForm(request.POST)
    if not form.is_valid():
        toasts.error(request, _("Choose one of the channels."))
        return redirect("survey_detail", pk=pk)
    is_open = form.cleaned_data["is_open"]
    surveys.open_to_all(survey=survey, is_open=is_open, channel=Channel(form.cleaned_data["channel"]))
    toasts.success(request, _("The open link is on.") if is_open else _("The open link is off."))
    return redirect("survey_detail", pk=pk)


_CODES: dict[str, tuple[str, Callable[[str], bytes]]] = {
    "svg": ("image/svg+xml", open_link.as_svg),
    "png": ("image/png", open_link.as_png),
}


@require_GET
@may(Act.SEE_CUSTOMERS)
def survey_code(request: HttpRequest, pk: int, form: str) -> HttpResponse:
    """The open link as a QR code, to show or (`?download=1`) to print."""
    survey: Any = get_object_or_404(Survey, pk=pk)
    if form not in _CODES:
        raise Http404
    content_type, draw = _CODES[form]
    response = HttpResponse(draw(open_link.of(survey).url), content_type=content_type)
    if request.GET.get("download"):
        response["Content-Disposition"] = f'attachment; filename="survey-{survey.pk}.{form}"'
    return response
