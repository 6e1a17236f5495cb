"""What a customer allows: read, told by staff or another system, and asked for by mail."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import Throttled, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.campaigns.actions import optouts, signups
from apps.campaigns.actions.optouts import Told
from apps.core.api import whole
from apps.customers.enums import Choice
from apps.customers.models import Topic
from apps.customers.selectors import Said
from apps.desk import selectors
from apps.desk import serializers_reading as reading
from apps.desk.api import find_customer
from apps.staff.enums import Act
from apps.staff.permissions import api_may, writer
from apps.touchpoints.enums import Channel


class CustomerConsents(APIView):
    permission_classes = [api_may(Act.SEE_CUSTOMERS, to_write=Act.EDIT_CUSTOMERS)]

    @extend_schema(responses=reading.AllowedSerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        """Every topic on every channel by which the customer can be reached, and whether it may be sent."""
        found = selectors.allowed(find_customer(pk), now=timezone.now())
        return whole(request, [_allowed(said) for said in found])

    @extend_schema(request=reading.ConsentWriteSerializer, responses={201: reading.ConsentSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """`{channel, topic, choice: in or out, evidence}`; one more answer, the latest counts."""
        data = _object(request)
        channel, choice = data.get("channel"), data.get("choice")
        if channel not in Channel.values:
            raise ValidationError({"channel": f"Use one of: {', '.join(Channel.values)}."})
        if choice not in Choice.values:
            raise ValidationError({"choice": "Use in or out."})
        topic = _topic(data)
        customer, now = find_customer(pk), timezone.now()
        told = [Told(channel, topic, Choice(choice))]
        optouts.record_told(customer=customer, told=told, evidence=_evidence(data), by=writer(request), now=now)
        return Response({"channel": channel, "topic": topic.key, "choice": choice, "at": now}, status=201)


class CustomerConfirmations(APIView):
    permission_classes = [api_may(Act.EDIT_CUSTOMERS)]

    @extend_schema(request=reading.AskSerializer, responses={201: reading.AskedSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """`{topic}`: asks the customer by mail whether they want it (double opt-in). 429: they were asked just now."""
        topic = _topic(_object(request))
        try:
            asked = signups.ask_to_confirm(customer=find_customer(pk), topic=topic, now=timezone.now())
        except signups.CannotAsk as error:
            raise ValidationError({"topic": str(error)}) from error
        if asked is None:
            raise Throttled(wait=signups.AGAIN_AFTER.total_seconds(), detail="They were asked already.")
        answer = {"topic": topic.key, "asked_at": asked.asked_at, "expires_at": asked.expires_at}
        return Response(answer, status=status.HTTP_201_CREATED)


def _allowed(said: Said) -> dict[str, Any]:
    because = said.refusal
    return {"channel": said.channel, "topic": said.topic.key, "may_write": because is None, "because": because or ""}


def _object(request: Request) -> dict[str, Any]:
    data: Any = request.data
    if not isinstance(data, dict):
        raise ValidationError("Send an object.")
    return data


def _topic(data: dict[str, Any]) -> Topic:
    topic = Topic.objects.filter(key=str(data.get("topic"))[:50]).first()
    if topic is None:
        raise ValidationError({"topic": f"There is no topic {data.get('topic')!r}."})
    return topic


def _evidence(data: dict[str, Any]) -> str:
    """Whole or not at all: half a proof is none."""
    said = data.get("evidence", "")
    if not isinstance(said, str) or len(said) > reading.MAX_EVIDENCE:
        raise ValidationError({"evidence": f"Use a text of at most {reading.MAX_EVIDENCE} characters."})
    return said
