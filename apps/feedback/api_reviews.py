from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.api import paged
from apps.feedback import selectors
from apps.feedback.actions import reviews
from apps.feedback.models import Review
from apps.feedback.serializers_reviews import ReplySerializer, ReviewSerializer
from apps.staff.enums import Act
from apps.staff.permissions import api_may

_PARAMETERS = [
    OpenApiParameter("site", str, description="Name of the review site."),
    OpenApiParameter("stars", int, description="1 to 5."),
]


class ReviewList(APIView):
    permission_classes = [api_may(Act.SEE_CUSTOMERS)]

    @extend_schema(
        operation_id="review_list",
        parameters=_PARAMETERS,
        responses=ReviewSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """Reviews, the last published first."""
        query = request.query_params
        rows = selectors.reviews(site=query.get("site", ""), stars=query.get("stars", ""))
        return paged(request, rows, time_field="published_at", render=lambda page: [shown(row) for row in page])


class ReviewReply(APIView):
    permission_classes = [api_may(Act.SEE_CUSTOMERS, to_write=Act.EDIT_CUSTOMERS)]

    @extend_schema(operation_id="review_reply", request=ReplySerializer, responses=ReviewSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Keeps what the company answered; an empty text takes it back. Nothing is published."""
        review = get_object_or_404(Review.objects.select_related("site"), pk=pk)
        given = ReplySerializer(data=request.data)
        given.is_valid(raise_exception=True)
        kept = reviews.reply(review=review, text=given.validated_data["reply"], now=timezone.now())
        review.reply, review.replied_at = kept.reply, kept.replied_at
        return Response(shown(review))


def shown(row: Review) -> dict[str, Any]:
    return {
        "id": row.pk,
        "site": row.site.name,
        "external_id": row.external_id,
        "customer": row.customer_id,
        "author": row.author,
        "stars": row.rating,
        "title": row.title,
        "text": row.text,
        "published_at": row.published_at,
        "url": row.url,
        "reply": row.reply,
        "replied_at": row.replied_at,
    }
