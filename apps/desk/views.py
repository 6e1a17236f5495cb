import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core import keyset
from apps.core.htmx import render
from apps.core.selectors import queue_gauges
from apps.customers.enums import Status
from apps.customers.models import Customer
from apps.desk import selectors
from apps.desk.forms import LogInteractionForm
from apps.desk.models import Task
from apps.desk.selectors_people import customer_people
from apps.desk.timeline import kind_labels, timeline
from apps.feedback.actions import responses
from apps.journeys.models import Journey
from apps.staff.enums import Act
from apps.staff.models import User
from apps.staff.permissions import may, signed_in
from apps.staff.selectors.first_hour import first_hour
from apps.touchpoints.actions import log
from apps.touchpoints.enums import By, Channel
from apps.touchpoints.models import Interaction, Source


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    context = {
        "home": selectors.home(user_id=request.user.pk or 0, now=now),
        "queues": queue_gauges(now=now),
        "has_source": Source.objects.exclude(first_event_at=None).exists(),
        "has_journey": Journey.objects.published().exists(),
        "first_hour": first_hour() if _is_in_first_hour(request) else None,
        "tasks": Task.objects.open().of(signed_in(request)).select_related("customer").order_by("due_at", "pk")[:10],
        "now": now,
    }
    return render(request, "desk/home.html", context)


def _is_in_first_hour(request: HttpRequest) -> bool:
    return request.user.has_perm(Act.ADMINISTER.permission) and request.COOKIES.get("first_hour") != "hidden"


@require_GET
@may(Act.SEE_CUSTOMERS)
def customer_list(request: HttpRequest) -> HttpResponse:
    filters = selectors.Filters(
        text=request.GET.get("q", "").strip()[:200],
        journey_id=_number(request.GET.get("journey", "")),
        stage_key=_key(request.GET.get("stage", "")),
        known_only=request.GET.get("known") == "1",
        status=status if (status := request.GET.get("status", "")) in Status.values else "",
        tag=request.GET.get("tag", "").replace("\x00", "").strip()[:50],
        owner_id=_number(request.GET.get("owner", "")),
    )
    try:
        page = selectors.customer_list(filters=filters, cursor=request.GET.get("cursor"))
    except keyset.BadCursor:
        return redirect("customer_list")
    context = {"page": page, "filters": filters, "next_url": _next_url(request, page.next_cursor)}
    context |= {"statuses": Status.choices, "owners": User.objects.filter(is_active=True).order_by("name", "email")}
    return render(request, "desk/customer_list.html", context, partials={"customers": "rows"})


@require_GET
@may(Act.SEE_CUSTOMERS)
def customer_detail(request: HttpRequest, pk: int) -> HttpResponse:
    customer = get_object_or_404(Customer.objects.select_related("persona", "owner"), pk=pk)
    if customer.merged_into_id is not None:
        return redirect("customer_detail", pk=customer.merged_into_id)
    kind = request.GET.get("kind", "all")
    try:
        page = timeline(customer, kind=kind, cursor=request.GET.get("cursor"))
    except keyset.BadCursor:
        return redirect("customer_detail", pk=pk)
    context = {
        "customer": customer,
        "timeline": page,
        "kind": kind,
        "kinds": _kinds(request, kind),
        "next_url": _next_url(request, page.next_cursor),
        "now": timezone.now(),
    }
    if not request.headers.get("HX-Target"):
        context["page"] = selectors.customer_page(customer, now=timezone.now())
        context["people"] = customer_people(customer, now=timezone.now())
        context["tasks"] = (
            Task.objects.open().filter(customer=customer).select_related("owner", "department").order_by("due_at")
        )
    partials = {"timeline": "timeline", "older": "items"}
    return render(request, "desk/customer_detail.html", context, partials=partials)


@require_http_methods(["GET", "POST"])
@may(Act.EDIT_CUSTOMERS)
def interaction_log(request: HttpRequest, pk: int) -> HttpResponse:
    customer = get_object_or_404(Customer.objects.present(), pk=pk)
    initial = {"at": timezone.localtime().strftime("%Y-%m-%dT%H:%M")}
    form = LogInteractionForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        log.enter(
            customer=customer,
            event=data["event"],
            by=By(data["by"]),
            channel=Channel(data["channel"]),
            at=data["at"],
            now=timezone.now(),
            note=data["note"],
            user=request.user,  # type: ignore[arg-type]
            touchpoint=data["touchpoint"],
        )
        messages.success(request, _("Logged: %(event)s.") % {"event": data["event"]})
        return redirect("customer_detail", pk=pk)
    status = 422 if form.is_bound else 200
    return render(request, "desk/interaction_log.html", {"form": form, "customer": customer}, status=status)


@require_POST
@may(Act.EDIT_CUSTOMERS)
def interaction_retract(request: HttpRequest, pk: int) -> HttpResponse:
    interaction = get_object_or_404(Interaction.objects.select_related("source"), pk=pk)
    try:
        responses.retract(interaction=interaction, user=request.user, now=timezone.now())  # type: ignore[arg-type]
    except log.NotRetractable as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Retracted. It stays on the timeline, marked, and counts for nothing."))
    return redirect("customer_detail", pk=interaction.customer_id)


def _kinds(request: HttpRequest, current: str) -> list[dict[str, object]]:
    path = request.path
    return [
        {
            "url": f"{path}?kind={kind}" if kind != "all" else path,
            "label": label,
            "is_current": kind == current,
        }
        for kind, label in kind_labels().items()
    ]


def _next_url(request: HttpRequest, cursor: str | None) -> str | None:
    if cursor is None:
        return None
    query = request.GET.copy()
    query["cursor"] = cursor
    return f"{request.path}?{query.urlencode()}"


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 18 else None


def _key(text: str) -> str | None:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        return None
