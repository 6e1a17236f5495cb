from rest_framework import serializers

from apps.customers.enums import TopicDefault


class TopicChangeSerializer(serializers.Serializer[None]):
    name = serializers.CharField(max_length=100, required=False)
    description = serializers.CharField(max_length=300, allow_blank=True, required=False)
    default = serializers.ChoiceField(choices=TopicDefault.choices, required=False)
    is_public = serializers.BooleanField(required=False)


class NewTopicSerializer(TopicChangeSerializer):
    name = serializers.CharField(max_length=100)
    key = serializers.RegexField(
        "^[-a-zA-Z0-9_]+$", max_length=50, required=False, help_text="Stays for ever; made of the name without it."
    )
    default = serializers.ChoiceField(choices=TopicDefault.choices, default=TopicDefault.NEEDS_OPT_IN.value)


class TopicSerializer(serializers.Serializer[None]):
    id = serializers.IntegerField()
    key = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    default = serializers.ChoiceField(choices=TopicDefault.choices)
    is_public = serializers.BooleanField()
