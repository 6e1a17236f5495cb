"""Keys are made and renewed on their page alone, which asks for the password anew: a key must not make another one."""

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.api import whole
from apps.staff.actions import api_keys
from apps.staff.enums import Act
from apps.staff.models import ApiKey
from apps.staff.permissions import api_may
from apps.staff.serializers_people import KeySerializer


class KeyList(APIView):
    permission_classes = [api_may(Act.ADMINISTER)]

    @extend_schema(operation_id="key_list", responses=KeySerializer(many=True))
    def get(self, request: Request) -> Response:
        """The keys that work, by name; never the keys themselves."""
        rows = ApiKey.objects.active(timezone.now()).select_related("owner").order_by("name", "-created_at", "-pk")
        return whole(request, list(KeySerializer(rows[:200], many=True).data))


class KeyDetail(APIView):
    permission_classes = [api_may(Act.ADMINISTER)]

    @extend_schema(operation_id="key_revoke", responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Revokes a key: calls with it are refused from now on."""
        api_keys.revoke(key_pk=get_object_or_404(ApiKey, pk=pk).pk, now=timezone.now())
        return Response(status=204)
