from dataclasses import asdict
from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.api import Conflict, paged, whole
from apps.journeys import serializers, wire
from apps.journeys.actions import imports, publishing
from apps.journeys.models import Journey, MapVersion
from apps.journeys.selectors import versions
from apps.journeys.selectors.drafts import export_text
from apps.staff.enums import Act
from apps.staff.permissions import api_may, writer


class JourneyList(APIView):
    permission_classes = [api_may(Act.SEE_MAPS)]

    @extend_schema(responses=serializers.JourneySerializer(many=True))
    def get(self, request: Request) -> Response:
        """All journeys, by name."""
        rows = Journey.objects.select_related("current_version").order_by("name", "pk")
        return whole(
            request,
            [{"id": j.pk, "name": j.name, "version": j.current_version and j.current_version.number} for j in rows],
        )


class JourneyDetail(APIView):
    permission_classes = [api_may(Act.SEE_MAPS)]

    @extend_schema(responses=serializers.JourneyTextSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """The draft in the JSON of the import."""
        return Response(export_text(get_object_or_404(Journey, pk=pk)))


class JourneyImport(APIView):
    permission_classes = [api_may(Act.DESIGN)]

    @extend_schema(request=serializers.JourneyTextSerializer, responses={201: serializers.ImportedJourneySerializer})
    def post(self, request: Request) -> Response:
        """Makes a journey of text, or edits the draft of that name: what keeps its name keeps its key."""
        by = writer(request)
        try:
            journey = imports.import_map(text=wire.read(request.data), by=by, now=timezone.now())
        except wire.MapError as error:
            raise ValidationError({"detail": str(error)}) from error
        return Response({"id": journey.pk, "name": journey.name}, status=201)


class JourneyPublish(APIView):
    permission_classes = [api_may(Act.DESIGN)]

    @extend_schema(request=None, responses=serializers.PublishedSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Customers are measured by the draft from now on. 409 when something stands on what it takes away."""
        journey = get_object_or_404(Journey, pk=pk)
        by = writer(request)
        try:
            version = publishing.publish(journey=journey, now=timezone.now(), by=by)
        except wire.MapError as error:
            raise ValidationError({"detail": str(error)}) from error
        except publishing.Refused as error:
            raise Conflict({"detail": str(error)}) from error
        return Response({"id": journey.pk, "version": version.number, "job": version.job_id})


class VersionList(APIView):
    permission_classes = [api_may(Act.SEE_MAPS)]

    @extend_schema(responses=serializers.VersionSerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        """Published versions, newest first."""
        rows = get_object_or_404(Journey, pk=pk).versions.select_related("published_by")
        return paged(request, rows, time_field="published_at", render=lambda page: [_version(row) for row in page])


class VersionCompare(APIView):
    permission_classes = [api_may(Act.SEE_MAPS)]

    @extend_schema(
        responses=serializers.DifferenceSerializer(many=True),
        parameters=[OpenApiParameter("from", int), OpenApiParameter("to", int)],
    )
    def get(self, request: Request, pk: int) -> Response:
        """What differs between two versions, by their numbers; without them between the last two."""
        rows = {row.number: row for row in get_object_or_404(Journey, pk=pk).versions.order_by("-number")[:200]}
        numbers = [*rows, *rows, 0, 0]
        chosen = []
        for name, default in (("from", numbers[1]), ("to", numbers[0])):
            said = request.query_params.get(name, str(default))
            if not said.isdecimal() or int(said) not in rows:
                raise ValidationError({name: f"There is no version {said[:20]!r}."})
            chosen.append(rows[int(said)].snapshot)
        return whole(request, [asdict(difference) for difference in versions.compare(*chosen)])


def _version(row: MapVersion) -> dict[str, Any]:
    by = row.published_by
    return {"number": row.number, "published_at": row.published_at, "published_by": str(by) if by else None}
