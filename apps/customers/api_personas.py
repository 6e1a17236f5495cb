"""Personas and the rules that say who somebody is: personas, and who has bought."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core import rules
from apps.core.api import whole
from apps.core.comparison import RuleError
from apps.core.models import CompanySettings
from apps.customers.actions import standing
from apps.customers.models import Persona
from apps.staff.enums import Act
from apps.staff.permissions import api_may


class RuleSerializer(serializers.Serializer[None]):
    rule = serializers.JSONField(help_text="See the rule language; {} takes the rule away where there may be none.")


class RuleSaidSerializer(RuleSerializer):
    sentence = serializers.CharField(help_text="The rule in plain English.")


class PersonaSerializer(RuleSaidSerializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    role = serializers.CharField()
    quote = serializers.CharField()
    goals = serializers.CharField()
    needs = serializers.CharField()
    frustrations = serializers.CharField()
    position = serializers.IntegerField(help_text="The first persona that fits is given.")


class PersonaList(APIView):
    permission_classes = [api_may(Act.SEE_CUSTOMERS)]

    @extend_schema(operation_id="persona_list", responses=PersonaSerializer(many=True))
    def get(self, request: Request) -> Response:
        """All personas, in the order in which they are tried."""
        return whole(request, [_persona(one) for one in Persona.objects.order_by("position", "name", "pk")])


class PersonaDetail(APIView):
    permission_classes = [api_may(Act.SEE_CUSTOMERS, to_write=Act.ADMINISTER)]

    @extend_schema(operation_id="persona_read", responses=PersonaSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """One persona."""
        return Response(_persona(get_object_or_404(Persona, pk=pk)))

    @extend_schema(operation_id="persona_change", request=RuleSerializer, responses=PersonaSerializer)
    def patch(self, request: Request, pk: int) -> Response:
        """Who is given it; everybody is looked at anew in the background."""
        persona = get_object_or_404(Persona, pk=pk)
        rule = _asked(request)
        try:
            standing.save_rule(persona=persona, rule=rule)
        except RuleError as error:
            raise ValidationError({"rule": str(error)}) from error
        persona.refresh_from_db()
        return Response(_persona(persona))


class ConversionRule(APIView):
    permission_classes = [api_may(Act.ADMINISTER)]

    @extend_schema(operation_id="conversion_rule_read", responses=RuleSaidSerializer)
    def get(self, request: Request) -> Response:
        """Who has bought: what the status of customers follows from."""
        return Response(_said(CompanySettings.current().conversion_rule))

    @extend_schema(operation_id="conversion_rule_change", request=RuleSerializer, responses=RuleSaidSerializer)
    def patch(self, request: Request) -> Response:
        """Everybody is looked at anew in the background."""
        try:
            standing.save_conversion_rule(rule=_asked(request))
        except RuleError as error:
            raise ValidationError({"rule": str(error)}) from error
        return Response(_said(CompanySettings.current().conversion_rule))


def _asked(request: Request) -> dict[str, Any]:
    asked = RuleSerializer(data=request.data)
    asked.is_valid(raise_exception=True)
    rule = asked.validated_data["rule"]
    if not isinstance(rule, dict):
        raise ValidationError({"rule": 'A rule is an object with one name, such as {"all": [...]}.'})
    return rule


def _said(rule: dict[str, Any]) -> dict[str, Any]:
    return {"rule": rule, "sentence": rules.sentence(rule) if rule else ""}


def _persona(persona: Persona) -> dict[str, Any]:
    fields = ("name", "role", "quote", "goals", "needs", "frustrations", "position")
    return {"id": persona.pk, **{name: getattr(persona, name) for name in fields}, **_said(persona.rule)}
