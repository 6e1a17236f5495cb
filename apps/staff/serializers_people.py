from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.staff.enums import NoticeKind, Role, Scope
from apps.staff.models import Department


@extend_schema_field({"type": "string", "nullable": True})
class DepartmentField(serializers.SlugRelatedField[Department]):
    """A department by its name."""

    default_error_messages = {"does_not_exist": "There is no department “{value}”."}

    def __init__(self, **options: Any) -> None:
        many = Department.objects.all()
        super().__init__(slug_field="name", queryset=many, allow_null=True, required=False, **options)


class NewInviteSerializer(serializers.Serializer[Any]):
    email = serializers.EmailField(max_length=254)
    name = serializers.CharField(max_length=200, required=False, allow_blank=True)
    role = serializers.ChoiceField(choices=Role.choices)
    department = DepartmentField()


class InviteSerializer(NewInviteSerializer):
    id = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    link = serializers.URLField(allow_null=True, help_text="Where no mail goes out: to be handed over.")


class StaffChangeSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=200, required=False)
    role = serializers.ChoiceField(choices=Role.choices, required=False)
    department = DepartmentField()
    is_active = serializers.BooleanField(required=False, help_text="Without it every session ends at once.")


class KeySerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    prefix = serializers.CharField(help_text="What stands between mp_ and the next _ of the key.")
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=Scope.choices))
    owner = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True, help_text="Set for a key that a newer one replaces.")


class NoticeSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=NoticeKind.choices)
    text = serializers.CharField()
    url = serializers.CharField(help_text="The page that it is about.")
    created_at = serializers.DateTimeField()
    read_at = serializers.DateTimeField(allow_null=True)


class FieldChangeSerializer(serializers.Serializer[Any]):
    label = serializers.CharField()  # type: ignore[assignment]  # the name of a field, too
    before = serializers.CharField()
    after = serializers.CharField()


class AuditSerializer(serializers.Serializer[Any]):
    model = serializers.CharField(help_text="With `id`, names the change.")
    id = serializers.IntegerField(source="pk")
    at = serializers.DateTimeField()
    deed = serializers.ChoiceField(choices=["insert", "update", "delete"])
    kind = serializers.CharField()
    thing = serializers.CharField()
    who = serializers.CharField()
    changes = FieldChangeSerializer(many=True)
    can_undo = serializers.BooleanField()
