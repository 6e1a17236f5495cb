from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.api import paged
from apps.journeys.actions import comments as saying
from apps.journeys.actions import sharing
from apps.journeys.models import Comment, Journey, ShareLink
from apps.journeys.selectors import comments
from apps.journeys.selectors import sharing as shared
from apps.journeys.serializers_together import CommentSerializer, ShareLinkSerializer
from apps.staff.authentication import KeyHolder
from apps.staff.enums import Act
from apps.staff.models import User
from apps.staff.permissions import api_may, writer


class MayComment(api_may(Act.SEE_MAPS)):  # type: ignore[misc]  # made by a function
    """All staff comment; a key needs the scope to write."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not super().has_permission(request, view):
            return False
        holder: Any = request.user
        is_reading = request.method in {"GET", "HEAD", "OPTIONS"}
        return is_reading or not isinstance(holder, KeyHolder) or holder.has_perm(Act.DESIGN.permission)


class CommentList(APIView):
    permission_classes = [MayComment]

    @extend_schema(
        operation_id="comment_list",
        responses=CommentSerializer(many=True),
        parameters=[OpenApiParameter("card", str, description="The key of a card: only what is said about it.")],
    )
    def get(self, request: Request, pk: int) -> Response:
        """What is said about the cards of a map, newest first."""
        rows = comments.of_journey(get_object_or_404(Journey, pk=pk).pk)
        if "card" in request.query_params:
            rows = comments.about(rows, _key(request.query_params["card"]))
        return paged(request, rows, time_field="at", render=lambda page: [_comment(row) for row in page])

    @extend_schema(operation_id="comment_create", request=CommentSerializer, responses={201: CommentSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Says something about a card. @ and a name tells that member of staff."""
        journey = get_object_or_404(Journey.objects.select_related("current_version"), pk=pk)
        given = CommentSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        place = comments.place(journey, given.validated_data["card"])
        if place is None:
            raise ValidationError({"card": "There is no card of this key on the map."})
        holder: Any = request.user
        row = saying.say(
            journey=journey,
            place=place,
            text=given.validated_data["text"],
            by=holder if isinstance(holder, User) else None,
            key_name=holder.key.name if isinstance(holder, KeyHolder) else "",
            now=timezone.now(),
        )
        return Response(_comment(row), status=201)


class ShareLinkList(APIView):
    permission_classes = [api_may(Act.DESIGN)]

    @extend_schema(operation_id="share_link_list", responses=ShareLinkSerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        """The links that share a map, newest first. Whoever has an address reads the map without signing in."""
        rows = get_object_or_404(Journey, pk=pk).share_links.all()
        return paged(request, rows, time_field="created_at", render=lambda page: [_link(row) for row in page])

    @extend_schema(operation_id="share_link_create", request=ShareLinkSerializer, responses={201: ShareLinkSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Makes an address at which guests read the map."""
        journey = get_object_or_404(Journey, pk=pk)
        given = ShareLinkSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        by = writer(request)
        link = sharing.share(journey=journey, **given.validated_data, by=by, now=timezone.now())
        return Response(_link(link), status=201)


class ShareLinkRevoke(APIView):
    permission_classes = [api_may(Act.DESIGN)]

    @extend_schema(operation_id="share_link_revoke", request=None, responses=ShareLinkSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Closes the link for good."""
        link = get_object_or_404(ShareLink, pk=pk)
        sharing.revoke(link=link, now=timezone.now())
        link.refresh_from_db()
        return Response(_link(link))


def _key(text: str) -> Any:
    try:
        return CommentSerializer().fields["card"].to_internal_value(text)
    except ValidationError as error:
        raise ValidationError({"card": error.detail}) from error


def _comment(row: Comment) -> dict[str, Any]:
    return {
        "id": row.pk,
        "card": row.card_key,
        "text": row.text,
        "by": comments.author(row),
        "link": row.link and row.link.name,
        "at": row.at,
        "resolved_at": row.resolved_at,
    }


def _link(row: ShareLink) -> dict[str, Any]:
    return {
        "id": row.pk,
        "name": row.name,
        "shows_numbers": row.shows_numbers,
        "takes_comments": row.takes_comments,
        "address": None if row.revoked_at else shared.address(row),
        "created_at": row.created_at,
        "last_opened_at": row.last_opened_at,
        "revoked_at": row.revoked_at,
    }
