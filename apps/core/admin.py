from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from apps.core.models import CompanySettings


@admin.register(CompanySettings)
class CompanySettingsAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    list_display = ["name", "time_zone", "currency", "sender_email"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return not CompanySettings.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False
