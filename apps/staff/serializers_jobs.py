from typing import Any

from rest_framework import serializers

from apps.core.enums import FileRole, JobState


class JobFileSerializer(serializers.Serializer[Any]):
    role = serializers.ChoiceField(choices=[FileRole.RESULT.value, FileRole.ERRORS.value])
    name = serializers.CharField()
    size = serializers.IntegerField()
    url = serializers.URLField(help_text="Opens for whoever started the job, and for an admin.")


class JobSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    kind = serializers.CharField()
    title = serializers.CharField()
    state = serializers.ChoiceField(choices=JobState.choices)
    phase = serializers.CharField(help_text="Of an import: mapping, checking, review or importing; else empty.")
    done = serializers.IntegerField()
    total = serializers.IntegerField(allow_null=True)
    percent = serializers.IntegerField(allow_null=True)
    result = serializers.DictField()
    error = serializers.CharField()
    user = serializers.IntegerField(allow_null=True)
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class JobDetailSerializer(JobSerializer):
    files = JobFileSerializer(many=True)
