"""Survey and review pages behind signed links: no login, no script. A GET changes nothing."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from apps.core import links
from apps.feedback.actions import invitations, responses
from apps.feedback.enums import SurveyKind
from apps.feedback.forms import AnswerForm
from apps.feedback.models import Invitation, Response


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
    initial = {"score": given.score, "comment": given.comment} if given else {}
    form = AnswerForm(request.POST or None, survey=survey, initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        responses.answer(invitation=invitation, score=data["score"], comment=data["comment"], now=timezone.now())
        return render(request, "feedback/survey_thanks.html", {"survey": survey})
    low, high = SurveyKind(survey.kind).ends
    context = {"survey": survey, "form": form, "low": low, "high": high, "given": given}
    return render(request, "feedback/survey.html", context, status=422 if request.method == "POST" else 200)


def _review(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    """Asked of everybody, whatever they think: links to the review sites."""
    sites = invitation.sites.order_by("name", "pk")
    if request.method == "POST":
        site = request.POST.get("site", "")
        chosen = sites.filter(pk=int(site)).first() if site.isdigit() and len(site) < 10 else None
        if chosen is not None:
            invitations.follow_review_link(invitation=invitation, site=chosen, now=timezone.now())
            return HttpResponseRedirect(chosen.url)
    return render(request, "feedback/review.html", {"invitation": invitation, "sites": sites})
