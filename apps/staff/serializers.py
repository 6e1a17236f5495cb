from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.core.models import CompanySettings
from apps.staff.actions import company
from apps.staff.enums import Role
from apps.staff.hours import check_business_hours


@extend_schema_field({"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"})
class ClockField(serializers.TimeField):
    """A time of the day without a zone, to the minute."""

    def __init__(self, **options: Any) -> None:
        super().__init__(format="%H:%M", input_formats=["%H:%M"], **options)


class CompanySettingsSerializer(serializers.ModelSerializer[CompanySettings]):
    business_hours = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField(), min_length=2, max_length=2),
        validators=[check_business_hours],
        help_text='Open from and until, by weekday: {"monday": ["09:00", "17:00"]}. A day left out is closed.',
    )

    quiet_from = ClockField(allow_null=True, required=False)
    quiet_until = ClockField(allow_null=True, required=False)
    sms_quiet_from = ClockField(allow_null=True, required=False)
    sms_quiet_until = ClockField(allow_null=True, required=False)

    class Meta:
        model = CompanySettings
        fields = [*company.FIELDS, "conversion_rule"]
        read_only_fields: ClassVar[list[str]] = ["conversion_rule"]


class DepartmentSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(read_only=True)
    name = serializers.CharField(max_length=100)
    description = serializers.CharField(max_length=300, required=False, allow_blank=True)


class StaffSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    email = serializers.EmailField()
    name = serializers.CharField()
    role = serializers.ChoiceField(choices=Role.choices, allow_null=True)
    department = serializers.CharField(allow_null=True)
    has_second_factor = serializers.BooleanField()
    last_login = serializers.DateTimeField(allow_null=True)
    is_active = serializers.BooleanField()
