from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core import keyset
from apps.core.api import Conflict, next_page, page_size
from apps.staff.actions import audit as actions
from apps.staff.enums import Act
from apps.staff.permissions import api_may
from apps.staff.selectors import audit
from apps.staff.serializers_people import AuditSerializer
from apps.staff.views_audit import filters_of


class AuditList(APIView):
    permission_classes = [api_may(Act.ADMINISTER)]

    @extend_schema(
        operation_id="audit_list",
        responses=AuditSerializer(many=True),
        parameters=[
            OpenApiParameter("person", int, description="Id of a member of staff."),
            OpenApiParameter("kind", str, description="A `model` of this list."),
            OpenApiParameter("day", str, description="Such as 2026-11-28."),
        ],
    )
    def get(self, request: Request) -> Response:
        """Who changed what; the latest first."""
        try:
            page = audit.page(
                filters_of(request.query_params), cursor=request.query_params.get("cursor"), size=page_size(request)
            )
        except keyset.BadCursor as error:
            raise ValidationError({"cursor": str(error)}) from error
        entries = AuditSerializer(page.entries, many=True).data
        return Response({"results": entries, "next": next_page(request, page.next_cursor)})


class AuditUndo(APIView):
    permission_classes = [api_may(Act.ADMINISTER)]

    @extend_schema(operation_id="audit_undo", request=None, responses={204: None})
    def post(self, request: Request, model: str, pk: int) -> Response:
        """Puts back what a change changed, or makes again what was deleted. 409 says what stands in the way."""
        if model not in audit.event_models():
            raise Http404
        try:
            actions.undo(event=get_object_or_404(audit.event_models()[model], pgh_id=pk))
        except actions.CannotUndo as error:
            raise Conflict(str(error)) from error
        return Response(status=204)
