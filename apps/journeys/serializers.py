from rest_framework import serializers


class VersionSerializer(serializers.Serializer[None]):
    number = serializers.IntegerField()
    published_at = serializers.DateTimeField()
    published_by = serializers.CharField(allow_null=True)


class DifferenceSerializer(serializers.Serializer[None]):
    kind = serializers.ChoiceField(choices=["added", "removed", "changed"])
    what = serializers.CharField()
    name = serializers.CharField()
    field = serializers.CharField()
    before = serializers.CharField()
    after = serializers.CharField()


class JourneySerializer(serializers.Serializer[None]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    version = serializers.IntegerField(allow_null=True, help_text="Of the published map.")


class StepTextSerializer(serializers.Serializer[None]):
    name = serializers.CharField()
    match = serializers.ListField(child=serializers.DictField(), required=False)


class StageTextSerializer(serializers.Serializer[None]):
    name = serializers.CharField()
    kind = serializers.CharField()
    steps = StepTextSerializer(many=True, required=False)


class JourneyTextSerializer(serializers.Serializer[None]):
    """A journey as text: what is named here and what else a map says (docs: "A journey as text")."""

    name = serializers.CharField()
    stages = StageTextSerializer(many=True)
    lanes = serializers.ListField(child=serializers.DictField(), required=False)
    cards = serializers.ListField(child=serializers.DictField(), required=False)


class ImportedJourneySerializer(serializers.Serializer[None]):
    id = serializers.IntegerField()
    name = serializers.CharField()


class PublishedSerializer(serializers.Serializer[None]):
    id = serializers.IntegerField()
    version = serializers.IntegerField()
    job = serializers.IntegerField(help_text="Folds every customer anew; GET /api/jobs/ID/ says how far it is.")
