"""Whatever text is kept leaves in a file as it is, protected from spreadsheets and read back equal."""

import json

import pytest

from apps.campaigns.models import Suppression
from apps.customers.models import Company
from apps.feedback.models import Review, ReviewSite
from apps.touchpoints.actions import sources
from apps.touchpoints.enums import By, Channel, SourceKind
from apps.touchpoints.models import Interaction
from tests.factories import CustomerFactory
from tests.hostile.strings import BLNS, NAUGHTY, XSS
from tests.transfers import rows_of, take_away

pytestmark = [pytest.mark.django_db, pytest.mark.faults]
# XLSX holds at most 32,767 units in a cell.
TEXTS = [text for text in dict.fromkeys([*NAUGHTY, *XSS]) if len(text) <= 5000]
FORMS = pytest.mark.parametrize("form", ["csv", "xlsx"])


def up_to(most: int) -> list[str]:
    return [text for text in TEXTS if len(text) <= most]


def taken(kind: str, form: str, *columns: str) -> list[tuple[str, ...]]:
    rows = rows_of(take_away(kind, form=form))
    return [tuple(row[name] for name in columns) for row in rows]


def test_the_list_is_the_whole_one():
    assert len(BLNS) == 502
    assert {
        "undefined",
        "1;DROP TABLE users",
        "田中さんにあげて下さい",
        "../../../../../../../../../../../etc/passwd%00",
    } <= set(BLNS)


@FORMS
def test_companies(form):
    names = up_to(200)
    Company.objects.bulk_create(Company(name=name, external_id=f"c{n}") for n, name in enumerate(names))
    found = taken("companies", form, "External id", "Name")
    assert found == [(f"c{n}", name) for n, name in enumerate(names)]


@FORMS
def test_reviews(form, now):
    site = ReviewSite.objects.create(name="Stars", url="https://stars.example")
    Review.objects.bulk_create(
        Review(site=site, external_id=f"r{n}", rating=3, published_at=now, text=text, reply=text, title=text[:200],
               author=text[:200])
        for n, text in enumerate(TEXTS)
    )  # fmt: skip
    found = taken("reviews", form, "External id", "Text", "Our reply", "Title", "Author")
    assert found == [(f"r{n}", text, text, text[:200], text[:200]) for n, text in enumerate(TEXTS)]


@FORMS
def test_suppressions(form):
    reasons = up_to(300)
    Suppression.objects.bulk_create(
        Suppression(channel="email", address=f"a{n}@mail.example", reason=reason) for n, reason in enumerate(reasons)
    )
    found = taken("suppressions", form, "Address", "Reason")
    assert found == [(f"a{n}@mail.example", reason) for n, reason in enumerate(reasons)]


@FORMS
def test_interactions(form, now):
    source, customer = sources.create(name="Shop", kind=SourceKind.SERVER), CustomerFactory()
    Interaction.objects.bulk_create(
        Interaction(
            source=source, customer=customer, message_id=f"m{n}", event=text[:200], occurred_at=now, received_at=now,
            by=By.CUSTOMER, channel=Channel.WEB, properties={"said": text, text: 1}, context={"page": {"title": text}},
        )
        for n, text in enumerate(TEXTS)
    )  # fmt: skip
    columns = ("Message id", "Event", "Properties as JSON", "Context as JSON")
    found = [(m, event, json.loads(p), json.loads(c)) for m, event, p, c in taken("interactions", form, *columns)]
    assert found == [
        (f"m{n}", text[:200], {"said": text, text: 1}, {"page": {"title": text}}) for n, text in enumerate(TEXTS)
    ]
