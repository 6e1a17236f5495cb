from rest_framework import serializers

from apps.campaigns.enums import EndpointShape


class EndpointSerializer(serializers.Serializer[None]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    host = serializers.CharField(help_text="Of its address.")
    shape = serializers.ChoiceField(choices=EndpointShape.choices)
    is_active = serializers.BooleanField()
    stopped_because = serializers.CharField(help_text="Why it was switched off by itself; empty otherwise.")


class MadeSerializer(EndpointSerializer):
    secret = serializers.CharField(help_text="Told this once.")


class NewEndpointSerializer(serializers.Serializer[None]):
    name = serializers.CharField(max_length=100)
    url = serializers.CharField(max_length=1000)
    shape = serializers.ChoiceField(choices=EndpointShape.choices, default=EndpointShape.STANDARD.value)


class EndpointChangeSerializer(serializers.Serializer[None]):
    name = serializers.CharField(max_length=100, required=False)
    url = serializers.CharField(max_length=1000, required=False)
    shape = serializers.ChoiceField(choices=EndpointShape.choices, required=False)
    is_active = serializers.BooleanField(required=False)


class TriedSerializer(serializers.Serializer[None]):
    status = serializers.IntegerField(allow_null=True, help_text="Of its answer; null when there was none.")
    text = serializers.CharField()
    is_well = serializers.BooleanField()
