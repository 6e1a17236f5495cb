from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.campaigns import serializers_topics as shapes
from apps.core.api import Conflict, whole
from apps.customers.actions import topics
from apps.customers.models import Topic
from apps.staff.enums import Act
from apps.staff.permissions import api_may


class TopicList(APIView):
    permission_classes = [api_may(Act.SEE_MAPS, to_write=Act.DESIGN)]

    @extend_schema(operation_id="topic_list", responses=shapes.TopicSerializer(many=True))
    def get(self, request: Request) -> Response:
        """All topics, by name."""
        return whole(request, [_told(topic) for topic in Topic.objects.order_by("name", "pk")])

    @extend_schema(
        operation_id="topic_create", request=shapes.NewTopicSerializer, responses={201: shapes.TopicSerializer}
    )
    def post(self, request: Request) -> Response:
        """Adds a topic. 409 when there is one with that key or name."""
        given = shapes.NewTopicSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        try:
            return Response(_told(topics.create(**given.validated_data)), status=201)
        except topics.Taken as error:
            raise Conflict({error.field: [str(error)]}) from error


class TopicDetail(APIView):
    permission_classes = [api_may(Act.SEE_MAPS, to_write=Act.DESIGN)]

    @extend_schema(operation_id="topic_read", responses=shapes.TopicSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """One topic."""
        return Response(_told(get_object_or_404(Topic, pk=pk)))

    @extend_schema(operation_id="topic_change", request=shapes.TopicChangeSerializer, responses=shapes.TopicSerializer)
    def patch(self, request: Request, pk: int) -> Response:
        """Changes what is said; the key stays."""
        topic = get_object_or_404(Topic, pk=pk)
        given = shapes.TopicChangeSerializer(data=request.data, partial=True)
        given.is_valid(raise_exception=True)
        if not given.validated_data:
            return Response(_told(topic))
        try:
            return Response(_told(topics.change(topic=topic, **given.validated_data)))
        except topics.Taken as error:
            raise Conflict({error.field: [str(error)]}) from error


def _told(topic: Topic) -> dict[str, Any]:
    return {
        "id": topic.pk,
        "key": topic.key,
        "name": topic.name,
        "description": topic.description,
        "default": topic.default,
        "is_public": topic.is_public,
    }
