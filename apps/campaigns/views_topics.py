"""Topics, and the sign-up to one of them."""

from django.conf import settings
from django.contrib import messages as toasts
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from apps.campaigns import selectors_topics as selectors
from apps.campaigns.actions import signups
from apps.campaigns.forms_topics import TopicForm
from apps.core import links
from apps.core.htmx import render
from apps.core.models import CompanySettings
from apps.customers.actions import topics
from apps.customers.models import Topic
from apps.staff.enums import Act
from apps.staff.permissions import may


@require_GET
@may(Act.DESIGN)
def topic_list(request: HttpRequest) -> HttpResponse:
    return render(request, "campaigns/topic_list.html", {"lines": selectors.topics_with_counts()})


@require_http_methods(["GET", "POST"])
@may(Act.DESIGN)
def topic_create(request: HttpRequest) -> HttpResponse:
    form = TopicForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            topic = topics.create(**form.cleaned_data)
        except topics.Taken as error:
            form.add_error("name", str(error))
        else:
            toasts.success(request, _("Added: %(topic)s.") % {"topic": topic})
            return redirect("topic_edit", pk=topic.pk)
    return render(request, "campaigns/topic_edit.html", {"form": form}, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@may(Act.DESIGN)
def topic_edit(request: HttpRequest, pk: int) -> HttpResponse:
    topic = get_object_or_404(Topic, pk=pk)
    form = TopicForm(request.POST if request.method == "POST" else None, instance=topic)
    if request.method == "POST" and form.is_valid():
        try:
            topics.change(topic=topic, **form.cleaned_data)
        except topics.Taken as error:
            form.add_error("name", str(error))
        else:
            toasts.success(request, _("Saved."))
            return redirect("topic_list")
    url = links.url("subscribe", "subscribe", pk)
    context = {
        "form": form,
        "topic": Topic.objects.get(pk=pk),
        "url": url,
        "snippet": _snippet(url, signups.wording(topic, CompanySettings.current())),
        "waiting": _waiting(request, topic),
        "has_mail": bool(settings.EMAIL_URL),
    }
    return render(request, "campaigns/topic_edit.html", context, status=422 if form.is_bound else 200)


def _snippet(url: str, wording: str) -> str:
    """To be put into any page: it needs no script of ours."""
    lines = [
        '<form method="post" action="{url}">',
        '  <label>{label} <input type="email" name="email" autocomplete="email" required></label>',
        '  <button type="submit">{button}</button>',
        "  <p>{wording}</p>",
        "</form>",
    ]
    words = {"url": url, "label": _("Your e-mail address"), "button": _("Sign up"), "wording": wording}
    return "\n".join(format_html(line, **words) for line in lines)


def _waiting(request: HttpRequest, topic: Topic) -> list[tuple[str, object, str]]:
    """Addresses that wait, for admins; with the link only where no mail brings it."""
    if not request.user.has_perm(Act.ADMINISTER.permission):
        return []
    rows = selectors.waiting(topic, timezone.now())
    return [(row.address, row.asked_at, "" if settings.EMAIL_URL else signups.link(row)) for row in rows]
