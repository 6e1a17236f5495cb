from django.contrib import admin
from unfold.admin import ModelAdmin

from apps.customers.models import Persona, Topic


@admin.register(Persona)
class PersonaAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    list_display = ["name", "role", "quote"]
    search_fields = ["name", "role"]
    ordering = ["name"]


@admin.register(Topic)
class TopicAdmin(ModelAdmin):  # type: ignore[misc]
    list_display = ["name", "key", "default"]
    ordering = ["name"]
