from dataclasses import asdict
from uuid import UUID

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.journeys import serializers_rules as serializers
from apps.journeys import wire
from apps.journeys.actions import restoring
from apps.journeys.models import Journey, MapVersion, Step
from apps.journeys.selectors import foresight
from apps.journeys.selectors.maps import sentence
from apps.journeys.selectors.reach import reach
from apps.staff.enums import Act
from apps.staff.permissions import api_may, writer


class StepReach(APIView):
    permission_classes = [api_may(Act.SEE_MAPS)]

    @extend_schema(responses=serializers.ReachSerializer)
    def get(self, request: Request, pk: int, key: UUID) -> Response:
        """How many customers the rule of a step of the draft finds."""
        step = get_object_or_404(Step, key=key, stage__journey=pk)
        found = reach(step.match, now=timezone.now(), with_names=False)
        return Response(
            {
                "step": step.name,
                "rule": sentence(step.match),
                "customers_30_days": found.short,
                "customers_90_days": found.long,
            }
        )


class PublishPreview(APIView):
    permission_classes = [api_may(Act.DESIGN)]

    @extend_schema(responses=serializers.ForesightSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """What stands against publishing the draft, and how many customers would stand elsewhere. Takes seconds."""
        journey = get_object_or_404(Journey.objects.select_related("current_version"), pk=pk)
        found = foresight.foresee(journey, now=timezone.now())
        return Response({**asdict(found), "share": found.share})


class VersionRestore(APIView):
    permission_classes = [api_may(Act.DESIGN)]

    @extend_schema(request=None, responses=serializers.RestoredSerializer)
    def post(self, request: Request, pk: int, number: int) -> Response:
        """Makes the draft what that version was. Nobody is folded: customers go by the published version."""
        version = get_object_or_404(MapVersion, journey=pk, number=number)
        by = writer(request)
        try:
            restoring.restore(version=version, by=by, now=timezone.now())
        except wire.MapError as error:
            raise ValidationError({"detail": str(error)}) from error
        return Response({"id": pk, "restored": number})
