from collections.abc import Iterable
from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.api import Conflict, whole
from apps.core.comparison import RuleError
from apps.staff.enums import Act
from apps.staff.permissions import api_may
from apps.touchpoints import selectors
from apps.touchpoints.actions import catalogue
from apps.touchpoints.models import Touchpoint
from apps.touchpoints.serializers import TouchpointSerializer


class TouchpointList(APIView):
    permission_classes = [api_may(Act.SEE_MAPS, to_write=Act.DESIGN)]

    @extend_schema(operation_id="touchpoint_list", responses=TouchpointSerializer(many=True))
    def get(self, request: Request) -> Response:
        """The whole catalogue, by name."""
        return whole(request, _shown(Touchpoint.objects.order_by("name", "pk")))

    @extend_schema(
        operation_id="touchpoint_create", request=TouchpointSerializer, responses={201: TouchpointSerializer}
    )
    def post(self, request: Request) -> Response:
        """Adds a touchpoint. 409 when there is one of that name."""
        given = TouchpointSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        return Response(_save(Touchpoint(), given.validated_data), status=201)


class TouchpointDetail(APIView):
    permission_classes = [api_may(Act.SEE_MAPS, to_write=Act.DESIGN)]

    @extend_schema(operation_id="touchpoint_read", responses=TouchpointSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """One touchpoint."""
        return Response(_shown([get_object_or_404(Touchpoint, pk=pk)])[0])

    @extend_schema(operation_id="touchpoint_change", request=TouchpointSerializer, responses=TouchpointSerializer)
    def patch(self, request: Request, pk: int) -> Response:
        """Changes what is given, for what comes in from now on. 409 when a step or a rule needs its name."""
        touchpoint = get_object_or_404(Touchpoint, pk=pk)
        given = TouchpointSerializer(data=request.data, partial=True)
        given.is_valid(raise_exception=True)
        return Response(_save(touchpoint, given.validated_data))

    @extend_schema(operation_id="touchpoint_delete", responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Takes it out of the catalogue; its interactions stay. 409 when a step or a rule asks for it."""
        touchpoint = get_object_or_404(Touchpoint, pk=pk)
        try:
            catalogue.delete(touchpoint=touchpoint, user_id=request.user.pk)
        except catalogue.TouchpointError as error:
            raise Conflict(str(error)) from error
        return Response(status=204)


def _save(touchpoint: Touchpoint, values: dict[str, Any]) -> dict[str, Any]:
    name = values.get("name", touchpoint.name)
    if Touchpoint.objects.filter(name=name).exclude(pk=touchpoint.pk).exists():
        raise Conflict({"name": "There is a touchpoint of this name."})
    for field, value in values.items():
        setattr(touchpoint, field, value)
    try:
        catalogue.save(touchpoint=touchpoint)
    except catalogue.TouchpointError as error:
        raise Conflict(str(error)) from error
    except RuleError as error:
        raise ValidationError({"rules": str(error)}) from error
    return _shown([touchpoint])[0]


def _shown(touchpoints: Iterable[Touchpoint]) -> list[dict[str, Any]]:
    counts = selectors.interactions_by_touchpoint(today=selectors.utc_day(timezone.now()))
    rows = list(touchpoints)
    for row in rows:
        row.interactions = counts.get(row.pk, 0)  # type: ignore[attr-defined]  # what the serializer reads
    return list(TouchpointSerializer(rows, many=True).data)
