"""Who messages come from, and what DNS has to say about it."""

import pytest
from django.urls import reverse

from apps.core.models import CompanySettings
from apps.staff.enums import Role
from tests.factories import staff

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _admin(client) -> None:
    client.force_login(staff(Role.ADMIN))


@pytest.mark.parametrize(
    "data", [{}, {"sender_email": "x"}, {"sender_email": "a@b\r\nBcc: c@d.example"}, {"sender_email": "a@mail.example",
             "sender_name": "x" * 201}],
)  # fmt: skip
def test_what_cannot_be(client, data):
    assert client.post(reverse("sender_settings"), data).status_code == 422
    assert CompanySettings.current().sender_email == "hello@example.com"


def test_saved_without_touching_the_rest(client):
    CompanySettings.objects.create(pk=1, name="Fernhill", most_messages_a_day=2)
    data = {"sender_name": "Ann", "sender_email": "ann@fernhill.example", "postal_address": "Street 1"}
    assert client.post(reverse("sender_settings"), data).status_code == 302
    row = CompanySettings.current()
    assert (row.name, row.most_messages_a_day, row.sender_name) == ("Fernhill", 2, "Ann")
    assert (row.sender_email, row.postal_address) == ("ann@fernhill.example", "Street 1")


def test_records_of_the_senders_domain(client):
    CompanySettings.objects.create(pk=1, sender_email="hello@Fernhill.example")
    page = client.get(reverse("sender_settings")).content.decode()
    for part in (
        "_dmarc.fernhill.example",
        "v=DMARC1; p=none; rua=mailto:dmarc@fernhill.example",
        "SELECTOR._domainkey.fernhill.example",
        "v=spf1 include:YOUR-PROVIDER ~all",
        'data-copy="dmarc-value"',
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
    ):
        assert part in page, part
