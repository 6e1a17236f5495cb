"""What the schema says of why, dry runs and effects."""

from rest_framework import serializers

from apps.campaigns.enums import CampaignState, EnrolmentState, MessageState
from apps.core.enums import JobState


class GateSerializer(serializers.Serializer[None]):
    gate = serializers.CharField()
    verdict = serializers.CharField(help_text="go, never or not now.")
    reason = serializers.CharField(allow_blank=True)
    until = serializers.DateTimeField(allow_null=True)
    inputs = serializers.DictField(help_text="What the gate looked at.")


class WhyCauseSerializer(serializers.Serializer[None]):
    at = serializers.DateTimeField()
    reason = serializers.CharField(allow_blank=True, help_text="Why it enrolled nobody; empty where it did.")


class WhyRuleSerializer(serializers.Serializer[None]):
    rule = serializers.CharField(allow_blank=True)
    fits = serializers.BooleanField(allow_null=True)


class WhyStepSerializer(serializers.Serializer[None]):
    step = serializers.IntegerField()
    what = serializers.CharField()
    way = serializers.CharField(allow_blank=True)
    at = serializers.DateTimeField()


class WhyRunSerializer(serializers.Serializer[None]):
    id = serializers.IntegerField()
    state = serializers.ChoiceField(choices=EnrolmentState.choices)
    cause_at = serializers.DateTimeField()
    held_out = serializers.BooleanField()
    due_at = serializers.DateTimeField(allow_null=True)
    exit_reason = serializers.CharField(allow_blank=True)
    goal_reached_at = serializers.DateTimeField(allow_null=True)
    steps = WhyStepSerializer(many=True)
    gates = GateSerializer(many=True)


class VerdictSerializer(serializers.Serializer[None]):
    at = serializers.DateTimeField()
    verdict = serializers.CharField(help_text="go, never or not now.")
    reason = serializers.CharField(required=False)


class WhyMessageSerializer(serializers.Serializer[None]):
    id = serializers.IntegerField()
    step = serializers.IntegerField()
    channel = serializers.CharField(help_text="email, sms, web or webhook.")
    state = serializers.ChoiceField(choices=MessageState.choices)
    reason = serializers.CharField(allow_blank=True)
    due_at = serializers.DateTimeField()
    sent_at = serializers.DateTimeField(allow_null=True)
    verdicts = VerdictSerializer(many=True)


class WhySerializer(serializers.Serializer[None]):
    customer = serializers.IntegerField()
    campaign = serializers.CharField()
    answer = serializers.CharField(help_text="In one sentence.")
    state = serializers.ChoiceField(choices=CampaignState.choices)
    enrolled = serializers.BooleanField(help_text="On the way now.")
    causes = WhyCauseSerializer(many=True)
    audience = WhyRuleSerializer()
    exit = WhyRuleSerializer()
    goal = WhyRuleSerializer()
    runs = WhyRunSerializer(many=True)
    messages = WhyMessageSerializer(many=True)
    gates = GateSerializer(many=True, help_text="Of the message that comes next.")


class DryRunSerializer(serializers.Serializer[None]):
    job = serializers.IntegerField()
    campaign = serializers.IntegerField()
    state = serializers.ChoiceField(choices=JobState.choices)


class DryRunResultSerializer(DryRunSerializer):
    job = serializers.IntegerField(allow_null=True)
    state = serializers.ChoiceField(choices=JobState.choices, allow_null=True)
    percent = serializers.IntegerField(allow_null=True)
    result = serializers.DictField(help_text="Counts, steps, days and a sample of what would have become of whom.")


class FiguresSerializer(serializers.Serializer[None]):
    sent = serializers.IntegerField()
    delivered = serializers.IntegerField()
    opened = serializers.IntegerField(help_text="By people.")
    machine_opened = serializers.IntegerField(help_text="By machines only.")
    clicked = serializers.IntegerField()
    replied = serializers.IntegerField()
    bounced = serializers.IntegerField()
    complained = serializers.IntegerField()
    unsubscribed = serializers.IntegerField()
    goal = serializers.IntegerField(help_text="Whose customer reached the goal afterwards.")
    revenue = serializers.DictField(child=serializers.FloatField(), help_text="By currency; never summed.")


class StepFiguresSerializer(FiguresSerializer):
    step = serializers.CharField()
    name = serializers.CharField()


class VariantFiguresSerializer(FiguresSerializer):
    variant = serializers.CharField(allow_blank=True)
    name = serializers.CharField()


class ChannelFiguresSerializer(FiguresSerializer):
    channel = serializers.CharField()
    name = serializers.CharField()


class HourFiguresSerializer(FiguresSerializer):
    hour = serializers.CharField()
    name = serializers.CharField()


class SideSerializer(serializers.Serializer[None]):
    name = serializers.CharField()
    n = serializers.IntegerField(help_text="Customers.")
    goal = serializers.IntegerField()
    goal_rate = serializers.FloatField()
    low = serializers.FloatField(help_text="Wilson, 95 %.")
    high = serializers.FloatField()
    revenue_per_customer = serializers.DictField(child=serializers.FloatField())


class SidesDifferenceSerializer(serializers.Serializer[None]):
    difference = serializers.FloatField()
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    n = serializers.IntegerField()
    verdict = serializers.CharField(help_text="few, none, more or less.")


class ComparisonSerializer(serializers.Serializer[None]):
    one = SideSerializer()
    other = SideSerializer()
    goal = SidesDifferenceSerializer(help_text="Newcombe, 95 %.")
    sentence = serializers.CharField()
    revenue_per_customer = serializers.DictField(child=SidesDifferenceSerializer(), help_text="Welch, 95 %.")


class WaySerializer(SideSerializer):
    messages = FiguresSerializer()


class SplitSerializer(serializers.Serializer[None]):
    step = serializers.IntegerField()
    ways = WaySerializer(many=True)
    against_the_first = ComparisonSerializer(many=True)


class CampaignEffectSerializer(serializers.Serializer[None]):
    campaign = serializers.CharField()
    since = serializers.DateTimeField(allow_null=True)
    within_days = serializers.IntegerField(help_text="After the cause, in which orders count.")
    total = FiguresSerializer()
    revenue_before_messages = serializers.DictField(
        child=serializers.FloatField(), help_text="The part of the revenue that came before any message was sent."
    )
    treated = SideSerializer()
    holdout = ComparisonSerializer(allow_null=True)
    steps = StepFiguresSerializer(many=True)
    splits = SplitSerializer(many=True)
    variants = VariantFiguresSerializer(many=True)
    channels = ChannelFiguresSerializer(many=True)
    hours = HourFiguresSerializer(many=True)
