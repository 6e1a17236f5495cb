from django.contrib import messages as toasts
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core.htmx import render
from apps.customers.models import Customer
from apps.desk.actions import work
from apps.desk.forms_tasks import TaskForm
from apps.desk.models import Task
from apps.feedback.actions import cases
from apps.staff.enums import Act
from apps.staff.permissions import may, signed_in

MOST = 200


@require_GET
@may(Act.SEE_CUSTOMERS)
def task_list(request: HttpRequest) -> HttpResponse:
    """By due time: mine, everybody's, late ones, or what is done."""
    now, shows = timezone.now(), request.GET.get("show", "mine")
    options = {"mine": _("Mine"), "open": _("Open"), "late": _("Late"), "done": _("Done")}
    rows = Task.objects.done() if shows == "done" else Task.objects.open()
    if shows == "late":
        rows = rows.filter(due_at__lt=now)
    elif shows not in options or shows == "mine":
        rows = rows.of(signed_in(request))
    rows = rows.select_related("customer", "owner", "department", "done_by")
    order = ["-done_at", "-pk"] if shows == "done" else ["due_at", "pk"]
    context = {
        "rows": rows.order_by(*order)[:MOST],
        "shows": shows,
        "options": [
            {"url": f"?show={key}", "label": label, "is_current": key == shows} for key, label in options.items()
        ],
        "now": now,
    }
    return render(request, "desk/task_list.html", context)


@require_http_methods(["GET", "POST"])
@may(Act.EDIT_CUSTOMERS)
def task_create(request: HttpRequest, pk: int) -> HttpResponse:
    customer = get_object_or_404(Customer.objects.present(), pk=pk)
    user, now = signed_in(request), timezone.now()
    due = timezone.localtime(cases.due_at(opened_at=now, hours=work.DUE_HOURS))
    form = TaskForm(
        request.POST if request.method == "POST" else None,
        initial={"owner": user, "due_at": due.strftime("%Y-%m-%dT%H:%M")},
    )
    if request.method == "POST" and form.is_valid():
        work.create(customer=customer, **form.cleaned_data, now=now, by=user)
        toasts.success(request, _("The task is on the list."))
        return redirect("customer_detail", pk=pk)
    status = 422 if form.is_bound else 200
    return render(request, "desk/task_create.html", {"form": form, "customer": customer}, status=status)


@require_http_methods(["GET", "POST"])
@may(Act.EDIT_CUSTOMERS)
def task_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Only what was changed on the page is saved, so that nothing of somebody else is taken back."""
    task = get_object_or_404(Task.objects.select_related("customer"), pk=pk)
    form = TaskForm(request.POST if request.method == "POST" else None, instance=task)
    if form.is_valid():
        values = {name: form.cleaned_data[name] for name in form.changed_data}
        work.change(task=Task.objects.get(pk=pk), values=values, now=timezone.now(), by=signed_in(request))
        toasts.success(request, _("Saved: %(task)s.") % {"task": task})
        return redirect("task_list")
    context = {"form": form, "task": task, "customer": task.customer}
    return render(request, "desk/task_edit.html", context, status=422 if form.errors else 200)


@require_POST
@may(Act.EDIT_CUSTOMERS)
def task_done(request: HttpRequest, pk: int) -> HttpResponse:
    """`again`: it is to be done after all."""
    task = get_object_or_404(Task, pk=pk)
    if request.POST.get("again") == "1":
        work.take_up_again(task=task)
        toasts.success(request, _("Open again: %(task)s.") % {"task": task})
    elif work.finish(task=task, by=signed_in(request), now=timezone.now()):
        toasts.success(request, _("Done: %(task)s.") % {"task": task})
    else:
        toasts.error(request, _("Somebody did this before you."))
    return redirect(_back(request))


def _back(request: HttpRequest) -> str:
    back = request.POST.get("back", "")
    is_ours = url_has_allowed_host_and_scheme(back, allowed_hosts=None) and back.startswith("/")
    return back if is_ours else "task_list"
