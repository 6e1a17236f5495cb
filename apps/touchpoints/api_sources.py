from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.api import Conflict, whole
from apps.staff.enums import Act
from apps.staff.permissions import api_may
from apps.touchpoints import newest
from apps.touchpoints.actions import sources
from apps.touchpoints.enums import SourceKind
from apps.touchpoints.models import Source
from apps.touchpoints.serializers_sources import SourceSerializer, UnmatchedSerializer


class SourceList(APIView):
    permission_classes = [api_may(Act.ADMINISTER)]

    @extend_schema(operation_id="source_list", responses=SourceSerializer(many=True))
    def get(self, request: Request) -> Response:
        """All sources, by name, with their write keys."""
        return whole(request, list(SourceSerializer(Source.objects.order_by("name", "pk"), many=True).data))

    @extend_schema(operation_id="source_create", request=SourceSerializer, responses={201: SourceSerializer})
    def post(self, request: Request) -> Response:
        """Adds a source. 409 when there is one of that name."""
        given = SourceSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        if Source.objects.filter(name=data["name"]).exists():
            raise Conflict({"name": "There is a source of this name."})
        source = sources.create(name=data["name"], kind=SourceKind(data["kind"]))
        return Response(SourceSerializer(source).data, status=201)


class SourceDetail(APIView):
    permission_classes = [api_may(Act.ADMINISTER)]

    @extend_schema(operation_id="source_read", responses=SourceSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """One source."""
        return Response(SourceSerializer(get_object_or_404(Source, pk=pk)).data)


class SourceRenewKey(APIView):
    permission_classes = [api_may(Act.ADMINISTER)]

    @extend_schema(operation_id="source_renew_key", request=None, responses=SourceSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """A new write key; the old one is refused from now on."""
        source = get_object_or_404(Source, pk=pk)
        sources.renew_key(source=source)
        return Response(SourceSerializer(source).data)


class Unmatched(APIView):
    permission_classes = [api_may(Act.SEE_MAPS)]

    @extend_schema(operation_id="touchpoint_unmatched", responses=UnmatchedSerializer)
    def get(self, request: Request) -> Response:
        """What customers did at no touchpoint, among the newest interactions; each with the rule that would match it
        and a name for the touchpoint, as `POST /api/touchpoints/` takes them."""
        return Response(UnmatchedSerializer(newest.unmatched()).data)
