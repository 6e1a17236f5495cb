"""What staff log by hand, from the outside. What customers do themselves comes in by /v1/track."""

from datetime import datetime
from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.api import Conflict
from apps.customers.models import Customer
from apps.desk.forms import past
from apps.feedback.actions import responses
from apps.staff.enums import Act
from apps.staff.permissions import api_may, writer
from apps.touchpoints.actions import log
from apps.touchpoints.enums import By, Channel
from apps.touchpoints.models import Interaction, Touchpoint


class LoggedSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(read_only=True)
    event = serializers.CharField(max_length=200)
    by = serializers.ChoiceField(choices=By.choices, required=False, help_text="Who did it; customer by default.")
    channel = serializers.ChoiceField(choices=Channel.choices)
    touchpoint = serializers.CharField(
        required=False, allow_null=True, max_length=100, help_text="A name of the catalogue; else its rules say."
    )
    at = serializers.DateTimeField(required=False, help_text="When it happened; now by default.")
    note = serializers.CharField(required=False, allow_blank=True, max_length=2000)

    def validate_touchpoint(self, name: str | None) -> Touchpoint | None:
        found = Touchpoint.objects.filter(name=name).first() if name else None
        if name and found is None:
            raise ValidationError(f"The catalogue has no touchpoint “{name}”.")
        return found

    def validate_at(self, at: datetime) -> datetime:
        return past(at, now=timezone.now())


class CustomerInteractions(APIView):
    permission_classes = [api_may(Act.EDIT_CUSTOMERS)]

    @extend_schema(operation_id="interaction_log", request=LoggedSerializer, responses={201: LoggedSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Logs what happened, such as a call or a visit to the store. It is on the timeline within seconds."""
        customer = get_object_or_404(Customer.objects.present(), pk=pk)
        given = LoggedSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        data, now = given.validated_data, timezone.now()
        row = log.enter(
            customer=customer,
            event=data["event"],
            by=By(data.get("by", By.CUSTOMER)),
            channel=Channel(data["channel"]),
            at=data.get("at", now),
            now=now,
            note=data.get("note", ""),
            user=writer(request),
            touchpoint=data.get("touchpoint"),
        )
        shown = {"id": row.pk, "event": row.event, "by": row.by, "channel": row.channel, "touchpoint": row.touchpoint}
        said = {"at": row.occurred_at, "note": row.properties["note"]}
        return Response(LoggedSerializer(shown | said).data, status=201)


class InteractionRetract(APIView):
    permission_classes = [api_may(Act.EDIT_CUSTOMERS)]

    @extend_schema(
        operation_id="interaction_retract",
        request=None,
        responses={204: None, 409: OpenApiResponse(description="Not entered by hand, or retracted already.")},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Takes back what was logged by hand: it stays on the timeline, marked, and counts for nothing."""
        interaction = get_object_or_404(Interaction.objects.select_related("source"), pk=pk)
        try:
            responses.retract(interaction=interaction, user=writer(request), now=timezone.now())
        except log.NotRetractable as error:
            raise Conflict(str(error)) from error
        return Response(status=204)
