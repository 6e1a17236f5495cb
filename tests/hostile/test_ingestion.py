"""Hostile text from event clients, in files, and from somebody who joins the staff."""

import csv
import io

import pytest
from django.urls import reverse

from apps.core import links
from apps.customers.models import Customer
from apps.staff.models import Invite, User
from apps.touchpoints.actions import sources
from apps.touchpoints.enums import SourceKind
from apps.touchpoints.models import Interaction, RefusedItem
from tests import transfers
from tests.hostile.strings import LONG, NAUGHTY, NUL, SURROGATES, XSS
from tests.touchpoints.sending import post, track

pytestmark = [pytest.mark.django_db, pytest.mark.faults]
TEXTS = [text for text in [*NAUGHTY, *XSS] if text.strip()]
NAMES = list({text.strip(): text for text in TEXTS if len(text) <= 200}.values())


@pytest.fixture
def source(db):
    return sources.create(name="Shop", kind=SourceKind.SERVER)


def test_events_come_back_as_they_were(ground, source):
    items = [
        track(
            text if len(text) <= 200 else "Long",
            user="cus_1",
            messageId=f"m{number}",
            properties={text: text, "k": [text]},
            context={"page": {"url": text, "title": text}, "userAgent": text},
        )
        for number, text in enumerate(TEXTS)
    ]
    assert post(ground.client, source, "batch", {"batch": items}).status_code == 200
    assert not RefusedItem.objects.exists()
    customer = Customer.objects.get(identities__value="cus_1")
    url = f"{reverse('api_customer_timeline', args=[customer.pk])}?page_size=200"
    read = {}
    while url:
        page = ground.client.get(url).json()
        read |= {one["id"]: one for one in page["results"]}
        url = page["next"]
    rows = {row.message_id: row for row in Interaction.objects.filter(source=source)}
    assert len(read) == len(rows) == len(TEXTS)
    for number, text in enumerate(TEXTS):
        row = rows[f"m{number}"]
        found = read[row.pk]
        assert found["event"] == (text.strip() if len(text) <= 200 else "Long")
        assert found["properties"] == {text: text, "k": [text]}
        assert row.context == {"page": {"url": text, "title": text}, "userAgent": text}
    assert ground.client.get(reverse("customer_detail", args=[customer.pk])).status_code == 200


def test_traits_and_ids_come_back_as_they_were(ground, source):
    people = [text for text in (NAMES if LONG else NAMES[::3]) if len(text) <= 190]
    items = [{"type": "identify", "userId": f"id {text}", "traits": {"name": text, text: text}} for text in people]
    assert post(ground.client, source, "batch", {"batch": items}).status_code == 200
    for text in people:
        found = ground.client.get(reverse("api_customer_list"), {"identity": f"id {text}".strip()}).json()["results"]
        assert [one["traits"][text] for one in found] == [text], ascii(text)
        assert found[0]["name"] == text.strip(), ascii(text)


@pytest.mark.parametrize("text", [*NUL, *SURROGATES])
def test_what_cannot_be_kept_is_taken_out_of_events(ground, source, text):
    """An event is worth more than a character of it; see wire.parse."""
    kept = text.replace("\x00", "").encode("utf-8", "replace").decode()
    event = track(f"E{text}", user="u1", messageId="m", properties={f"p{text}": text})
    assert post(ground.client, source, "track", event).status_code == 200
    row = Interaction.objects.get(source=source)
    assert (row.event, row.properties) == (f"E{kept}", {f"p{kept}": kept})


def test_what_is_refused_is_shown_as_it_was(ground, source):
    items = [track("x" * 201, user="u1", properties={"text": text}) for text in TEXTS if len(text) <= 2000]
    assert post(ground.client, source, "batch", {"batch": items}).status_code == 200
    assert RefusedItem.objects.count() == len(items)
    assert ground.client.get(reverse("source_detail", args=[source.pk])).status_code == 200


def test_a_file_comes_back_as_it_was(ground, now):
    file = io.StringIO()
    rows = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    rows.writerow(["external_id", "name"])
    rows.writerows([f"csv {number}", text] for number, text in enumerate(NAMES))
    transfers.bring("customers", file.getvalue().encode(), now)
    read = dict(Customer.objects.filter(identities__value__startswith="csv ").values_list("identities__value", "name"))
    wrong = [(text, read.get(f"csv {n}")) for n, text in enumerate(NAMES) if read.get(f"csv {n}") != text.strip()]
    assert not wrong, "\n".join(ascii(one) for one in wrong)


def test_columns_that_are_named_badly(ground):
    for text in NAMES if LONG else NAMES[::10]:
        file = io.BytesIO(('"email","' + text.replace('"', '""') + '"\r\na@mail.example,x\r\n').encode())
        file.name = "".join(c for c in text if c.isprintable() and c not in '/\\"')[:80] + ".csv"
        response = ground.client.post(reverse("import_create", args=["customers"]), {"file": file})
        assert response.status_code in {302, 422}, ascii(text)
        if response.status_code == 302:
            assert ground.client.get(response["Location"]).status_code == 200, ascii(text)


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "x\r\nBcc: a@b.example", "\u202etest", "{{7*7}}", "'; --"]
)
def test_somebody_joins_by_that_name(client, now, text, ground):
    invite = Invite.objects.order_by("pk").first()
    Invite.objects.filter(pk=invite.pk).update(expires_at=now.replace(year=2100), name=text)
    url = reverse("join", args=[links.sign("invite", invite.pk)])
    assert client.get(url).status_code == 200
    response = client.post(url, {"name": text, "password": "walks in the rain"})
    assert response.status_code == 302
    assert User.objects.get(email=invite.email).name == text
    for bad in ("\x00", "x" * 201, " "):
        assert client.post(url, {"name": bad, "password": "walks in the rain"}).status_code in {410, 422}
