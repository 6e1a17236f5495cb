import zoneinfo
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages as toasts
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core import keyset, rules
from apps.core.htmx import render
from apps.core.models import CompanySettings
from apps.staff.actions import company, departments, invites, people, second_factors
from apps.staff.enums import Act, Role
from apps.staff.forms import CompanyForm, DepartmentForm, InviteForm, UserForm
from apps.staff.models import Department, Invite, User
from apps.staff.permissions import may
from apps.staff.selectors import people as staff

PAGE = 50


@require_http_methods(["GET", "POST"])
@may(Act.ADMINISTER)
def company_settings(request: HttpRequest) -> HttpResponse:
    row = CompanySettings.current()
    form = CompanyForm(request.POST or None, instance=row)
    if request.method == "POST" and form.is_valid():
        try:
            company.change(values=form.values)
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            toasts.success(request, _("Saved."))
            return redirect("company_settings")
    status = 422 if form.is_bound else 200
    context = {
        "form": form,
        "time_zones": sorted(zoneinfo.available_timezones()),
        "who_has_bought": rules.sentence(CompanySettings.current().conversion_rule),
    }
    return render(request, "staff/company_settings.html", context, status=status)


@require_GET
@may(Act.ADMINISTER)
def staff_list(request: HttpRequest) -> HttpResponse:
    text = request.GET.get("q", "").replace("\x00", "").strip()[:200]
    cursor = request.GET.get("cursor")
    try:
        page = keyset.newest_first(staff.staff(text=text), time_field="joined_at", cursor=cursor, size=PAGE)
    except keyset.BadCursor:
        return redirect("staff_list")
    waiting = staff.waiting_invites()
    shown = request.GET.get("link", "")
    context = {
        "page": page,
        "text": text,
        "next_url": f"?{urlencode({'q': text, 'cursor': page.next_cursor})}" if page.next_cursor else None,
        "invites": [(i, invites.link(i) if not settings.EMAIL_URL or shown == str(i.pk) else "") for i in waiting],
        "has_mail": bool(settings.EMAIL_URL),
        "now": timezone.now(),
    }
    return render(request, "staff/staff_list.html", context)


@require_http_methods(["GET", "POST"])
@may(Act.ADMINISTER)
def staff_invite(request: HttpRequest) -> HttpResponse:
    form = InviteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data | {"role": Role(form.cleaned_data["role"])}
        try:
            invite = invites.invite(**data, by=_user(request), now=timezone.now())
        except invites.CannotInvite as error:
            form.add_error("email", str(error))
        else:
            return _after_sending(request, invite)
    status = 422 if form.is_bound else 200
    acts = [(act, [act in role.acts for role in Role]) for act in Act]
    context = {"form": form, "roles": list(Role), "acts": acts, "has_mail": bool(settings.EMAIL_URL)}
    return render(request, "staff/staff_invite.html", context, status=status)


@require_POST
@may(Act.ADMINISTER)
def invite_again(request: HttpRequest, pk: int) -> HttpResponse:
    old = get_object_or_404(Invite, pk=pk)
    try:
        invite = invites.again(invite_pk=old.pk, by=_user(request), now=timezone.now())
    except invites.CannotInvite as error:
        toasts.error(request, str(error))
        return redirect("staff_list")
    return _after_sending(request, invite)


@require_POST
@may(Act.ADMINISTER)
def invite_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    invite = get_object_or_404(Invite, pk=pk)
    invites.revoke(invite_pk=invite.pk, now=timezone.now())
    toasts.success(request, _("The invitation is taken back. Its link no longer works."))
    return redirect("staff_list")


def _after_sending(request: HttpRequest, invite: Invite) -> HttpResponse:
    who = {"who": invite.name or invite.email}
    if invites.send(invite=invite):
        toasts.success(request, _("%(who)s is invited; a mail with the link is on its way.") % who)
        return redirect("staff_list")
    if settings.EMAIL_URL:
        toasts.error(request, _("The mail server did not take the mail. Hand the link below to %(who)s.") % who)
    else:
        toasts.success(request, _("%(who)s is invited. Hand over the link below.") % who)
    return redirect(f"{reverse('staff_list')}?link={invite.pk}")


@require_http_methods(["GET", "POST"])
@may(Act.ADMINISTER)
def staff_detail(request: HttpRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(staff.staff(), pk=pk)
    form = UserForm(request.POST or None, initial=_initial(person))
    status = 422 if form.is_bound else 200
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data | {"role": Role(form.cleaned_data["role"])}
        try:
            people.change(user=person, by=_user(request), **data)
        except people.NotAllowed as error:
            form.add_error(None, str(error))
            status = 409
        else:
            toasts.success(request, _("Saved."))
            return redirect("staff_list")
    context = {"person": person, "form": form, "keys": people.keys_that_stop(person, now=timezone.now())}
    return render(request, "staff/staff_detail.html", context, status=status)


def _initial(person: User) -> dict[str, object]:
    return {
        "name": person.name,
        "role": person.role or Role.VIEWER,
        "department": person.department_id,
        "is_active": person.is_active,
    }


@require_POST
@may(Act.ADMINISTER)
def second_factor_remove(request: HttpRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(User, pk=pk)
    second_factors.remove(user=person, by=_user(request), now=timezone.now())
    toasts.success(request, _("The second factor is removed and every session of %(who)s ended.") % {"who": person})
    return redirect("staff_detail", pk=pk)


@require_http_methods(["GET", "POST"])
@may(Act.ADMINISTER)
def department_list(request: HttpRequest) -> HttpResponse:
    form = DepartmentForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        departments.create(name=form.cleaned_data["name"], description=form.cleaned_data["description"])
        toasts.success(request, _("Added."))
        return redirect("department_list")
    context = {"form": form, "departments": staff.departments()[:500]}
    return render(request, "staff/department_list.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@may(Act.ADMINISTER)
def department_detail(request: HttpRequest, pk: int) -> HttpResponse:
    department = get_object_or_404(Department, pk=pk)
    form = DepartmentForm(request.POST or None, instance=Department.objects.get(pk=pk))
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        departments.change(department=department, name=data["name"], description=data["description"])
        toasts.success(request, _("Saved."))
        return redirect("department_list")
    context = {
        "department": department,
        "form": form,
        "people": department.users.order_by("name", "email", "pk")[:200],
    }
    return render(request, "staff/department_detail.html", context, status=422 if form.is_bound else 200)


@require_POST
@may(Act.ADMINISTER)
def department_delete(request: HttpRequest, pk: int) -> HttpResponse:
    department = get_object_or_404(Department, pk=pk)
    departments.delete(department=department)
    toasts.success(request, _("Deleted. The audit can bring it back."))
    return redirect("department_list")


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101 - @may lets nobody else in
    return request.user
