from typing import Any

from rest_framework import serializers


class ReviewSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    site = serializers.CharField()
    external_id = serializers.CharField()
    customer = serializers.IntegerField(allow_null=True)
    author = serializers.CharField()
    stars = serializers.IntegerField()
    title = serializers.CharField()
    text = serializers.CharField()
    published_at = serializers.DateTimeField()
    url = serializers.CharField()
    reply = serializers.CharField()
    replied_at = serializers.DateTimeField(allow_null=True)


class ReplySerializer(serializers.Serializer[Any]):
    reply = serializers.CharField(max_length=10_000, allow_blank=True)
