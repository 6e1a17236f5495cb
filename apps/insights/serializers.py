from rest_framework import serializers


class FunnelStepSerializer(serializers.Serializer[None]):
    step = serializers.CharField()
    count = serializers.IntegerField()


class FunnelGroupSerializer(serializers.Serializer[None]):
    value = serializers.JSONField(allow_null=True)
    steps = FunnelStepSerializer(many=True)


class FunnelSerializer(serializers.Serializer[None]):
    steps = FunnelStepSerializer(many=True)
    groups = FunnelGroupSerializer(many=True, required=False)


class QueueSerializer(serializers.Serializer[None]):
    length = serializers.IntegerField(help_text="Rows due now, in work included; later due and held not.")
    oldest_seconds = serializers.FloatField()


class HealthSerializer(serializers.Serializer[None]):
    queues = serializers.DictField(child=QueueSerializer())
