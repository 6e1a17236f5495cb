from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.campaigns import serializers_endpoints as shapes
from apps.campaigns.actions import endpoints
from apps.campaigns.models import Endpoint
from apps.core import destinations
from apps.core.api import Conflict, whole
from apps.staff.enums import Act
from apps.staff.permissions import api_may


class EndpointList(APIView):
    permission_classes = [api_may(Act.ADMINISTER)]

    @extend_schema(operation_id="endpoint_list", responses=shapes.EndpointSerializer(many=True))
    def get(self, request: Request) -> Response:
        """All endpoints, by name. Addresses are not told again, as they may hold a secret."""
        return whole(request, [_told(row) for row in Endpoint.objects.order_by("name", "pk")])

    @extend_schema(
        operation_id="endpoint_create", request=shapes.NewEndpointSerializer, responses={201: shapes.MadeSerializer}
    )
    def post(self, request: Request) -> Response:
        """Adds an endpoint; its secret is told this once. 409 when there is one of that name."""
        given = shapes.NewEndpointSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        made = _saved(lambda: endpoints.create(**given.validated_data))
        return Response({**_told(made), "secret": made.secret}, status=201)


class EndpointDetail(APIView):
    permission_classes = [api_may(Act.ADMINISTER)]

    @extend_schema(operation_id="endpoint_read", responses=shapes.EndpointSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """One endpoint."""
        return Response(_told(get_object_or_404(Endpoint, pk=pk)))

    @extend_schema(
        operation_id="endpoint_change", request=shapes.EndpointChangeSerializer, responses=shapes.EndpointSerializer
    )
    def patch(self, request: Request, pk: int) -> Response:
        """Changes what is given; the rest stays."""
        endpoint = get_object_or_404(Endpoint, pk=pk)
        given = shapes.EndpointChangeSerializer(data=request.data, partial=True)
        given.is_valid(raise_exception=True)
        values = dict(given.validated_data)
        is_active = values.pop("is_active", None)
        if values:
            _saved(lambda: endpoints.change(endpoint=endpoint, **values))
        if is_active is not None:
            endpoints.switch(endpoint=endpoint, is_active=is_active)
        return Response(_told(get_object_or_404(Endpoint, pk=pk)))


class EndpointRotate(APIView):
    permission_classes = [api_may(Act.ADMINISTER)]

    @extend_schema(request=None, responses=shapes.MadeSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """A new secret, told this once; calls are signed with it from now on."""
        row = endpoints.rotate(endpoint=get_object_or_404(Endpoint, pk=pk), now=timezone.now())
        return Response({**_told(row), "secret": row.secret})


class EndpointTest(APIView):
    permission_classes = [api_may(Act.ADMINISTER)]

    @extend_schema(request=None, responses=shapes.TriedSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Calls it once with an event that tells of nobody. What it answers beside the status is not told."""
        tried = endpoints.try_out(endpoint=get_object_or_404(Endpoint, pk=pk), now=timezone.now())
        return Response({"status": tried.status, "text": tried.text, "is_well": tried.is_well})


def _saved(save: Any) -> Endpoint:
    try:
        row: Endpoint = save()
    except endpoints.NameTaken as error:
        raise Conflict({"name": str(error)}) from error
    except endpoints.BadAddress as error:
        raise ValidationError({"url": str(error)}) from error
    return row


def _told(row: Endpoint) -> dict[str, Any]:
    return {
        "id": row.pk,
        "name": row.name,
        "host": destinations.host_of(row.url),
        "shape": row.shape,
        "is_active": row.is_active,
        "stopped_because": row.stopped_because,
    }
