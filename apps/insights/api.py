from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.selectors import queue_gauges
from apps.insights import selectors
from apps.insights.forms import FunnelForm
from apps.journeys.models import Journey
from apps.staff.enums import Act
from apps.staff.permissions import api_may


class JourneyFunnel(APIView):
    permission_classes = [api_may(Act.SEE_MAPS)]

    def get(self, request: Request, pk: int) -> Response:
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

    def get(self, request: Request) -> Response:
        gauges = queue_gauges(now=timezone.now())
        return Response(
            {"queues": {name: {"length": g.length, "oldest_seconds": g.oldest_seconds} for name, g in gauges.items()}}
        )


def _steps(steps: list[tuple[str, int]]) -> list[dict[str, Any]]:
    return [{"step": name, "count": count} for name, count in steps]
