from rest_framework import serializers

from apps.journeys.enums import CardStatus, Evidence, Frequency

_SAID = [("", "not said")]


class ShareSerializer(serializers.Serializer[None]):
    n = serializers.IntegerField(help_text="Customers who came to the step.")
    went_on = serializers.IntegerField(help_text="Of them, on a later step within 14 days.")
    share = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True, help_text="95 % Wilson interval.")
    high = serializers.FloatField(allow_null=True)


class EffectSerializer(serializers.Serializer[None]):
    before = ShareSerializer()
    after = ShareSerializer()
    difference = serializers.FloatField(allow_null=True, help_text="Share after less share before.")
    low = serializers.FloatField(allow_null=True, help_text="95 % interval of the difference, after Newcombe.")
    high = serializers.FloatField(allow_null=True)
    verdict = serializers.ChoiceField(choices=["better", "worse", "none", "few", "unmeasured"])


class ImprovementSerializer(serializers.Serializer[None]):
    id = serializers.IntegerField()
    key = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=["pain", "opportunity"])
    text = serializers.CharField()
    journey_id = serializers.IntegerField()
    journey = serializers.CharField()
    stage = serializers.CharField()
    step = serializers.CharField()
    department = serializers.CharField(allow_null=True, help_text="Of the stage.")
    severity = serializers.IntegerField(allow_null=True)
    frequency = serializers.ChoiceField(choices=[*_SAID, *Frequency.choices])
    visited = serializers.IntegerField(
        allow_null=True, help_text="Different customers at the step in the last 90 days; null: not measured."
    )
    affected = serializers.FloatField(allow_null=True, help_text="visited × the share that frequency says.")
    score = serializers.FloatField(allow_null=True, help_text="severity × affected; null: not estimated.")
    effort = serializers.IntegerField(allow_null=True)
    impact = serializers.IntegerField(allow_null=True)
    quadrant = serializers.ChoiceField(choices=["", "now", "plan", "fill", "leave"])
    status = serializers.ChoiceField(choices=[*_SAID, *CardStatus.choices])
    owner = serializers.CharField(allow_null=True)
    due_on = serializers.DateField(allow_null=True)
    is_overdue = serializers.BooleanField()
    evidence = serializers.ChoiceField(choices=[*_SAID, *Evidence.choices])
    evidence_n = serializers.IntegerField(allow_null=True)
    solved_at = serializers.DateTimeField(allow_null=True)
    effect = EffectSerializer(allow_null=True, help_text="Of a solved pain point.")
