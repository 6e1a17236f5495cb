from rest_framework import serializers


class CardSerializer(serializers.Serializer[None]):
    """A card in the words of a map as text; docs/drawing.md lists the others that a card may say."""

    key = serializers.UUIDField(read_only=True)
    revision = serializers.IntegerField(read_only=True, help_text="Say it when you change or delete the card.")
    step = serializers.CharField()
    lane = serializers.CharField()
    text = serializers.CharField()
    severity = serializers.IntegerField(required=False)
    status = serializers.CharField(required=False)
    owner = serializers.CharField(required=False, help_text="E-mail of staff.")


class CardChangeSerializer(serializers.Serializer[None]):
    """`revision` and what changes; null takes a value away."""

    revision = serializers.IntegerField()
    step = serializers.CharField(required=False)
    lane = serializers.CharField(required=False)
    text = serializers.CharField(required=False)
    severity = serializers.IntegerField(required=False, allow_null=True)
    status = serializers.CharField(required=False, allow_null=True)
    owner = serializers.CharField(required=False, allow_null=True)
