from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import APIException, NotFound
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.journeys.interchange.downloads import asked_file, attachment
from apps.journeys.interchange.formats import FORMATS
from apps.journeys.interchange.raster import CannotDraw
from apps.journeys.models import Journey
from apps.journeys.serializers import JourneyTextSerializer
from apps.staff.enums import Act
from apps.staff.permissions import api_may


class CannotMake(APIException):
    """This machine lacks what the format needs."""

    status_code = 501


class _FormatIsOurs(BaseContentNegotiation):
    """`format` and Accept are about the file, which is no answer of REST framework."""

    def select_parser(self, _request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, _request: Request, renderers: Any, _format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type


_ANSWERS: dict[Any, Any] = {
    **{(200, one.content_type): OpenApiTypes.BINARY for one in FORMATS.values()},
    (200, "application/json"): JourneyTextSerializer,
    (501, "application/json"): OpenApiTypes.OBJECT,
}


class JourneyExport(APIView):
    permission_classes = [api_may(Act.SEE_MAPS)]
    content_negotiation_class = _FormatIsOurs
    throttle_scope = "heavy"

    @extend_schema(
        parameters=[
            OpenApiParameter("format", str, enum=list(FORMATS), default="json"),
            OpenApiParameter("version", int, description="Of the published map; without it the draft."),
        ],
        responses=_ANSWERS,
    )
    def get(self, request: Request, pk: int) -> HttpResponse:
        """The map as a file. 501 where this machine cannot make a PDF; the answer says what it lacks."""
        journey = get_object_or_404(Journey, pk=pk)
        try:
            return attachment(asked_file(journey, request.query_params))
        except LookupError as error:
            raise NotFound({"detail": str(error.args[0])}) from error
        except CannotDraw as error:
            raise CannotMake({"detail": str(error)}) from error
