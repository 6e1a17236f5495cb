from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.customers.models import Customer
from apps.journeys.actions import deciding
from apps.journeys.models import Journey
from apps.staff.enums import Act
from apps.staff.permissions import api_may, writer


class StageSetSerializer(serializers.Serializer[None]):
    journey = serializers.CharField(max_length=200, help_text="The name of a published journey.")
    stage = serializers.CharField(max_length=100, help_text="The name of one of its stages.")
    note = serializers.CharField(max_length=500, required=False, allow_blank=True)


class CustomerStage(APIView):
    permission_classes = [api_may(Act.SEE_CUSTOMERS, to_write=Act.EDIT_CUSTOMERS)]

    @extend_schema(request=StageSetSerializer, responses={201: StageSetSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Sets the stage by hand; it holds until the next step that moves on."""
        customer = get_object_or_404(Customer.objects.present(), pk=pk)
        serializer = StageSetSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        data = serializer.validated_data
        journey = Journey.objects.published().select_related("current_version").filter(name=data["journey"]).first()
        if journey is None or journey.current_version is None:
            raise ValidationError({"journey": [f"There is no published journey {data['journey']!r}."]})
        keys = {stage["name"]: stage["key"] for stage in journey.current_version.snapshot["stages"]}
        if data["stage"] not in keys:
            raise ValidationError({"stage": [f"{journey} has no stage {data['stage']!r}."]})
        deciding.set_stage(
            customer=customer,
            journey=journey,
            stage_key=keys[data["stage"]],
            note=data.get("note", ""),
            by=writer(request),
            now=timezone.now(),
        )
        return Response(data, status=201)
