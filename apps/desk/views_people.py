import zoneinfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core import keyset
from apps.core.htmx import render
from apps.customers.actions import erasing, people, portability
from apps.customers.models import Customer
from apps.desk import selectors_people
from apps.desk.forms_people import CustomerForm, EraseForm
from apps.staff.enums import Act
from apps.staff.permissions import may


@require_http_methods(["GET", "POST"])
@may(Act.EDIT_CUSTOMERS)
def customer_edit(request: HttpRequest, pk: int) -> HttpResponse:
    customer = get_object_or_404(Customer.objects.present(), pk=pk)
    initial = {name: getattr(customer, name) for name in people.FIELDS} | {"tags": ", ".join(customer.tags)}
    form = CustomerForm(request.POST or None, initial=initial)
    status = 422 if form.is_bound else 200
    if request.method == "POST" and form.is_valid():
        try:
            people.change(customer=customer, to=form.cleaned_data, now=timezone.now())
        except people.Moved as error:
            form.add_error(None, str(error))
            status = 409
        else:
            messages.success(request, _("Saved."))
            return redirect("customer_detail", pk=pk)
    context = {"form": form, "customer": customer, "zones": sorted(zoneinfo.available_timezones())}
    return render(request, "desk/customer_edit.html", context, status=status)


@require_POST
@may(Act.EDIT_CUSTOMERS)
def customer_tag(request: HttpRequest, pk: int) -> HttpResponse:
    """`add` or `remove`; answers with the tags."""
    customer = get_object_or_404(Customer.objects.present(), pk=pk)
    add, remove = request.POST.get("add", ""), request.POST.get("remove", "")
    error, status = "", 200
    try:
        customer = people.tag(customer=customer, add=add, remove=remove, now=timezone.now())
    except people.Moved as problem:
        error, status = str(problem), 409
    except ValueError as problem:
        error, status = str(problem), 422
    if request.headers.get("HX-Target") != "tags":
        if error:
            messages.error(request, error)
        return redirect("customer_detail", pk=pk)
    context = {"customer": customer, "people": selectors_people.customer_people(customer, now=timezone.now())}
    context |= {"tag_error": error, "tag_typed": add if error else ""}
    return render(request, "desk/customer_people.html", context, partials={"tags": "tags"}, status=status)


@require_http_methods(["GET", "POST"])
@may(Act.ADMINISTER)
def customer_erase(request: HttpRequest, pk: int) -> HttpResponse:
    customer = get_object_or_404(Customer.objects.present(), pk=pk)
    form = EraseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        try:
            erasing.erase(customer=customer, by=request.user, reason=reason, now=timezone.now())  # type: ignore[arg-type]
        except erasing.NotErasable as error:
            form.add_error("reason", str(error))
        else:
            messages.success(request, _("Erased. The receipt says what was deleted, and nothing about who it was."))
            return redirect("erasure_list")
    context = {"form": form, "customer": customer, "kinds": selectors_people.what_goes(customer)}
    return render(request, "desk/customer_erase.html", context, status=422 if form.is_bound else 200)


@require_GET
@may(Act.ADMINISTER)
def erasure_list(request: HttpRequest) -> HttpResponse:
    try:
        page = selectors_people.erasure_page(cursor=request.GET.get("cursor"))
    except keyset.BadCursor:
        return redirect("erasure_list")
    next_url = f"{request.path}?cursor={page.next_cursor}" if page.next_cursor else None
    return render(request, "desk/erasure_list.html", {"page": page, "next_url": next_url})


@require_POST
@may(Act.ADMINISTER)
def customer_export(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything that is kept on the person: at once, or by a job where there is much."""
    customer = get_object_or_404(Customer.objects.present(), pk=pk)
    form = "csv" if request.POST.get("form") == "csv" else "json"
    if portability.size(customer=customer) > portability.AT_ONCE:
        job = portability.start_job(customer=customer, form=form, user_id=request.user.pk)
        return redirect("job_detail", pk=job.pk)
    name, content_type, pieces = portability.download(customer=customer, form=form, now=timezone.now())
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return HttpResponse(b"".join(pieces), content_type=content_type, headers=headers)
