from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from apps.feedback.enums import SurveyKind
from apps.feedback.models import ReviewSite, Survey


@admin.register(Survey)
class SurveyAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """What needs no builder; options and what follows by answer are edited under Feedback › Surveys."""

    list_display = ["name", "kind", "question", "case_owner", "archived_at"]
    list_filter = ["kind"]
    ordering = ["name"]
    fields = ["name", "kind", "question", "comment_label", "thanks", "case_owner", "case_due_hours", "is_open",
              "open_channel"]  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """The kind is chosen once, by the builder: a choice needs its options, and scales never mix. Campaigns ask by
        the name, so it is changed there too."""
        return ["kind", "name"] if obj is not None else []

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "kind":
            kwargs["choices"] = [kind for kind in SurveyKind.choices if kind[0] != SurveyKind.CHOICE]
        return super().formfield_for_choice_field(db_field, request, **kwargs)


@admin.register(ReviewSite)
class ReviewSiteAdmin(ModelAdmin):  # type: ignore[misc]
    list_display = ["name", "url"]
    ordering = ["name"]
