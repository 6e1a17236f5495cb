"""What the API takes and gives about people. Answers are plain values; these say how they look."""

from typing import Any

from rest_framework import serializers


class CustomerChangeSerializer(serializers.Serializer[None]):
    name = serializers.CharField(max_length=300, allow_blank=True, required=False)
    email = serializers.CharField(max_length=320, allow_blank=True, required=False)
    phone = serializers.CharField(max_length=40, allow_blank=True, required=False)
    country = serializers.CharField(max_length=2, allow_blank=True, required=False)
    time_zone = serializers.CharField(max_length=64, allow_blank=True, required=False)
    tags = serializers.ListField(child=serializers.CharField(max_length=50), max_length=50, required=False)
    owner = serializers.IntegerField(min_value=1, max_value=2**62, allow_null=True, required=False)


class CustomerSerializer(serializers.Serializer[None]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    email = serializers.CharField()
    phone = serializers.CharField()
    country = serializers.CharField()
    time_zone = serializers.CharField()
    status = serializers.CharField()
    tags = serializers.ListField(child=serializers.CharField())
    owner = serializers.IntegerField(allow_null=True)
    is_identified = serializers.BooleanField()
    traits = serializers.JSONField()
    first_seen_at = serializers.DateTimeField()
    last_activity_at = serializers.DateTimeField()


class ChangedCustomerSerializer(CustomerSerializer):
    possible_duplicates = serializers.ListField(child=serializers.IntegerField())


class MergeWriteSerializer(serializers.Serializer[None]):
    other = serializers.IntegerField(min_value=1, max_value=2**62)
    reason = serializers.CharField(max_length=300)
    stays = serializers.IntegerField(
        min_value=1,
        max_value=2**62,
        required=False,
        help_text="Which of the two stays, where both are known; else the one who is known, else the smaller id.",
    )


class MergeSerializer(serializers.Serializer[None]):
    id = serializers.IntegerField()
    kept = serializers.IntegerField()
    gone = serializers.IntegerField()
    reason = serializers.CharField()
    at = serializers.DateTimeField()
    undone_at = serializers.DateTimeField(allow_null=True)
    can_be_undone = serializers.BooleanField()


class EraseSerializer(serializers.Serializer[None]):
    reason = serializers.CharField(max_length=300, help_text="Kept on the receipt: leave the person's name out.")
    confirmation = serializers.ChoiceField(choices=["erase"])


class ErasureSerializer(serializers.Serializer[None]):
    customer = serializers.IntegerField()
    at = serializers.DateTimeField()
    reason = serializers.CharField()
    counts = serializers.DictField(child=serializers.IntegerField())


class DuplicateSerializer(serializers.Serializer[None]):
    id = serializers.IntegerField()
    first = serializers.IntegerField()
    second = serializers.IntegerField()
    reasons = serializers.ListField(child=serializers.CharField())
    score = serializers.IntegerField()


class JobStartedSerializer(serializers.Serializer[None]):
    job = serializers.IntegerField()


class CompanyWriteSerializer(serializers.Serializer[None]):
    name = serializers.CharField(max_length=200)
    domain = serializers.CharField(max_length=200, allow_blank=True, required=False)
    country = serializers.RegexField("^([A-Za-z]{2})?$", allow_blank=True, required=False)
    external_id = serializers.CharField(max_length=200, allow_null=True, required=False)
    owner = serializers.IntegerField(min_value=1, max_value=2**62, allow_null=True, required=False)
    traits = serializers.DictField(required=False)


class CompanyChangeSerializer(CompanyWriteSerializer):
    name = serializers.CharField(max_length=200, required=False)


class CompanySerializer(serializers.Serializer[None]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    domain = serializers.CharField()
    country = serializers.CharField()
    external_id = serializers.CharField(allow_null=True)
    owner = serializers.IntegerField(allow_null=True)
    traits = serializers.JSONField()
    created_at = serializers.DateTimeField()


class MemberWriteSerializer(serializers.Serializer[None]):
    customer = serializers.IntegerField(min_value=1, max_value=2**62)
    role = serializers.CharField(max_length=50, allow_blank=True, required=False)


class MemberSerializer(serializers.Serializer[None]):
    customer = serializers.IntegerField()
    name = serializers.CharField()
    role = serializers.CharField()
    since = serializers.DateTimeField()


def valid(serializer: serializers.Serializer[Any]) -> dict[str, Any]:
    """The checked data. Raises ValidationError."""
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)
