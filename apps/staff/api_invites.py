from typing import Any

from django.conf import settings
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.api import Conflict, whole
from apps.staff.actions import invites
from apps.staff.enums import Act, Role
from apps.staff.models import Invite
from apps.staff.permissions import api_may, writer
from apps.staff.selectors import people
from apps.staff.serializers_people import InviteSerializer, NewInviteSerializer


class InviteList(APIView):
    permission_classes = [api_may(Act.ADMINISTER)]

    @extend_schema(operation_id="invite_list", responses=InviteSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Who was invited and has not answered; the latest first."""
        return whole(request, [_told(invite, link=None) for invite in people.waiting_invites()])

    @extend_schema(operation_id="invite_create", request=NewInviteSerializer, responses={201: InviteSerializer})
    def post(self, request: Request) -> Response:
        """Invites somebody by mail. `link` is told where no mail went out, to be handed over. 409 for somebody who
        belongs to the staff."""
        given = NewInviteSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        data = {"name": "", "department": None, **given.validated_data}
        try:
            invite = invites.invite(**data | {"role": Role(data["role"])}, by=writer(request), now=timezone.now())
        except invites.CannotInvite as error:
            raise Conflict({"email": str(error)}) from error
        return Response(_sent(invite), status=201)


class InviteDetail(APIView):
    permission_classes = [api_may(Act.ADMINISTER)]

    @extend_schema(operation_id="invite_revoke", responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Takes it back: its link no longer works."""
        invites.revoke(invite_pk=get_object_or_404(Invite, pk=pk).pk, now=timezone.now())
        return Response(status=204)


class InviteAgain(APIView):
    permission_classes = [api_may(Act.ADMINISTER)]

    @extend_schema(operation_id="invite_again", request=None, responses={201: InviteSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """A new invitation in place of this one. 409 for somebody who has joined."""
        old = get_object_or_404(Invite, pk=pk)
        try:
            invite = invites.again(invite_pk=old.pk, by=writer(request), now=timezone.now())
        except invites.CannotInvite as error:
            raise Conflict(str(error)) from error
        return Response(_sent(invite), status=201)


def _sent(invite: Invite) -> dict[str, Any]:
    return _told(invite, link=None if invites.send(invite=invite) else invites.link(invite))


def _told(invite: Invite, *, link: str | None) -> dict[str, Any]:
    if link is None and not settings.EMAIL_URL:
        link = invites.link(invite)
    invite.link = link  # type: ignore[attr-defined]  # what the serializer reads
    return dict(InviteSerializer(invite).data)
