from rest_framework import serializers


class ReachSerializer(serializers.Serializer[None]):
    step = serializers.CharField()
    rule = serializers.CharField(help_text="The draft's rule in plain English.")
    customers_30_days = serializers.IntegerField(allow_null=True, help_text="null: counting took too long.")
    customers_90_days = serializers.IntegerField(allow_null=True)


class ShiftSerializer(serializers.Serializer[None]):
    before = serializers.CharField(allow_null=True, help_text="Name of the stage; null: not on the journey.")
    after = serializers.CharField(allow_null=True)
    customers = serializers.IntegerField()


class ForesightSerializer(serializers.Serializer[None]):
    """Counts are of the customers looked at; low and high are the 95 % interval of the share, in percent."""

    objections = serializers.ListField(child=serializers.CharField())
    is_untouched = serializers.BooleanField(help_text="Nothing that decides where customers stand differs.")
    total = serializers.IntegerField()
    looked_at = serializers.IntegerField()
    elsewhere = serializers.IntegerField()
    joining = serializers.IntegerField()
    leaving = serializers.IntegerField()
    share = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()
    ran_out = serializers.BooleanField(help_text="Time ran out before all that were to be looked at.")
    shifts = ShiftSerializer(many=True)


class RestoredSerializer(serializers.Serializer[None]):
    id = serializers.IntegerField()
    restored = serializers.IntegerField(help_text="Number of the version that the draft is now.")
