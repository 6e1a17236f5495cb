from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.selectors import queue_gauges
from apps.insights import selectors, serializers
from apps.insights.forms import FunnelForm
from apps.journeys.models import Journey
from apps.staff.enums import Act
from apps.staff.permissions import api_may


class JourneyFunnel(APIView):
    permission_classes = [api_may(Act.SEE_MAPS)]
    throttle_scope = "heavy"

    @extend_schema(
        responses=serializers.FunnelSerializer,
        parameters=[
            OpenApiParameter("from", str, description="A day or a time; all time without it."),
            OpenApiParameter("to", str),
            OpenApiParameter("order", str, enum=["ordered", "any"]),
            OpenApiParameter("unit", str, enum=["customer", "session"]),
            OpenApiParameter("window_seconds", int),
            OpenApiParameter("breakdown", str, description="properties.KEY"),
        ],
    )
    def get(self, request: Request, pk: int) -> Response:
        """How many units got how far, over every fitting interaction."""
        journey = get_object_or_404(Journey.objects.published().select_related("current_version"), pk=pk)
        form = FunnelForm(request.query_params)
        if not form.is_valid():
            raise ValidationError({name: [str(error) for error in errors] for name, errors in form.errors.items()})
        query = form.query()
        found = selectors.funnel(journey, query)
        answer: dict[str, Any] = {"steps": _steps(found.steps)}
        if query.breakdown is not None:
            answer["groups"] = [{"value": value, "steps": _steps(steps)} for value, steps in found.groups]
        return Response(answer)


class Health(APIView):
    permission_classes = [api_may(Act.SEE_MAPS)]

    @extend_schema(responses=serializers.HealthSerializer)
    def get(self, request: Request) -> Response:
        """The queues: how long they are and how old the oldest row is."""
        gauges = queue_gauges(now=timezone.now())
        return Response(
            {"queues": {name: {"length": g.length, "oldest_seconds": g.oldest_seconds} for name, g in gauges.items()}}
        )


def _steps(steps: list[tuple[str, int]]) -> list[dict[str, Any]]:
    return [{"step": name, "count": count} for name, count in steps]
