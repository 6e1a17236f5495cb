"""Addresses that are never written to."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.campaigns.actions import bounces, optouts
from apps.campaigns.models import Suppression
from apps.campaigns.transfers import address_of
from apps.core.api import paged
from apps.staff.enums import Act
from apps.staff.permissions import api_may
from apps.touchpoints.enums import Channel


class SuppressionSerializer(serializers.Serializer[None]):
    id = serializers.IntegerField(read_only=True)
    address = serializers.CharField(max_length=320, help_text="An e-mail, or a phone number with its country code.")
    channel = serializers.CharField(read_only=True)
    reason = serializers.CharField(read_only=True)
    until = serializers.DateTimeField(read_only=True, allow_null=True)
    created_at = serializers.DateTimeField(read_only=True)


class SuppressionList(APIView):
    permission_classes = [api_may(Act.ADMINISTER)]

    @extend_schema(operation_id="suppression_list", responses=SuppressionSerializer(many=True))
    def get(self, request: Request) -> Response:
        """The newest first."""
        rows = Suppression.objects.all()
        return paged(request, rows, time_field="created_at", render=lambda page: [_shown(row) for row in page])

    @extend_schema(
        operation_id="suppression_create", request=SuppressionSerializer, responses={201: SuppressionSerializer}
    )
    def post(self, request: Request) -> Response:
        """From now on nothing leaves to this address. One that is there for ever already stays as it is."""
        asked = SuppressionSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        try:
            folded = address_of(asked.validated_data["address"])
        except ValueError as error:
            raise ValidationError({"address": str(error)}) from error
        channel = Channel.EMAIL if "@" in folded else Channel.SMS
        row = bounces.suppress(channel=channel, address=folded, reason="by the API")
        optouts.wait_for_hand_over(channel=channel, address=folded)
        return Response(_shown(row), status=201)


class SuppressionDetail(APIView):
    permission_classes = [api_may(Act.ADMINISTER)]

    @extend_schema(operation_id="suppression_delete", responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """It may be written to again, as far as the person has not said no."""
        get_object_or_404(Suppression, pk=pk).delete()
        return Response(status=204)


def _shown(row: Suppression) -> dict[str, Any]:
    return {
        "id": row.pk,
        "address": row.address,
        "channel": row.channel,
        "reason": row.reason,
        "until": row.until,
        "created_at": row.created_at,
    }
