from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm

from apps.staff.models import ApiKey, User

admin.site.unregister(Group)
# The admin has no sign-in page of its own, which would know of no second factor.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ModelAdmin):  # type: ignore[misc,type-arg]
    """To look at, and to set a password. Roles and who may sign in are changed under Settings › Staff, which keeps an
    admin."""

    form = UserChangeForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["email", "name", "is_active"]
    list_filter = ["groups", "is_active"]
    search_fields = ["email", "name"]
    ordering = ["email"]
    readonly_fields = ["is_active", "groups"]
    fieldsets = [
        (None, {"fields": ["email", "password", "name", "time_zone"]}),
        (_("Role"), {"fields": ["is_active", "groups"]}),
    ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(ApiKey)
class ApiKeyAdmin(ModelAdmin):  # type: ignore[misc]
    """To look at: keys are made, renewed and revoked under Settings › API keys."""

    list_display = ["name", "prefix", "scopes", "owner", "last_used_at", "expires_at", "revoked_at"]
    ordering = ["name", "pk"]

    def has_add_permission(self, request: HttpRequest, **_kwargs: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False
