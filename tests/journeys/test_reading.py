"""What those who only read a map see of it: all that it says, how to say something about it, its scope, its draft."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.core import links
from apps.journeys import wire
from apps.journeys.actions import drafts, publishing, reviewing
from apps.journeys.models import Card, Comment, Journey, Lane, ShareLink
from apps.journeys.tasks import remind_of_reviews
from apps.staff.enums import Role
from apps.staff.models import Department, Notice
from apps.touchpoints.models import Touchpoint
from tests.factories import UserFactory, staff
from tests.journeys.maps import FULL, SHOP

pytestmark = pytest.mark.django_db
OWNER = "olga@staff.example"
LONG = "The assistant at the till explains the difference between the two at length"


@pytest.fixture
def journey(now) -> Journey:
    """With everything that a map can say."""
    UserFactory(email=OWNER, name="Olga Owner")
    for name in ("Shop", "Warehouse"):
        Department.objects.create(name=name)
    Touchpoint.objects.create(name="Product page", channel="web")
    text = {name: value for name, value in FULL.items() if name != "segment"} | {"owner": OWNER}
    text["cards"] = [card | ({"owner": OWNER} if "owner" in card else {}) for card in FULL["cards"]]
    made = drafts.import_text(text=wire.read(text))
    Card.objects.create(
        lane=Lane.objects.get(name="Touchpoints"), step=made.stages.get(name="Purchase").steps.get(), text=LONG,
        position=0,
    )  # fmt: skip
    publishing.publish(journey=made, now=now, by=None)
    made.refresh_from_db()
    return made


@pytest.fixture
def draft() -> Journey:
    return drafts.import_text(text=wire.read(SHOP))


def url(name: str, journey: Journey, *args) -> str:
    return reverse(name, args=[journey.pk, *args])


def shared(journey: Journey, now) -> str:
    link = ShareLink.objects.create(journey=journey, name="Board", created_at=now)
    return reverse("map_shared", args=[links.sign("map", link.pk)])


def signed_in(client, role: Role):
    client.force_login(staff(role))
    return client


SAID = [
    "Moment of truth", "instead of Sees a product", "5 minutes", "about 7 days", "Impact 5 of 5", "Effort 2 of 5",
    "most (2 in 3)", "Warehouse", "Product page", "Web", "Severity 3 of 5", "Target 98 %",
]  # fmt: skip


class TestAllThatIsSaid:
    @pytest.mark.parametrize("where", ["journey_detail", "map_present", "shared"])
    def test_is_read(self, client, journey, now, where):
        address = shared(journey, now) if where == "shared" else url(where, journey)
        page = signed_in(client, Role.VIEWER).get(address).content.decode()
        assert [words for words in SAID if words not in page] == []

    def test_by_guests_without_anybody(self, client, journey, now):
        page = client.get(shared(journey, now)).content.decode().lower()
        assert [word for word in ("olga", "staff.example", "autumn", "survey", "in progress") if word in page] == []

    def test_the_alternative_is_in_the_editor(self, client, journey):
        page = signed_in(client, Role.MARKETER).get(url("map_edit", journey)).content.decode()
        assert "instead of Sees a product" in page
        assert "most (2 in 3)" in page

    def test_a_sentence_is_a_card_and_a_name_a_chip(self, client, journey, now):
        page = client.get(shared(journey, now)).content.decode()
        assert f'<span dir="auto">{LONG}</span>' in page
        assert '<span class="chip ">Packs the parcel</span>' in page


class TestComments:
    @pytest.mark.parametrize("role", [Role.VIEWER, Role.AGENT])
    def test_whoever_reads_may_begin_one(self, client, journey, now, role):
        card = Card.objects.get(text="Show it")
        Comment.objects.create(journey=journey, card_key=card.key, text="Why?", by=staff(Role.AGENT), at=now)
        there = url("card_comments", journey, card.key)
        page = signed_in(client, role).get(url("journey_detail", journey)).content.decode()
        assert page.count(f'href="{there}"') == 2  # in the table and in the list for phones
        assert 'hx-target="#dialog-body"' in page
        said = client.post(there, {"text": "Because"}, HTTP_HX_REQUEST="true", HTTP_HX_TARGET="card-comments")
        assert said.status_code == 200
        piece = client.get(url("journey_detail", journey), HTTP_HX_REQUEST="true", HTTP_HX_TARGET="map-read")
        assert piece.content.decode().strip().startswith('<div class="map-read"')
        assert "aria-hidden" in piece.content.decode()

    def test_guests_see_none_of_it(self, client, journey, now):
        assert "/comments/" not in client.get(shared(journey, now)).content.decode()

    def test_as_many_queries_for_more_comments(self, client, journey, now, django_assert_num_queries):
        signed_in(client, Role.VIEWER).get(url("journey_detail", journey))
        for size in (2, 20):
            for number in range(size):
                key = Card.objects.all()[number % Card.objects.count()].key
                Comment.objects.create(journey=journey, card_key=key, text="x", guest_name="G", at=now)
            with django_assert_num_queries(QUERIES):
                client.get(url("journey_detail", journey))


QUERIES = 10


class TestTheDraft:
    @pytest.mark.parametrize("role", [Role.VIEWER, Role.AGENT])
    def test_is_read_before_it_is_published(self, client, draft, role):
        page = signed_in(client, role).get(url("journey_detail", draft)).content.decode()
        assert "No price without a call" in page
        assert "This is the draft" in page
        assert 'map-stage-count">0 customers' not in page
        assert url("map_edit", draft) not in page
        assert url("funnel", draft) not in page

    def test_an_empty_one(self, client, draft):
        draft.stages.all().delete()
        assert "This map is empty" in signed_in(client, Role.VIEWER).get(url("journey_detail", draft)).content.decode()


class TestScope:
    @pytest.mark.parametrize("name", ["journey_detail", "map_edit"])
    def test_on_the_page_of_the_map(self, client, journey, name):
        page = signed_in(client, Role.MARKETER).get(url(name, journey)).content.decode()
        for words in ("Hears of us", "Compares", "Tells a friend", "An answer within a day", "Olga Owner", "30 days"):
            assert words in page

    def test_the_owner_is_told_once_that_a_review_is_due(self, journey, now):
        for days, notices in ((1, 0), (0, 1), (0, 1), (-5, 2)):
            Journey.objects.update(review_on=now.date() + timedelta(days=days))
            reviewing.remind(now=now)
            assert Notice.objects.count() == notices
        notice = Notice.objects.earliest("pk")
        assert (notice.user, notice.url) == (journey.owner, url("journey_detail", journey))
        assert "Everything" in notice.text

    def test_nobody_is_told_of_a_map_without_owner_or_date_or_long_ago(self, journey, now):
        for changed in ({"owner": None, "review_on": now.date()}, {"review_on": None}, {"review_on": date(2020, 1, 1)}):
            Journey.objects.update(owner=journey.owner)
            Journey.objects.update(**changed)
            reviewing.remind(now=now)
        assert not Notice.objects.exists()

    def test_the_task_run_twice(self, journey):
        Journey.objects.update(review_on=timezone.localdate())
        remind_of_reviews()
        remind_of_reviews()
        assert Notice.objects.count() == 1


class TestTheListOfPhones:
    def test_has_all_that_the_table_has(self, client, journey):
        page = signed_in(client, Role.MARKETER).get(url("map_edit", journey) + "?as=list").content.decode()
        card, point = Card.objects.get(text="Show it"), Card.objects.get(text="lost")
        for address in (
            url("card_comments", journey, card.key),
            url("part_edit", journey, "lane", card.lane_id),
            url("part_edit", journey, "card", point.pk),
        ):
            assert f'href="{address}"' in page
        assert "Impact 5" in page
        assert "Emotion of Gift giver by step" in page
        form = client.get(url("part_edit", journey, "card", card.pk)).content.decode()
        assert url("card_comments", journey, card.key) in form
