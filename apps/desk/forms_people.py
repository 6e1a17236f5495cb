"""Forms about people and the companies they belong to."""

import zoneinfo
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.customers import folding
from apps.customers import selectors as customers
from apps.customers.actions import merges, people
from apps.customers.models import Company, Customer
from apps.staff.models import User


class MergeForm(forms.Form):
    """Who stays, and why the two are one."""

    stays = forms.CharField(widget=forms.HiddenInput, required=False)
    reason = forms.CharField(
        label=gettext_lazy("Why are they the same person?"),
        max_length=300,
        help_text=gettext_lazy("Kept with the merge, such as “same phone, confirmed by call”."),
    )

    def __init__(self, data: Any, *, first: Customer, second: Customer, stays: str) -> None:
        self.first, self.second = first, second
        super().__init__(data, initial={"stays": stays})
        self._stays = str(data.get("stays", "") if data else stays)

    def order(self) -> tuple[Customer, Customer]:
        """Who stays and who goes."""
        chosen = next((one for one in (self.first, self.second) if str(one.pk) == self._stays), None)
        kept = chosen or merges.survivor(self.first, self.second)
        return (self.first, self.second) if kept == self.first else (self.second, self.first)

    def why_not(self) -> str:
        kept, gone = self.order()
        try:
            merges.check(kept=kept, gone=gone)
        except merges.NotMergeable as error:
            return str(error)
        return ""

    def user(self, request: HttpRequest) -> User:
        if not isinstance(request.user, User):
            raise TypeError("a merge needs somebody who does it")
        return request.user


class CustomerForm(forms.Form):
    """The own fields of a customer."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=300, required=False)
    email = forms.CharField(label=gettext_lazy("E-mail"), max_length=320, required=False)
    phone = forms.CharField(
        label=gettext_lazy("Phone"),
        max_length=40,
        required=False,
        help_text=gettext_lazy("With the country code, such as +49 30 123456."),
    )
    country = forms.CharField(
        label=gettext_lazy("Country"), max_length=2, required=False, help_text=gettext_lazy("Two letters, such as DE.")
    )
    time_zone = forms.CharField(
        label=gettext_lazy("Time zone"),
        max_length=64,
        required=False,
        widget=forms.TextInput(attrs={"list": "zones", "autocomplete": "off"}),
    )
    tags = forms.CharField(
        label=gettext_lazy("Tags"),
        max_length=3000,
        required=False,
        help_text=gettext_lazy("Separated by commas."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    owner = forms.ModelChoiceField(
        label=gettext_lazy("Owner"),
        queryset=User.objects.filter(is_active=True).order_by("name", "email"),
        required=False,
        empty_label=gettext_lazy("Nobody"),
    )

    def clean_email(self) -> str:
        value: str = self.cleaned_data["email"]
        found = folding.email(value) if value else ""
        if found is None:
            raise ValidationError(_("Write an e-mail address such as ann@example.com."))
        return found

    def clean_phone(self) -> str:
        value: str = self.cleaned_data["phone"]
        found = folding.phone(value, region=str(self.data.get("country", "")).upper()) if value else ""
        if found is None:
            raise ValidationError(_("Write the number with its country code, such as +49 30 123456."))
        return found

    def clean_country(self) -> str:
        value: str = self.cleaned_data["country"].upper()
        if value and not (len(value) == 2 and value.isascii() and value.isalpha()):
            raise ValidationError(_("Write the two letters of the country, such as DE."))
        return value

    def clean_time_zone(self) -> str:
        value: str = self.cleaned_data["time_zone"]
        if value and value not in zoneinfo.available_timezones():
            raise ValidationError(_("Write a time zone such as Europe/Berlin."))
        return value

    def clean_tags(self) -> list[str]:
        try:
            return people.clean_tags(self.cleaned_data["tags"].split(","))
        except ValueError as error:
            raise ValidationError(str(error)) from error


class EraseForm(forms.Form):
    """Typed confirmation, so that nobody erases by a slip."""

    confirmation = forms.CharField(
        label=gettext_lazy("Type the word erase to confirm"),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=300,
        help_text=gettext_lazy("Kept on the receipt. Leave the person's name out, such as “request of 2 March”."),
    )

    def clean_confirmation(self) -> str:
        value: str = self.cleaned_data["confirmation"]
        if value.strip().lower() != _("erase"):
            raise ValidationError(_("Type the word erase."))
        return value


class CompanyForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    class Meta:
        model = Company
        fields = ["name", "domain", "country", "external_id", "owner"]
        labels = {"external_id": gettext_lazy("External id")}
        help_texts = {"external_id": gettext_lazy("What your other systems call it; each company has its own.")}

    def clean_country(self) -> str:
        value: str = self.cleaned_data["country"].upper()
        if value and not (len(value) == 2 and value.isascii() and value.isalpha()):
            raise ValidationError(_("Write the two letters of the country, such as DE."))
        return value

    def clean_external_id(self) -> str | None:
        return self.cleaned_data["external_id"] or None


ROLES = [
    gettext_lazy("Buyer"),
    gettext_lazy("End user"),
    gettext_lazy("Approver"),
    gettext_lazy("Influencer"),
]


class _RoleForm(forms.Form):
    role = forms.CharField(
        label=gettext_lazy("Role"),
        max_length=50,
        required=False,
        widget=forms.TextInput(attrs={"list": "roles", "autocomplete": "off"}),
    )

    roles = ROLES


class MemberForm(_RoleForm):
    """Somebody to be put in a company."""

    who = forms.CharField(
        label=gettext_lazy("Customer"),
        max_length=320,
        help_text=gettext_lazy("E-mail, phone or id."),
    )
    field_order = ["who", "role"]

    def clean_who(self) -> Customer:
        return the_one_customer(self.cleaned_data["who"])


class CustomerCompanyForm(_RoleForm):
    """A company to put somebody in."""

    company = forms.CharField(
        label=gettext_lazy("Company"),
        max_length=200,
        widget=forms.TextInput(attrs={"list": "companies", "autocomplete": "off"}),
    )
    field_order = ["company", "role"]

    def clean_company(self) -> Company:
        name = self.cleaned_data["company"].strip()
        found = list(Company.objects.filter(name__iexact=name).order_by("pk")[:2])
        if not found:
            raise ValidationError(_("There is no company of this name. Create it first."))
        if len(found) > 1:
            raise ValidationError(_("Several companies have this name. Add the customer on the company's page."))
        return found[0]


def the_one_customer(value: str) -> Customer:
    """Whoever has that e-mail, phone, id or number. Raises ValidationError for none and for several."""
    found = list(customers.with_identity(value=value.strip())[:2])
    if not found and value.strip().isdecimal() and len(value.strip()) < 18:
        found = list(Customer.objects.present().filter(pk=int(value)))
    if not found:
        raise ValidationError(_("Nobody has exactly this e-mail, phone or id."))
    if len(found) > 1:
        raise ValidationError(_("Several customers have it. Use an id that only one has, or the customer's number."))
    return found[0]
