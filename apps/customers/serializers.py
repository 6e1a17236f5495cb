from rest_framework import serializers

from apps.customers.enums import SegmentKind


class SegmentWriteSerializer(serializers.Serializer[None]):
    name = serializers.CharField(max_length=100)
    description = serializers.CharField(max_length=300, allow_blank=True, required=False)
    kind = serializers.ChoiceField(choices=SegmentKind.choices, required=False, help_text="rule unless said")
    rule = serializers.JSONField(required=False, help_text="Of a segment by rule: see the rule language.")


class SegmentChangeSerializer(SegmentWriteSerializer):
    name = serializers.CharField(max_length=100, required=False)
    kind = None  # type: ignore[assignment]  # stays what it was


class SegmentSerializer(serializers.Serializer[None]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    description = serializers.CharField()
    kind = serializers.ChoiceField(choices=SegmentKind.choices)
    rule = serializers.JSONField()
    sentence = serializers.CharField(help_text="The rule in plain English.")
    size = serializers.IntegerField(allow_null=True)
    sized_at = serializers.DateTimeField(allow_null=True)
    is_built = serializers.BooleanField(help_text="Whether the members follow the rule as it stands.")
    created_at = serializers.DateTimeField()


class RuleAskedSerializer(serializers.Serializer[None]):
    rule = serializers.JSONField()


class SampledCustomerSerializer(serializers.Serializer[None]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    email = serializers.CharField()


class PreviewSerializer(serializers.Serializer[None]):
    count = serializers.IntegerField(allow_null=True, help_text="null when counting took more than 20 seconds")
    sample = SampledCustomerSerializer(many=True)
    sentence = serializers.CharField()


class MembersChangeSerializer(serializers.Serializer[None]):
    add = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**62), max_length=10_000, required=False
    )
    remove = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**62), max_length=10_000, required=False
    )


class MembersChangedSerializer(serializers.Serializer[None]):
    added = serializers.IntegerField()
    removed = serializers.IntegerField()


class SegmentMemberSerializer(serializers.Serializer[None]):
    customer = serializers.IntegerField()
    name = serializers.CharField()
    joined_at = serializers.DateTimeField()
    left_at = serializers.DateTimeField(allow_null=True)
