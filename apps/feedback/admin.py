from django.contrib import admin
from unfold.admin import ModelAdmin

from apps.feedback.models import ReviewSite, Survey


@admin.register(Survey)
class SurveyAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    list_display = ["name", "kind", "question", "case_owner"]
    ordering = ["name"]


@admin.register(ReviewSite)
class ReviewSiteAdmin(ModelAdmin):  # type: ignore[misc]
    list_display = ["name", "url"]
    ordering = ["name"]
