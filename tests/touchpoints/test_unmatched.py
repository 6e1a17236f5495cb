"""What happened at no touchpoint, ready to be put into the catalogue."""

from urllib.parse import parse_qs

import pytest
from django.urls import reverse

from apps.staff.enums import Role
from apps.touchpoints import newest
from apps.touchpoints.actions import catalogue, sources
from apps.touchpoints.enums import SourceKind
from apps.touchpoints.models import Touchpoint
from tests.factories import staff
from tests.touchpoints.sending import post, track

pytestmark = pytest.mark.django_db
SHOP = "https://www.shop.example"


@pytest.fixture
def send(client):
    source = sources.create(name="Shop", kind=SourceKind.SERVER)

    def send(*items: dict) -> None:
        assert post(client, source, "batch", {"batch": list(items)}).status_code == 200

    return send


def at(path: str, user: str = "u1", event: str = "Page Viewed", **context) -> dict:
    page = {"url": SHOP + path, **context.pop("page", {})}
    return track(event, user=user, context={"page": page, **context})


def labels(groups: list[newest.Group]) -> list[tuple[str, int]]:
    return [(group.label, group.count) for group in groups]


def test_an_empty_log_and_a_complete_catalogue(client, send):
    client.force_login(staff(Role.ADMIN))
    url = reverse("touchpoint_unmatched")
    assert "Nothing has come in yet" in client.get(url).content.decode()
    catalogue.save(touchpoint=Touchpoint(name="A", channel="web", rules=[{"event": "A"}]))
    send(track("A"))
    assert "Everything is at a touchpoint" in client.get(url).content.decode()


def test_groups_the_most_frequent_first(send):
    catalogue.save(touchpoint=Touchpoint(name="Known", channel="web", rules=[{"event": "Known"}]))
    send(
        track("Known"), at("/c/shoes/boots"), at("/c/shoes"), at("/c/shoes/sandals?x=1"), at("/"),
        track("Invite Sent", user="u2"), {"type": "identify", "userId": "u1", "traits": {"plan": "gold"}},
    )  # fmt: skip
    found = newest.unmatched()
    assert (found.looked_at, found.count, found.percent) == (6, 5, 83)
    assert labels(found.events) == [("Page Viewed", 4), ("Invite Sent", 1)]
    assert labels(found.pages) == [("/c/shoes*", 2), ("/", 1), ("/c/shoes", 1)]
    assert (found.campaigns, found.referrers) == ([], [])


def test_parts_of_a_path_that_tell_who_somebody_is_are_not_shown(send):
    paths = [
        "/orders/20260302",
        "/u/ann@mail.example/cart",
        "/u/Ann%40mail.example",
        "/t/" + "a" * 60,
        "/2026/1234567/x",
    ]
    send(*(at(path) for path in paths))
    assert {group.label for group in newest.unmatched().pages} == {"/orders/*", "/u/*", "/t/*", "/*/*"}


def test_campaigns_and_referrers_of_other_sites(send):
    send(
        at("/?utm_source=news&utm_medium=email"),
        at("/", campaign={"source": "Google", "medium": "cpc", "name": "boots"}),
        at("/", page={"referrer": "https://www.google.com/search"}),
        at("/", page={"referrer": f"{SHOP}/c/shoes"}),
        at("/", page={"referrer": "https://l.instagram.com/"}),
        at("/", page={"referrer": "https://blog.example/"}),
    )
    found = newest.unmatched()
    guesses = [(g.label, g.channel, g.ownership) for g in (*found.campaigns, *found.referrers)]
    assert guesses == [
        ("google · cpc", "ad", "paid"),
        ("news · email", "email", "owned"),
        ("blog.example", "web", "earned"),
        ("google.com", "search", "earned"),
        ("l.instagram.com", "social", "earned"),
    ]


def test_what_the_button_offers_matches_what_it_was_offered_for(client, send):
    send(at("/c/shoes/boots"), at("/café/menu/1", user="u2"), at("/orders/20260302"), track("Invite 50% *Sent*"))
    found = newest.unmatched()
    for group in (*found.events, *found.pages):
        (rule,) = catalogue.save(touchpoint=Touchpoint(name=group.name, channel="web", rules=[group.rule])).rules
        assert newest.preview([rule], touchpoint_id=Touchpoint.objects.latest("pk").pk).count == group.count
        Touchpoint.objects.all().delete()


def test_the_button_opens_the_form_filled_in(client, send):
    Touchpoint.objects.create(name="C shoes", channel="web")
    send(at("/c/shoes"))
    client.force_login(staff(Role.MARKETER))
    page = client.get(reverse("touchpoint_unmatched"))
    (group,) = page.context["unmatched"].pages
    assert parse_qs(group.query) == {
        "name": ["C shoes 2"], "channel": ["web"], "ownership": ["owned"], "url": ["/c/shoes"]
    }  # fmt: skip
    url = f"{reverse('touchpoint_create')}?{group.query}"
    assert url.replace("&", "&amp;") in page.content.decode()
    form = client.get(url).content.decode()
    assert 'value="/c/shoes"' in form
    assert "It would match 1 of the last 1 interactions." in form
    assert client.get(url).context["editor"].rules == [{"url": "/c/shoes"}]


def test_who_may_not_see_customers_gets_no_example_and_who_may_not_design_no_button(client, send):
    send(at("/secret/path"))
    for role, example, button in ((Role.VIEWER, False, False), (Role.AGENT, True, False), (Role.MARKETER, True, True)):
        client.force_login(staff(role))
        page = client.get(reverse("touchpoint_unmatched")).content.decode()
        assert ("/customers/" in page.partition("<main")[2]) is example
        assert ("Catalogue it" in page) is button


def test_hostile_events_are_only_text(client, send):
    send(track("<script>alert(1)</script>"), at("/<img src=x onerror=alert(1)>"))
    client.force_login(staff(Role.MARKETER))
    page = client.get(reverse("touchpoint_unmatched")).content.decode()
    assert "<script>alert(1)" not in page
    assert "<img src=x" not in page
