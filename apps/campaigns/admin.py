from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from apps.campaigns.models import Suppression
from apps.customers import folding


class SuppressionForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Suppression
        fields = ["channel", "address", "reason"]

    def clean_address(self) -> str:
        folded = folding.email(self.cleaned_data["address"]) or folding.phone(self.cleaned_data["address"])
        if folded is None:
            raise forms.ValidationError(_("Write an e-mail address, or a phone number with its country code."))
        return folded


@admin.register(Suppression)
class SuppressionAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    form = SuppressionForm
    list_display = ["address", "channel", "reason", "created_at"]
    search_fields = ["address"]
    ordering = ["-created_at"]
