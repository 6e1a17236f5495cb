from typing import Any

from rest_framework import serializers

from apps.touchpoints.enums import Channel, Ownership


class RuleSerializer(serializers.Serializer[Any]):
    """Conditions that must all hold; at least one is said."""

    event = serializers.CharField(required=False, max_length=200)
    channel = serializers.ChoiceField(choices=Channel.choices, required=False)
    url = serializers.CharField(required=False, max_length=200, help_text="A path; * stands for anything: /checkout*")
    utm_source = serializers.CharField(required=False, max_length=200)
    utm_medium = serializers.CharField(required=False, max_length=200)
    utm_campaign = serializers.CharField(required=False, max_length=200)
    referrer = serializers.CharField(required=False, max_length=200, help_text="A site, its subdomains included.")


class TouchpointSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(read_only=True)
    name = serializers.CharField(max_length=100)
    description = serializers.CharField(max_length=500, required=False, allow_blank=True)
    channel = serializers.ChoiceField(choices=Channel.choices)
    ownership = serializers.ChoiceField(choices=Ownership.choices, required=False)
    is_direct = serializers.BooleanField(required=False)
    is_moment_of_truth = serializers.BooleanField(required=False)
    rules = RuleSerializer(many=True, required=False, help_text="An interaction happened here when any of them fits.")
    interactions = serializers.IntegerField(read_only=True, help_text="Of the last 30 days.")
