from typing import Any, ClassVar

from rest_framework import serializers

from apps.feedback.enums import SurveyKind
from apps.feedback.models import Survey


class SurveySerializer(serializers.ModelSerializer[Survey]):
    """`by_answer`: rows of `from` and `to`, or `option`, with `question`, `thanks`, `url`, `url_label`."""

    kind = serializers.ChoiceField(choices=SurveyKind.choices)
    options = serializers.ListField(child=serializers.CharField(max_length=100), max_length=20, required=False)
    by_answer = serializers.ListField(
        child=serializers.DictField(child=serializers.JSONField()), max_length=12, required=False
    )
    is_archived = serializers.BooleanField(required=False)
    case_due_hours = serializers.IntegerField(min_value=0, max_value=1000, required=False)

    class Meta:
        model = Survey
        fields = ["id", "name", "kind", "question", "options", "takes_several", "comment_label", "thanks",
                  "case_due_hours", "by_answer", "is_archived", "is_open", "open_channel"]  # fmt: skip
        extra_kwargs: ClassVar[dict[str, Any]] = {"name": {"validators": []}}


class ScoreSerializer(serializers.Serializer[Any]):
    score = serializers.FloatField()
    n = serializers.IntegerField()
    low = serializers.FloatField()
    high = serializers.FloatField()


class ShownSurveySerializer(SurveySerializer):
    """With its figures: `answers` of any kind; `score` where the kind has one and somebody answered."""

    answers = serializers.IntegerField()
    score = ScoreSerializer(allow_null=True)
    open_url = serializers.CharField()
    is_archived = serializers.BooleanField()

    class Meta(SurveySerializer.Meta):
        fields = [*SurveySerializer.Meta.fields, "answers", "score", "open_url"]


class ResponseSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    customer = serializers.IntegerField(source="customer_id", allow_null=True)
    way = serializers.CharField()
    kind = serializers.CharField()
    question = serializers.CharField()
    score = serializers.IntegerField(allow_null=True)
    scale_low = serializers.IntegerField(allow_null=True)
    scale_high = serializers.IntegerField(allow_null=True)
    is_high_good = serializers.BooleanField()
    chosen = serializers.ListField(child=serializers.CharField())
    comment_question = serializers.CharField()
    comment = serializers.CharField()
    channel = serializers.CharField()
    answered_at = serializers.DateTimeField()
    changed_at = serializers.DateTimeField(allow_null=True)
