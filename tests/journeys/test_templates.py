"""Each industry's map, published and looked at: every page opens, and it goes out in every format."""

import io
import json

import pytest
from defusedxml.ElementTree import fromstring
from django.urls import reverse
from django.utils.html import escape
from PIL import Image

from apps.core import links
from apps.journeys import library
from apps.journeys.actions import creating, publishing
from apps.journeys.interchange.mermaid_reading import read
from apps.journeys.models import ShareLink
from apps.staff.enums import Role
from tests.factories import staff

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("key", [one.key for one in library.templates()])
def test_published_opened_and_exported(client, key, now):
    ann = staff(Role.ADMIN)
    client.force_login(ann)
    journey = creating.from_template(key=key, name="Drawn", by=ann, now=now)
    snapshot = publishing.publish(journey=journey, now=now, by=ann).snapshot
    steps = [step["name"] for stage in snapshot["stages"] for step in stage["steps"]]
    link = ShareLink.objects.create(journey=journey, name="Board", takes_comments=True, created_at=now)
    addresses = [reverse(name, args=[journey.pk]) for name in ("map_edit", "journey_detail", "map_present")]
    for address in [*addresses, reverse("map_shared", args=[links.sign("map", link.pk)])]:
        page = client.get(address)
        assert page.status_code == 200, address
        assert [step for step in steps if escape(step) not in page.content.decode()] == [], address
    for name, look in LOOKS.items():
        response = client.get(reverse("journey_export", args=[journey.pk]) + f"?format={name}&version=1")
        assert response.status_code == 200, name
        look(response.content, steps)


def _svg(content: bytes, steps: list[str]) -> None:
    drawn = " ".join("".join(fromstring(content).itertext()).split())
    assert [step for step in steps if step.split()[0] not in drawn] == []


def _png(content: bytes, steps: list[str]) -> None:
    image = Image.open(io.BytesIO(content))
    assert image.width > 150 * len(steps)
    assert len(image.convert("RGB").getcolors(1 << 24)) > 20  # not a blank sheet


def _pdf(content: bytes, steps: list[str]) -> None:
    assert content.startswith(b"%PDF-")
    assert len(content) > 10_000


def _csv(content: bytes, steps: list[str]) -> None:
    text = content.decode("utf-8-sig")
    assert [step for step in steps if step.replace('"', '""') not in text] == []


def _json(content: bytes, steps: list[str]) -> None:
    assert [step["name"] for stage in json.loads(content)["stages"] for step in stage["steps"]] == steps


def _mermaid(content: bytes, steps: list[str]) -> None:
    found, remarks = read(content.decode())
    assert remarks == []
    assert [step["name"] for stage in found["stages"] for step in stage["steps"]] == steps


LOOKS = {"svg": _svg, "png": _png, "pdf": _pdf, "csv": _csv, "json": _json, "mermaid": _mermaid}
