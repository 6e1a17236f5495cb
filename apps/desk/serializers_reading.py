"""What the API says of a customer: timeline, journeys, messages, consents."""

from rest_framework import serializers

from apps.campaigns.enums import MessageState
from apps.customers.enums import Choice
from apps.journeys.enums import DeviationKind
from apps.touchpoints.enums import By, Channel

MAX_EVIDENCE = 500


class InteractionSerializer(serializers.Serializer[None]):
    id = serializers.IntegerField()
    at = serializers.DateTimeField()
    event = serializers.CharField()
    by = serializers.ChoiceField(choices=By.choices)
    channel = serializers.ChoiceField(choices=Channel.choices)
    touchpoint = serializers.CharField(allow_null=True)
    title = serializers.CharField()
    properties = serializers.DictField()


class StayedSerializer(serializers.Serializer[None]):
    lap = serializers.IntegerField()
    stage = serializers.CharField()
    entered_at = serializers.DateTimeField()
    left_at = serializers.DateTimeField(allow_null=True)


class DeviationSerializer(serializers.Serializer[None]):
    kind = serializers.ChoiceField(choices=DeviationKind.choices)
    stage = serializers.CharField(allow_null=True)
    step = serializers.CharField(allow_null=True)
    at = serializers.DateTimeField()


class StandingSerializer(serializers.Serializer[None]):
    journey = serializers.CharField()
    lap = serializers.IntegerField()
    stage = serializers.CharField()
    step = serializers.CharField(allow_null=True)
    entered_at = serializers.DateTimeField()
    overdue = serializers.BooleanField()
    history = StayedSerializer(many=True)
    deviations = DeviationSerializer(many=True)


class MessageSerializer(serializers.Serializer[None]):
    id = serializers.IntegerField()
    campaign = serializers.CharField()
    step = serializers.IntegerField()
    kind = serializers.CharField()
    channel = serializers.ChoiceField(choices=Channel.choices)
    state = serializers.ChoiceField(choices=MessageState.choices)
    due_at = serializers.DateTimeField()
    sent_at = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField()
    is_uncertain = serializers.BooleanField()


class ConsentWriteSerializer(serializers.Serializer[None]):
    channel = serializers.ChoiceField(choices=Channel.choices)
    topic = serializers.CharField(max_length=50)
    choice = serializers.ChoiceField(choices=Choice.choices)
    evidence = serializers.CharField(required=False, allow_blank=True, max_length=MAX_EVIDENCE)


class ConsentSerializer(serializers.Serializer[None]):
    channel = serializers.ChoiceField(choices=Channel.choices)
    topic = serializers.CharField()
    choice = serializers.ChoiceField(choices=Choice.choices)
    at = serializers.DateTimeField()


class AllowedSerializer(serializers.Serializer[None]):
    """`because`: why not, in words."""

    channel = serializers.ChoiceField(choices=Channel.choices)
    topic = serializers.CharField()
    may_write = serializers.BooleanField()
    because = serializers.CharField()


class AskSerializer(serializers.Serializer[None]):
    topic = serializers.CharField(max_length=50)


class AskedSerializer(serializers.Serializer[None]):
    topic = serializers.CharField()
    asked_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
