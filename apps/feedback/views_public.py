"""Survey and review pages behind signed links: no login, no script. A GET changes nothing."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from apps.core import links
from apps.feedback import by_answer
from apps.feedback.actions import invitations, responses
from apps.feedback.enums import SurveyKind
from apps.feedback.forms import AnswerForm, given_before
from apps.feedback.models import Invitation, Response, Survey


# The signed token is the whole authority: there is no session that a forged request could use.
@csrf_exempt
@login_not_required
@require_http_methods(["GET", "POST"])
def survey(request: HttpRequest, token: str) -> HttpResponse:
    try:
        pk = links.read("survey", token)
    except links.BadLink:
        return links.private(render(request, "core/link_invalid.html", status=404))
    invitation = get_object_or_404(Invitation.objects.select_related("survey", "customer"), pk=pk)
    answer = _review(request, invitation) if invitation.survey is None else _answer(request, invitation)
    return links.private(answer)


def _answer(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    survey = invitation.survey
    assert survey is not None  # noqa: S101 - checked by the caller
    given = Response.objects.filter(invitation=invitation).first()
    form = form_of(request, survey, given)
    if request.method == "POST" and form.is_valid():
        said = form.answer
        response = responses.answer(
            invitation=invitation, score=said.score, chosen=said.chosen, comment=said.comment, now=timezone.now()
        )
        return thank(request, response)
    status = 422 if request.method == "POST" else 200
    return render(request, "feedback/survey.html", {"survey": survey, "form": form, "given": given}, status=status)


def form_of(request: HttpRequest, survey: Survey, given: Response | None) -> AnswerForm:
    """What was answered before, over that what the link in the mail said; typed is what counts."""
    initial = {**given_before(given, survey), **preselected(survey, request.GET)}
    return AnswerForm(request.POST if request.method == "POST" else None, survey=survey, initial=initial)


def preselected(survey: Survey, query: QueryDict) -> dict[str, Any]:
    """`score=9` or `chosen=…` in the address chooses, and sends nothing. What is no answer is passed over."""
    score, chosen = query.get("score", ""), query.get("chosen", "")
    scale = SurveyKind(survey.kind).scale
    if score.isascii() and score.isdecimal() and len(score) < 4 and int(score) in scale:
        return {"score": int(score)}
    if chosen and chosen in survey.options:
        return {"chosen": [chosen] if survey.takes_several else chosen}
    return {}


def thank(request: HttpRequest, response: Response) -> HttpResponse:
    thanks = by_answer.thanks(response.survey, score=response.score, chosen=response.chosen)
    return render(request, "feedback/survey_thanks.html", {"survey": response.survey, "thanks": thanks})


def _review(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    """Asked of everybody, whatever they think: links to the review sites."""
    sites = invitation.sites.order_by("name", "pk")
    if request.method == "POST":
        site = request.POST.get("site", "")
        chosen = sites.filter(pk=int(site)).first() if site.isdecimal() and len(site) < 10 else None
        if chosen is not None:
            invitations.follow_review_link(invitation=invitation, site=chosen, now=timezone.now())
            return HttpResponseRedirect(chosen.url)
    return render(request, "feedback/review.html", {"invitation": invitation, "sites": sites})
