from django.contrib import admin
from unfold.admin import ModelAdmin

from apps.touchpoints.models import Touchpoint


@admin.register(Touchpoint)
class TouchpointAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    list_display = ["name", "channel", "event", "is_moment_of_truth"]
    list_filter = ["channel", "is_moment_of_truth"]
    search_fields = ["name", "event"]
    ordering = ["name"]
