from typing import Any

from rest_framework import serializers

from apps.touchpoints.enums import Channel, Ownership, SourceKind
from apps.touchpoints.serializers import RuleSerializer


class SourceSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(read_only=True)
    name = serializers.CharField(max_length=100)
    kind = serializers.ChoiceField(
        choices=SourceKind.choices, help_text="A browser's key is public: it adds interactions and changes nobody."
    )
    write_key = serializers.CharField(read_only=True)
    is_active = serializers.BooleanField(read_only=True)
    created_at = serializers.DateTimeField(read_only=True)
    first_event_at = serializers.DateTimeField(read_only=True, allow_null=True)

    def validate_kind(self, kind: str) -> str:
        if not SourceKind(kind).has_write_key:
            raise serializers.ValidationError("Milepost makes sources of this kind itself. Use browser or server.")
        return kind


class GroupSerializer(serializers.Serializer[Any]):
    label = serializers.CharField()  # type: ignore[assignment]  # the name of a field, too
    rule = RuleSerializer()
    name = serializers.CharField(help_text="A free name for the touchpoint.")
    channel = serializers.ChoiceField(choices=Channel.choices)
    ownership = serializers.ChoiceField(choices=Ownership.choices)
    count = serializers.IntegerField()
    last_at = serializers.DateTimeField()


class UnmatchedSerializer(serializers.Serializer[Any]):
    looked_at = serializers.IntegerField(help_text="How many of the newest interactions were looked at.")
    count = serializers.IntegerField(help_text="How many of them happened at no touchpoint.")
    events = GroupSerializer(many=True)
    pages = GroupSerializer(many=True)
    campaigns = GroupSerializer(many=True)
    referrers = GroupSerializer(many=True)
