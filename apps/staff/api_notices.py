from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.api import paged
from apps.staff.actions import notices
from apps.staff.enums import Act
from apps.staff.models import Notice
from apps.staff.permissions import api_may, writer
from apps.staff.serializers_people import NoticeSerializer


class NoticeList(APIView):
    permission_classes = [api_may(Act.SEE_MAPS)]

    @extend_schema(operation_id="notice_list", responses=NoticeSerializer(many=True))
    def get(self, request: Request) -> Response:
        """One's own notices, newest first. A key, which is nobody of the staff, has none."""
        user = writer(request)
        rows = Notice.objects.for_user(user) if user else Notice.objects.none()
        return paged(
            request, rows, time_field="created_at", render=lambda page: list(NoticeSerializer(page, many=True).data)
        )


class NoticesRead(APIView):
    permission_classes = [api_may(Act.SEE_MAPS)]

    @extend_schema(operation_id="notice_read_all", request=None, responses={204: None})
    def post(self, request: Request) -> Response:
        """All of one's own notices are read from now on."""
        user = writer(request)
        if user is not None:
            notices.mark_all_read(user=user, now=timezone.now())
        return Response(status=204)
