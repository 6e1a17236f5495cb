from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.desk.models import Task
from apps.staff.models import Department, User

FURTHEST = timedelta(days=3650)


class TaskForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    due_at = forms.DateTimeField(
        label=_("Due"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    )

    class Meta:
        model = Task
        fields = ["title", "note", "owner", "department", "due_at"]
        widgets = {"note": forms.Textarea(attrs={"rows": 3}), "title": forms.TextInput(attrs={"autocomplete": "off"})}

    owner = forms.ModelChoiceField(
        label=_("Owner"),
        queryset=User.objects.filter(is_active=True).order_by("name", "email"),
        required=False,
        empty_label=_("Nobody yet"),
    )
    department = forms.ModelChoiceField(
        label=_("Department"),
        queryset=Department.objects.order_by("name", "pk"),
        required=False,
        empty_label=_("None"),
        help_text=_("Without an owner, everybody in it sees it among their work."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is None:
            return
        # What the page showed comes back with it, so that only what was changed there is saved.
        at = timezone.localtime(self.instance.due_at).replace(second=0, microsecond=0, tzinfo=None)
        self.initial["due_at"] = f"{at:%Y-%m-%dT%H:%M}"
        owners = User.objects.filter(Q(is_active=True) | Q(pk=self.instance.owner_id))
        self.fields["owner"].queryset = owners.order_by("name", "email")  # type: ignore[attr-defined]
        for field in self.fields.values():
            field.show_hidden_initial = True

    def clean_due_at(self) -> datetime:
        at: datetime = self.cleaned_data["due_at"]
        if abs(at - timezone.now()) > FURTHEST:
            raise ValidationError(_("This is more than ten years away. Check the year."))
        return at
