from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.journeys.enums import CardStatus, LaneKind
from apps.journeys.models import Card, Journey
from apps.journeys.selectors.improvements import NOBODY, SORTS, Filters
from apps.staff.models import Department, User


def _named(rows: Any) -> list[tuple[str, str]]:
    return [(str(row.pk), str(row)) for row in rows]


def _maps() -> list[tuple[str, Any]]:
    return [("", _("All maps")), *_named(Journey.objects.order_by("name", "pk"))]


def _owners() -> list[tuple[str, Any]]:
    owners = User.objects.filter(is_active=True).order_by("name", "email")
    return [("", _("Any owner")), (NOBODY, _("Nobody")), *_named(owners)]


def _departments() -> list[tuple[str, Any]]:
    return [("", _("All departments")), *_named(Department.objects.order_by("name", "pk"))]


_KINDS = [("", _("All kinds")), *((kind.value, kind.label) for kind in (LaneKind.PAIN, LaneKind.OPPORTUNITY))]
_STATUSES = [("", _("Any status")), (NOBODY, _("no status")), *CardStatus.choices]


def _choice(label: Any, choices: Any) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label, choices=choices, required=False, widget=forms.Select(attrs={"aria-label": label})
    )


class FilterForm(forms.Form):
    """Reads the filters of the page and of the API alike."""

    q = forms.CharField(required=False, max_length=200)
    kind = _choice(_("Kind"), _KINDS)
    journey = _choice(_("Map"), _maps)
    department = _choice(_("Department of the stage"), _departments)
    owner = _choice(_("Owner"), _owners)
    status = _choice(_("Status"), _STATUSES)
    overdue = forms.ChoiceField(label=_("Overdue"), choices=[("", "–"), ("1", _("Overdue"))], required=False)
    sort = forms.ChoiceField(choices=[(name, name) for name in SORTS], required=False)

    def filters(self) -> Filters:
        """Without what cannot be read."""
        self.is_valid()
        said = self.cleaned_data.get
        return Filters(
            text=said("q", ""),
            journey=said("journey", ""),
            kind=said("kind", ""),
            status=said("status", ""),
            owner=said("owner", ""),
            department=said("department", ""),
            is_overdue=said("overdue") == "1",
            sort=said("sort") or "score",
        )


class ChangeForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """What the list itself can change. `revision` is that of the card when it was opened."""

    revision = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

    class Meta:
        model = Card
        fields = ["status", "owner", "due_on"]
        labels = {"status": _("Status"), "owner": _("Owner"), "due_on": _("Due")}
        widgets = {"due_on": forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        present = Q(is_active=True) | Q(pk=self.instance.owner_id)
        owner = self.fields["owner"]
        owner.queryset = User.objects.filter(present).order_by("name", "email")  # type: ignore[attr-defined]
        owner.empty_label = _("Nobody")  # type: ignore[attr-defined]
        self.fields["status"].choices = [("", _("no status")), *CardStatus.choices]  # type: ignore[attr-defined]
        for name in self.fields:  # several of these forms may stand on one page
            self.fields[name].widget.attrs["id"] = f"id_{name}_{self.instance.pk}"
