from rest_framework import serializers

from apps.campaigns.enums import CampaignState


class CampaignSerializer(serializers.Serializer[None]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    state = serializers.ChoiceField(choices=CampaignState.choices)
    journey = serializers.CharField(allow_null=True)


class CampaignStateSerializer(serializers.Serializer[None]):
    id = serializers.IntegerField()
    state = serializers.ChoiceField(choices=CampaignState.choices)


class ImportedCampaignSerializer(CampaignStateSerializer):
    name = serializers.CharField()
    has_news = serializers.BooleanField(help_text="The draft says something that is not in force yet.")


class CampaignTextSerializer(serializers.Serializer[None]):
    """A campaign as text: name, journey, trigger, steps and what else it says (docs: "A campaign as text")."""

    name = serializers.CharField()
    journey = serializers.CharField(required=False)
    trigger = serializers.DictField()
    steps = serializers.ListField(child=serializers.DictField())


class ActivateSerializer(serializers.Serializer[None]):
    include_present = serializers.BooleanField(required=False)


class ActivatedSerializer(CampaignStateSerializer):
    present = serializers.IntegerField(help_text="Customers in the stage of the trigger now.")
    enrolled = serializers.IntegerField(
        allow_null=True, help_text="null: they are many, and a job of /api/jobs/ enrols them."
    )


class EnrolSerializer(serializers.Serializer[None]):
    customers = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**62), min_length=1, max_length=1000
    )
    key = serializers.CharField(max_length=80, required=False)


class EnrolledSerializer(serializers.Serializer[None]):
    id = serializers.IntegerField()
    enrolled = serializers.IntegerField()
