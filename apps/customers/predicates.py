"""What rules can ask about a customer."""

from typing import Any

from django.db.models import Q

from apps.core import rules


def check_trait(value: Any) -> None:
    rules.check_condition(value, where="trait")


def compile_trait(value: Any, scope: rules.Scope) -> Q:
    name, operator, expected = value
    return rules.json_condition(scope.path("traits"), name, operator, expected)


TRAIT = rules.Predicate(check=check_trait, compile=compile_trait)
