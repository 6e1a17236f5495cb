from django.shortcuts import get_object_or_404
from django.utils import timezone
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.api import whole
from apps.journeys import wire
from apps.journeys.actions import drafts, publishing
from apps.journeys.models import Journey
from apps.journeys.selectors.drafts import export_text
from apps.staff.enums import Act
from apps.staff.models import User
from apps.staff.permissions import api_may


class JourneyList(APIView):
    permission_classes = [api_may(Act.SEE_MAPS)]

    def get(self, request: Request) -> Response:
        rows = Journey.objects.select_related("current_version").order_by("name", "pk")
        return whole(
            [{"id": j.pk, "name": j.name, "version": j.current_version and j.current_version.number} for j in rows]
        )


class JourneyDetail(APIView):
    permission_classes = [api_may(Act.SEE_MAPS)]

    def get(self, request: Request, pk: int) -> Response:
        """The draft in the JSON of the import."""
        return Response(export_text(get_object_or_404(Journey, pk=pk)))


class JourneyImport(APIView):
    permission_classes = [api_may(Act.DESIGN)]

    def post(self, request: Request) -> Response:
        try:
            journey = drafts.import_text(text=wire.read(request.data))
        except wire.MapError as error:
            raise ValidationError({"detail": str(error)}) from error
        return Response({"id": journey.pk, "name": journey.name}, status=201)


class JourneyPublish(APIView):
    permission_classes = [api_may(Act.DESIGN)]

    def post(self, request: Request, pk: int) -> Response:
        journey = get_object_or_404(Journey, pk=pk)
        by = request.user if isinstance(request.user, User) else None
        try:
            version = publishing.publish(journey=journey, now=timezone.now(), by=by)
        except wire.MapError as error:
            raise ValidationError({"detail": str(error)}) from error
        return Response({"id": journey.pk, "version": version.number})
