from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core import keyset
from apps.core.htmx import render
from apps.customers.actions import companies
from apps.customers.models import Company, Customer
from apps.desk import selectors_people
from apps.desk.forms_people import CompanyForm, CustomerCompanyForm, MemberForm
from apps.staff.enums import Act
from apps.staff.permissions import may


@require_GET
@may(Act.SEE_CUSTOMERS)
def company_list(request: HttpRequest) -> HttpResponse:
    text = request.GET.get("q", "").replace("\x00", "").strip()[:200]
    try:
        page = selectors_people.company_list(text=text, cursor=request.GET.get("cursor"))
    except keyset.BadCursor:
        return redirect("company_list")
    context = {"page": page, "text": text, "next_url": _next_url(request, page.next_cursor)}
    return render(request, "desk/company_list.html", context, partials={"companies": "rows"})


@require_http_methods(["GET", "POST"])
@may(Act.EDIT_CUSTOMERS)
def company_create(request: HttpRequest) -> HttpResponse:
    form = CompanyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        company = companies.create(fields=form.cleaned_data)
        messages.success(request, _("Created: %(name)s.") % {"name": company})
        return redirect("company_detail", pk=company.pk)
    status = 422 if form.is_bound else 200
    return render(request, "desk/company_edit.html", {"form": form, "company": None}, status=status)


@require_http_methods(["GET", "POST"])
@may(Act.EDIT_CUSTOMERS)
def company_edit(request: HttpRequest, pk: int) -> HttpResponse:
    company = get_object_or_404(Company, pk=pk)
    form = CompanyForm(request.POST or None, instance=company)
    if request.method == "POST" and form.is_valid():
        companies.change(company=company, fields=form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("company_detail", pk=pk)
    name = Company.objects.values_list("name", flat=True).get(pk=pk)
    context = {"form": form, "company": company, "name": name}
    return render(request, "desk/company_edit.html", context, status=422 if form.is_bound else 200)


@require_POST
@may(Act.EDIT_CUSTOMERS)
def company_delete(request: HttpRequest, pk: int) -> HttpResponse:
    company = get_object_or_404(Company, pk=pk)
    companies.delete(company=company)
    messages.success(request, _("Deleted: %(name)s. Its people stay.") % {"name": company})
    return redirect("company_list")


@require_GET
@may(Act.SEE_CUSTOMERS)
def company_detail(request: HttpRequest, pk: int) -> HttpResponse:
    company = get_object_or_404(Company.objects.select_related("owner"), pk=pk)
    return _company_page(request, company, MemberForm())


@require_http_methods(["GET", "POST"])
@may(Act.EDIT_CUSTOMERS)
def company_member_add(request: HttpRequest, pk: int) -> HttpResponse:
    company = get_object_or_404(Company.objects.select_related("owner"), pk=pk)
    form = MemberForm(request.POST or None)
    if request.method != "POST":
        return redirect("company_detail", pk=pk)
    if not form.is_valid():
        return _company_page(request, company, form, status=422)
    member = companies.add_member(company=company, customer=form.cleaned_data["who"], role=form.cleaned_data["role"])
    messages.success(request, _("Added: %(name)s.") % {"name": member.customer})
    return redirect("company_detail", pk=pk)


@require_POST
@may(Act.EDIT_CUSTOMERS)
def company_member_remove(request: HttpRequest, pk: int, customer: int) -> HttpResponse:
    companies.remove_member(company=get_object_or_404(Company, pk=pk), customer_id=customer)
    if request.POST.get("back") == "customer":
        return redirect("customer_detail", pk=customer)
    return redirect("company_detail", pk=pk)


@require_http_methods(["GET", "POST"])
@may(Act.EDIT_CUSTOMERS)
def customer_company(request: HttpRequest, pk: int) -> HttpResponse:
    """Puts a customer in a company."""
    customer = get_object_or_404(Customer.objects.present(), pk=pk)
    form = CustomerCompanyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        companies.add_member(company=data["company"], customer=customer, role=data["role"])
        messages.success(request, _("Added to %(name)s.") % {"name": data["company"]})
        return redirect("customer_detail", pk=pk)
    context = {"form": form, "customer": customer, "names": selectors_people.company_names()}
    return render(request, "desk/customer_company.html", context, status=422 if form.is_bound else 200)


def _company_page(request: HttpRequest, company: Company, form: MemberForm, *, status: int = 200) -> HttpResponse:
    try:
        people = selectors_people.members(company, cursor=request.GET.get("cursor"))
    except keyset.BadCursor:
        return redirect("company_detail", pk=company.pk)
    context = {"company": company, "people": people, "form": form, "next_url": _next_url(request, people.next_cursor)}
    return render(request, "desk/company_detail.html", context, status=status)


def _next_url(request: HttpRequest, cursor: str | None) -> str | None:
    return f"{request.path}?cursor={cursor}" if cursor else None
