"""A survey that anybody may answer who has its link: the page, and the same for the script on other people's sites.
A GET changes nothing; one answer a browser, which its key may change."""

from typing import Any
from uuid import UUID, uuid4

import orjson
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import UnreadablePostError
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods

from apps.core import links
from apps.core.views import site_script
from apps.customers import selectors as customers
from apps.feedback import by_answer
from apps.feedback.actions import responses
from apps.feedback.forms import AnswerForm
from apps.feedback.models import Response, Survey
from apps.feedback.views_public import form_of, thank
from apps.feedback.widget import described
from apps.staff.throttles import GuestThrottle
from apps.touchpoints.enums import Channel

RATE = "30/min"
KEPT_SECONDS = 365 * 24 * 3600
MOST_BYTES = 64 * 1024


def _read(token: str) -> Survey | None:
    try:
        return Survey.objects.filter(pk=links.read("open_survey", token)).first()
    except links.BadLink:
        return None


def _allowed(request: HttpRequest) -> bool:
    return GuestThrottle("answer", RATE).allows(request)


# The signed token is the whole authority: there is no session that a forged request could use.
@csrf_exempt
@login_not_required
@require_http_methods(["GET", "POST"])
def survey_open(request: HttpRequest, token: str) -> HttpResponse:
    survey = _read(token)
    if survey is None:
        return links.private(render(request, "core/link_invalid.html", status=404))
    if not survey.takes_open_answers:
        return links.private(render(request, "feedback/survey_closed.html", status=410))
    return links.private(_page(request, survey))


def _page(request: HttpRequest, survey: Survey) -> HttpResponse:
    key = _key(request.COOKIES.get(_cookie(survey))) or _key(request.POST.get("key")) or uuid4()
    given = Response.objects.filter(survey=survey, key=key).first()
    form = form_of(request, survey, given)
    context = {"survey": survey, "form": form, "given": given, "key": key}
    if request.method != "POST":
        return render(request, "feedback/survey.html", context)
    if not form.is_valid():
        return render(request, "feedback/survey.html", context, status=422)
    if not _allowed(request):
        form.add_error(None, _("Many answers came from here just now. Wait a minute, then send it again."))
        return render(request, "feedback/survey.html", context, status=429)
    return _taken(request, survey, key, form)


def _taken(request: HttpRequest, survey: Survey, key: UUID, form: AnswerForm) -> HttpResponse:
    channel = Channel(survey.open_channel)
    try:
        response = responses.answer_openly(
            survey=survey, key=key, given=form.answer, channel=channel, now=timezone.now()
        )
    except responses.BadAnswer:  # closed or changed since the page was opened
        return render(request, "feedback/survey_closed.html", status=410)
    page = thank(request, response)
    page.set_cookie(_cookie(survey), str(key), max_age=KEPT_SECONDS, path="/s/open/", httponly=True,
                    samesite="Lax", secure=request.is_secure())  # fmt: skip
    return page


def _cookie(survey: Survey) -> str:
    return f"survey_{survey.pk}"


def _key(text: Any) -> UUID | None:
    try:
        return UUID(text) if isinstance(text, str) and len(text) == 36 else None
    except ValueError:
        return None


@csrf_exempt
@login_not_required
@require_http_methods(["GET", "POST", "OPTIONS"])
def survey_open_answer(request: HttpRequest, token: str) -> HttpResponse:
    """For the script on other people's pages: what is asked (GET), and the answer to it (POST, JSON)."""
    if request.method == "OPTIONS":
        return _with_cors(HttpResponse(status=204))
    survey = _read(token)
    if survey is None:
        return _refuse(404, _("This link is not valid."))
    if not survey.takes_open_answers:
        return _refuse(410, _("This survey takes no more answers."))
    if request.method == "GET":
        return _with_cors(JsonResponse(described(survey)))
    return _posted(request, survey)


def _posted(request: HttpRequest, survey: Survey) -> HttpResponse:
    if not _allowed(request):
        return _refuse(429, _("Many answers came from here just now. Wait a minute, then send it again."))
    body = _body(request)
    key = _key(body.get("key")) if body is not None else None
    if body is None or key is None:
        return _refuse(400, _("Send a JSON object with a key, which is a UUID, and the answer."))
    form = AnswerForm(_typed(body), survey=survey)
    if not form.is_valid():
        errors = {name: [str(one) for one in found] for name, found in form.errors.items()}
        return _with_cors(JsonResponse({"errors": errors}, status=422))
    try:
        response = responses.answer_openly(
            survey=survey, key=key, given=form.answer, channel=Channel.WEB, now=timezone.now(),
            customer=customers.of_anonymous_id(value=body.get("anonymousId")),
        )  # fmt: skip
    except responses.BadAnswer as error:
        return _refuse(410, str(error))
    thanks = by_answer.thanks(response.survey, score=response.score, chosen=response.chosen)
    return _with_cors(JsonResponse({"thanks": thanks.text, "url": thanks.url, "url_label": thanks.url_label}))


def _body(request: HttpRequest) -> dict[str, Any] | None:
    try:
        raw = request.body
        found = orjson.loads(raw) if len(raw) <= MOST_BYTES else None
    except (orjson.JSONDecodeError, RecursionError, RequestDataTooBig, UnreadablePostError):
        return None
    return found if isinstance(found, dict) else None


def _typed(body: dict[str, Any]) -> dict[str, Any]:
    """As a form would send it. What is neither text nor number is no answer."""
    chosen = body.get("chosen")
    many = [one for one in chosen if isinstance(one, str)] if isinstance(chosen, list) else chosen
    score, comment = body.get("score"), body.get("comment")
    return {
        "score": str(score) if isinstance(score, int | str) else "",
        "chosen": many if isinstance(many, list | str) else "",
        "comment": comment if isinstance(comment, str) else "",
    }


def _refuse(status: int, text: str) -> HttpResponse:
    return _with_cors(JsonResponse({"error": text}, status=status))


def _with_cors(response: HttpResponse) -> HttpResponse:
    """No cookie is read here, so any site may ask."""
    response["Access-Control-Allow-Origin"] = "*"
    response["Access-Control-Allow-Methods"] = "GET, POST, OPTIONS"
    response["Access-Control-Allow-Headers"] = "Content-Type"
    response["Access-Control-Max-Age"] = "86400"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    response["Cache-Control"] = "no-store"
    return response


@login_not_required
@require_GET
def survey_script(request: HttpRequest) -> HttpResponse:
    """/survey.js, the panel for web sites."""
    return site_script("js/survey.js")
