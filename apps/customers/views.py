from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from apps.core import rule_forms, rules
from apps.core.comparison import RuleError
from apps.core.htmx import render
from apps.customers.previews import preview
from apps.staff.enums import Act
from apps.staff.permissions import may

PREFIX = "rule"


@require_POST
@may(Act.SEE_CUSTOMERS)
def rule_edit(request: HttpRequest) -> HttpResponse:
    """The builder after something was changed in it, with how many fit now. Writes nothing."""
    try:
        node = rule_forms.read(request.POST, prefix=PREFIX, op=request.POST.get("op", ""))
    except RuleError as error:
        context = {"node": None, "error": str(error), "edit_url": reverse("rule_edit")}
        return render(request, "components/rule_builder.html", context, status=422)
    return render(request, "components/rule_builder.html", builder(node))


def builder(node: rule_forms.Node) -> dict[str, Any]:
    """What the builder's template needs: the tree, and what the rule in it means, how many fit, or what is wrong."""
    context: dict[str, Any] = {
        "node": node,
        "joins": rule_forms.JOINS,
        "operators": rule_forms.OPERATOR_LABELS,
        "edit_url": reverse("rule_edit"),
        "predicates": [(name, predicate.label) for name, predicate in rules.predicates().items()],
    }
    rule = rule_forms.to_rule(node)
    try:
        rules.check(rule)
    except RuleError as error:
        return context | {"error": str(error)}
    if not rule:
        return context
    return context | {"sentence": rules.sentence(rule), "preview": preview(rule=rule, now=timezone.now())}
