from typing import Any

from django.contrib import messages as toasts
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core import rule_forms, rules
from apps.core.comparison import RuleError
from apps.core.htmx import render
from apps.core.models import CompanySettings
from apps.customers.actions import standing
from apps.customers.models import Customer, Persona
from apps.customers.views import PREFIX, builder
from apps.desk import selectors_personas as selectors
from apps.staff.enums import Act
from apps.staff.permissions import may


@require_GET
@may(Act.SEE_CUSTOMERS)
def persona_list(request: HttpRequest) -> HttpResponse:
    personas = [(p, rules.sentence(p.rule) if p.rule else "") for p in Persona.objects.order_by("position", "name")]
    return render(request, "desk/persona_list.html", {"personas": personas})


@require_GET
@may(Act.SEE_CUSTOMERS)
def persona_detail(request: HttpRequest, pk: int) -> HttpResponse:
    persona = get_object_or_404(Persona, pk=pk)
    context = {"persona": persona, "page": selectors.persona_page(persona, now=timezone.now())}
    return render(request, "desk/persona_detail.html", context)


@require_http_methods(["GET", "POST"])
@may(Act.ADMINISTER)
def persona_rule(request: HttpRequest, pk: int) -> HttpResponse:
    """Who is given this persona. `op=preview` shows who would change; saving comes after it."""
    persona = get_object_or_404(Persona, pk=pk)
    node, op, error = _edited(request, persona.rule)
    context: dict[str, Any] = {"persona": persona, **builder(node)}
    rule = rule_forms.to_rule(node)
    if request.method == "POST" and not error and op in {"", "preview"}:
        try:
            rules.check(rule, without=standing.NOT_IN_PERSONA)
            if not op:
                return _saved(request, persona, rule)
            context["changes"] = selectors.who_would_change(persona, rule, now=timezone.now())
        except RuleError as problem:
            error = str(problem)
    if error:
        context["error"] = error
    return render(request, "desk/persona_rule.html", context, status=422 if error else 200)


def _edited(request: HttpRequest, rule: dict[str, Any]) -> tuple[rule_forms.Node, str, str]:
    """The builder as it stands, what was asked for, and what is wrong with it."""
    if request.method != "POST":
        return rule_forms.from_rule(rule, prefix=PREFIX), "", ""
    op = request.POST.get("op", "")
    try:
        return rule_forms.read(request.POST, prefix=PREFIX, op=op), op, ""
    except RuleError as error:
        return rule_forms.from_rule(rule, prefix=PREFIX), op, str(error)


def _saved(request: HttpRequest, persona: Persona, rule: dict[str, Any]) -> HttpResponse:
    standing.save_rule(persona=persona, rule=rule)
    toasts.success(request, _("Saved. Everybody is looked at anew in the background."))
    return redirect("persona_detail", pk=persona.pk)


@require_http_methods(["GET", "POST"])
@may(Act.ADMINISTER)
def conversion_rule(request: HttpRequest) -> HttpResponse:
    """Who has bought: what the status of customers follows from."""
    node, op, error = _edited(request, CompanySettings.current().conversion_rule)
    if request.method == "POST" and not error and not op:
        try:
            standing.save_conversion_rule(rule=rule_forms.to_rule(node))
            toasts.success(request, _("Saved. Everybody is looked at anew in the background."))
            return redirect("company_settings")
        except RuleError as problem:
            error = str(problem)
    context = builder(node) | ({"error": error} if error else {})
    return render(request, "desk/conversion_rule.html", context, status=422 if error else 200)


@require_POST
@may(Act.EDIT_CUSTOMERS)
def customer_persona(request: HttpRequest, pk: int) -> HttpResponse:
    """By hand: `persona` is an id, "none", or "rule" for what the rules say."""
    customer = get_object_or_404(Customer.objects.present(), pk=pk)
    wanted = request.POST.get("persona", "")
    persona = Persona.objects.filter(pk=wanted).first() if wanted.isdecimal() and len(wanted) < 18 else None
    if persona is None and wanted not in {"none", "rule"}:
        toasts.error(request, _("Choose a persona from the list."))
    else:
        standing.give_persona(customer=customer, persona=persona, is_fixed=wanted != "rule")
        toasts.success(request, _("The persona is changed."))
    return redirect("customer_detail", pk=pk)
