"""The settings of the company: what is wrong is said beside its field, and nothing of it is saved."""

from datetime import time

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from apps.core.models import CompanySettings
from apps.staff.actions import company
from apps.staff.forms import CompanyForm

pytestmark = pytest.mark.django_db
URL = "/settings/"


@pytest.fixture
def typed():
    form = CompanyForm(instance=CompanySettings(name="Fernhill", sender_email="hello@fernhill.example"))
    values = {name: form[name].value() for name in form.fields}
    return {name: "" if value is None else value for name, value in values.items()}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": ""}, "This field is required"), ({"time_zone": "Mars/Olympus"}, "such as Europe/Berlin"),
        ({"currency": "XXX"}, "Select a valid choice"), ({"sender_email": "nobody"}, "valid email"),
        ({"quiet_from": "21:00"}, "Say both times"),
        ({"quiet_from": "21:00", "quiet_until": "21:00"}, "Say two different times"),
        ({"most_messages_a_day": "0"}, "Say at least 1"),
        ({"keep_interactions_days": "29"}, "greater than or equal to 30"),
        ({"most_messages_a_day": "5", "most_messages_a_week": "2"}, "A week cannot allow less than a day"),
        ({"monday_opens": "17:00", "monday_closes": "09:00"}, "Closing must be later"),
        ({"sunday_opens": "10:00"}, "leave both empty for a closed day"), ({"friday_closes": "25:99"}, "valid time"),
        ({"former_after_days": "0"}, "greater than or equal to 1"), ({"most_messages_a_day": "-1"}, "greater than"),
    ],
)  # fmt: skip
def test_a_mistake_is_said_and_nothing_is_saved(office, typed, wrong, said):
    response = office.post(URL, typed | {"postal_address": "Kept as typed"} | wrong)
    assert response.status_code == 422
    page = response.content.decode()
    assert said in page
    assert "Kept as typed" in page
    assert not CompanySettings.objects.filter(postal_address="Kept as typed").exists()
    assert "violated" not in page


def test_what_is_right_is_saved(office, typed):
    changes = {
        "name": "Fernhill Outdoor", "postal_address": "Berlin", "time_zone": "Europe/Berlin", "currency": "CHF",
        "quiet_from": "21:00", "quiet_until": "08:00", "most_messages_a_day": "1", "keep_interactions_days": "",
        "saturday_opens": "10:00", "saturday_closes": "14:00", "monday_opens": "", "monday_closes": "",
    }  # fmt: skip
    response = office.post(URL, typed | changes)
    assert response.status_code == 302
    row = CompanySettings.objects.get()
    assert (row.name, row.currency, row.quiet_from, row.most_messages_a_day) == ("Fernhill Outdoor", "CHF", time(21), 1)
    assert row.keep_interactions_days is None
    weekdays = {day: ["09:00", "17:00"] for day in ("tuesday", "wednesday", "thursday", "friday")}
    assert row.business_hours == weekdays | {"saturday": ["10:00", "14:00"]}
    assert "Fernhill Outdoor" in office.get(URL).content.decode()


def test_the_page_says_who_has_bought(office):
    assert "A prospect becomes a customer when:" in office.get(URL).content.decode()


def test_another_method_is_refused(office):
    assert office.delete(URL).status_code == 405


def test_what_is_not_given_stays():
    company.change(values={"name": "One", "currency": "USD"})
    company.change(values={"name": "Two"})
    row = CompanySettings.objects.get()
    assert (row.name, row.currency) == ("Two", "USD")


def test_no_other_field_is_written():
    company.change(values={"id": 2, "conversion_rule": {}, "name": "One"})
    assert CompanySettings.objects.get().conversion_rule == {"did": {"event": "Order Completed", "ever": True}}


@pytest.mark.parametrize(
    "hours",
    [[], {"someday": ["09:00", "17:00"]}, {"monday": ["09:00"]}, {"monday": ["17:00", "09:00"]}, {"monday": "x"},
     {"monday": [9, 17]}, {"monday": None}, {"monday": ["09:00", "09:00"]}],
)  # fmt: skip
def test_hours_that_cannot_be(hours):
    with pytest.raises(ValidationError) as error:
        company.change(values={"business_hours": hours})
    assert list(error.value.message_dict) == ["business_hours"]


def call(client, data, status):
    response = client.patch("/api/settings/", data, content_type="application/json")
    assert response.status_code == status, response.content
    return response.json()


def test_the_api_refuses_what_the_page_refuses(office):
    assert "time_zone" in call(office, {"time_zone": "Mars"}, 400)
    assert "business_hours" in call(office, {"business_hours": {"monday": ["17:00", "09:00"]}}, 400)
    assert "quiet_until" in call(office, {"quiet_from": "21:00"}, 400)
    assert not CompanySettings.objects.exclude(time_zone="UTC").exists()


def test_the_api_reads_and_changes(office):
    answer = call(office, {"name": "Fernhill", "business_hours": {"monday": ["08:00", "12:00"]}}, 200)
    assert answer["name"] == "Fernhill"
    found = office.get("/api/settings/").json()
    assert (found["business_hours"], found["currency"]) == ({"monday": ["08:00", "12:00"]}, "EUR")


def test_the_settings_lead_to_one_another(office):
    page = office.get(URL).content.decode()
    for name in ("staff_list", "department_list", "key_list", "endpoint_list", "audit_list", "source_list"):
        assert reverse(name) in page
