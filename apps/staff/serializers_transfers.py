from typing import Any

from rest_framework import serializers

from apps.core.enums import RowState
from apps.staff.serializers_jobs import JobSerializer


class NewImportSerializer(serializers.Serializer[Any]):
    kind = serializers.CharField(help_text="What the rows are, such as customers, interactions or suppressions.")
    file = serializers.FileField(help_text="CSV or XLSX, at most 200 MB, names of columns in the first row.")


class ColumnsSerializer(serializers.Serializer[Any]):
    mapping = serializers.DictField(
        child=serializers.CharField(allow_blank=True, max_length=300),
        required=False,
        help_text="Column of the file: key of what it is, or empty to leave it out. Without it, what was guessed.",
    )


class TargetSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # the name of a field, too


class RowChangeSerializer(serializers.Serializer[Any]):
    row = serializers.IntegerField()
    state = serializers.ChoiceField(choices=RowState.choices)
    title = serializers.CharField()
    changes = serializers.ListField(
        child=serializers.ListField(child=serializers.CharField(), min_length=3, max_length=3),
        help_text="Field, old value, new value.",
    )


class RowProblemSerializer(serializers.Serializer[Any]):
    row = serializers.IntegerField()
    problem = serializers.CharField()
    cells = serializers.ListField(child=serializers.CharField())


class ImportSerializer(JobSerializer):
    header = serializers.ListField(child=serializers.CharField())
    mapping = serializers.DictField(child=serializers.CharField())
    columns = TargetSerializer(many=True, help_text="What a column can be.")
    changes = RowChangeSerializer(many=True, help_text="The first that the check found.")
    problems = RowProblemSerializer(many=True, help_text="The first that the check found.")


class NewExportSerializer(serializers.Serializer[Any]):
    kind = serializers.CharField(help_text="What the rows are, such as customers or interactions.")
    form = serializers.ChoiceField(choices=["xlsx", "csv"])
    options = serializers.DictField(child=serializers.CharField(allow_blank=True, max_length=300), required=False)
