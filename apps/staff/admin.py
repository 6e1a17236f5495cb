from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from apps.staff.models import ApiKey, User

admin.site.unregister(Group)


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ModelAdmin):  # type: ignore[misc,type-arg]
    """Roles are groups: Viewer, Agent, Marketer, Admin."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["email", "name", "is_active"]
    list_filter = ["groups", "is_active"]
    search_fields = ["email", "name"]
    ordering = ["email"]
    filter_horizontal = ["groups"]
    fieldsets = [
        (None, {"fields": ["email", "password", "name", "time_zone"]}),
        (_("Role"), {"fields": ["is_active", "groups"]}),
    ]
    add_fieldsets = [(None, {"classes": ["wide"], "fields": ["email", "name", "password1", "password2", "groups"]})]


@admin.register(ApiKey)
class ApiKeyAdmin(ModelAdmin):  # type: ignore[misc]
    """Keys are made by `manage.py create_api_key`, since they are shown once; here they are revoked."""

    list_display = ["name", "prefix", "scopes", "owner", "last_used_at", "revoked_at"]
    readonly_fields = ["prefix", "scopes", "created_at", "last_used_at"]

    def has_add_permission(self, request: HttpRequest, **_kwargs: Any) -> bool:
        return False
