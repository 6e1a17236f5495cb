"""Share links: only our own tokens open a map, until they are revoked; nothing about people is on it; guests comment
where they may, and not too often. And the map as slides."""

import copy
import io
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils.html import escape
from PIL import Image

from apps.core import links
from apps.customers.models import Persona
from apps.journeys import wire
from apps.journeys.actions import comments, drafts, images, publishing, sharing
from apps.journeys.models import Card, Comment, Journey, MapVersion, Progress, ShareLink
from apps.journeys.selectors import sharing as selectors
from apps.staff.actions import api_keys
from apps.staff.enums import Role
from apps.staff.models import Department, Notice
from apps.touchpoints.models import Touchpoint
from tests.conftest import NOW
from tests.factories import CustomerFactory, UserFactory, published_shop, staff
from tests.journeys.maps import FULL

pytestmark = pytest.mark.django_db
OWNER = "olga.owner@staff.example"
HOSTILE = [
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "{{ 7|add:7 }}",
    "😀👩‍👩‍👧",
    "مرحبا \u202eabc",
]


@pytest.fixture(autouse=True)
def _no_one_counted(request, settings):
    """Guests are counted in the cache, by address."""
    cache = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": request.node.nodeid}
    settings.CACHES = {"default": cache}


@pytest.fixture
def journey(now) -> Journey:
    return published_shop(now)


@pytest.fixture
def card(journey) -> Card:
    return Card.objects.get()


def share(journey, now, *, numbers=False, comments=False) -> ShareLink:
    return sharing.share(
        journey=journey, name="Workshop <b>", shows_numbers=numbers, takes_comments=comments, by=None, now=now
    )


def url(link: ShareLink) -> str:
    return reverse("map_shared", kwargs={"token": links.sign("map", link.pk)})


def card_url(link: ShareLink, card: Card) -> str:
    return reverse("map_shared_card", kwargs={"token": links.sign("map", link.pk), "key": card.key})


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text_of(response) -> str:
    return response.content.decode()


class TestTokens:
    @pytest.mark.parametrize("wrong", ["nothing", "three parts", "survey", "invite", "nobody's", "one byte short"])
    def test_a_wrong_token_says_so(self, client, journey, card, now, wrong):
        link = share(journey, now, comments=True)
        tokens = {
            "nothing": "x",
            "three parts": "a:b:c",
            "survey": links.sign("survey", link.pk),
            "invite": links.sign("invite", link.pk),
            "nobody's": links.sign("map", 10**9),
            "one byte short": links.sign("map", link.pk)[:-1],
        }
        for ending in ("", f"cards/{card.key}/", "images/0/"):
            response = client.get(f"/m/{tokens[wrong]}/{ending}")
            assert response.status_code == 404
            assert "This link does not work" in text_of(response)
            assert journey.name not in text_of(response)
            assert response["Referrer-Policy"] == "no-referrer"
        posted = client.post(f"/m/{tokens[wrong]}/cards/{card.key}/", {"name": "Gus", "text": "Hello"})
        assert posted.status_code == 404
        assert not Comment.objects.exists()

    def test_every_changed_byte_is_refused(self, client, journey, now):
        token = links.sign("map", share(journey, now).pk)
        for place in range(0, len(token), 3):
            other = "A" if token[place] != "A" else "B"
            assert client.get(f"/m/{token[:place]}{other}{token[place + 1 :]}/").status_code == 404, place

    def test_a_token_of_a_map_opens_nothing_else(self, client, journey, now):
        token = links.sign("map", share(journey, now).pk)
        assert [client.get(f"/{kind}/{token}").status_code for kind in ("s", "u")] == [404, 404]
        assert client.get(f"/join/{token}/").status_code == 410

    def test_a_revoked_link_is_gone(self, client, journey, card, now):
        link = share(journey, now, comments=True)
        sharing.revoke(link=link, now=now)
        for response in (
            client.get(url(link)),
            client.get(card_url(link, card)),
            client.post(card_url(link, card), {"name": "Gus", "text": "Hello"}),
        ):
            assert response.status_code == 410
            assert "This link is closed" in text_of(response)
            assert card.text not in text_of(response)
        with pytest.raises(comments.Closed):
            comments.say_as_guest(link_id=link.pk, key=card.key, name="Gus", text="Hello", now=now)
        assert not Comment.objects.exists()


class TestTheSharedMap:
    def test_what_a_guest_reads(self, client, journey, card, now):
        link = share(journey, now)
        response = client.get(url(link))
        assert response.status_code == 200
        assert response["Referrer-Policy"] == "no-referrer"
        assert response["X-Robots-Tag"] == "noindex, nofollow"
        assert response["Cache-Control"] == "no-store"
        assert not response.cookies
        html = text_of(response)
        for words in ("Web shop", "Busy buyer", "First order within a month", "Sees a product", card.text, "Version 1"):
            assert words in html
        assert "journey-map--banded" in html
        assert "customers" not in html
        assert "Comment" not in html
        assert "<script" not in html
        assert client.post(url(link)).status_code == 405

    def test_no_links_into_the_app(self, client, journey, now):
        link = share(journey, now, comments=True)
        html = text_of(client.get(url(link)))
        hrefs = [part.split('"')[0] for part in html.split('href="')[1:]]
        inside = [href for href in hrefs if not href.startswith(("/static/", "data:", "/m/", "#"))]
        assert inside == []

    def test_nothing_about_people(self, client, now):
        staff(Role.MARKETER)
        owner = UserFactory(email=OWNER, name="Olga Owner")
        text = copy.deepcopy(FULL) | {"owner": OWNER}
        text.pop("segment")
        for one in text["cards"]:
            if "owner" in one:
                one |= {"owner": OWNER, "evidence_note": "Talk with Carl Customer"}
        for name in ("Shop", "Warehouse"):
            Department.objects.create(name=name)
        Touchpoint.objects.create(name="Product page", channel="web")
        Persona.objects.create(name="Gift giver")
        journey = drafts.import_text(text=wire.read(text))
        customer = CustomerFactory(name="Carl Customer", email="carl@mail.example")
        link = sharing.share(
            journey=journey, name="W", shows_numbers=True, takes_comments=True, by=owner, now=now
        )  # fmt: skip
        Comment.objects.create(journey=journey, card_key=Card.objects.first().key, text="Inside only", by=owner, at=now)
        pages = [client.get(url(link))]
        publishing.publish(journey=journey, now=now, by=owner)
        version = MapVersion.objects.get()
        stage = version.snapshot["stages"][0]["key"]
        Progress.objects.create(customer=customer, journey=journey, version=version, stage_key=stage)
        pages += [
            client.get(url(link)),
            signed_in(owner).get(url(link)),
            client.get(card_url(link, Card.objects.first())),
        ]
        for response in pages:
            assert response.status_code == 200
            for secret in (
                "olga",
                "owner",
                "carl",
                "inside only",
                "autumn",
                "mail.example",
                "staff.example",
                "order co",
            ):
                assert secret not in text_of(response).lower(), secret
        assert "1 customer" in text_of(pages[1])
        assert "Draft, not published yet" in text_of(pages[0])
        assert "Target 98 %" in text_of(pages[1])

    def test_numbers_only_where_allowed(self, client, journey, now):
        version = journey.current_version
        stage = version.snapshot["stages"][0]["key"]
        for _ in range(2):
            Progress.objects.create(customer=CustomerFactory(), journey=journey, version=version, stage_key=stage)
        assert "2 customers" in text_of(client.get(url(share(journey, now, numbers=True))))
        assert "customers" not in text_of(client.get(url(share(journey, now))))

    def test_a_map_with_nothing_on_it(self, client, now):
        link = share(Journey.objects.create(name="Empty one"), now)
        assert "This map is empty" in text_of(client.get(url(link)))

    @pytest.mark.parametrize("words", HOSTILE, ids=range(len(HOSTILE)))
    def test_hostile_words_are_escaped(self, client, journey, card, now, words):
        Card.objects.update(text=words)
        Journey.objects.update(goal=words, current_version=None)
        link = share(Journey.objects.get(), now, comments=True)
        for address in (url(link), card_url(link, card)):
            html = text_of(client.get(address))
            assert "<script>alert" not in html
            assert "<img src=x" not in html
            assert escape(words) in html
        assert selectors.shared_card(link, card.key)["text"] == words

    def test_the_opening_is_noted_once_a_minute(self, client, journey, now):
        link = share(journey, now)
        for seconds, noted in ((0, 0), (30, 0), (61, 61)):
            with time_machine.travel(now + timedelta(seconds=seconds), tick=False):
                client.get(url(link))
            link.refresh_from_db()
            assert link.last_opened_at == now + timedelta(seconds=noted)

    def test_only_pictures_of_the_map(self, client, journey, card, now):
        here, elsewhere = (images.keep(content=_png(colour)) for colour in ("red", "blue"))
        Card.objects.update(image=here)
        Journey.objects.update(current_version=None)
        link = share(journey, now)
        token = links.sign("map", link.pk)

        def address(digest: str) -> str:
            return reverse("map_shared_image", kwargs={"token": token, "digest": digest})

        assert f"/images/{here.digest}/" in text_of(client.get(url(link)))
        response = client.get(address(here.digest))
        assert (response.status_code, response["Content-Type"]) == (200, here.content_type)
        assert response.content == bytes(here.content)
        assert response["X-Content-Type-Options"] == "nosniff"
        assert [client.get(address(d)).status_code for d in (elsewhere.digest, "0", "sha256:")] == [404, 404, 404]
        sharing.revoke(link=link, now=now)
        assert client.get(address(here.digest)).status_code == 410


def _png(colour: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (4, 4), colour).save(out, "PNG")
    return out.getvalue()


class TestGuests:
    def test_a_link_without_comments_takes_none(self, client, journey, card, now):
        link = share(journey, now)
        assert client.get(card_url(link, card)).status_code == 404
        assert client.post(card_url(link, card), {"name": "Gus", "text": "Hello"}).status_code == 404
        with pytest.raises(comments.Closed):
            comments.say_as_guest(link_id=link.pk, key=card.key, name="Gus", text="Hello", now=now)
        assert not Comment.objects.exists()

    @pytest.mark.parametrize(
        ("typed", "kept"),
        [({"name": "", "text": "Hello"}, "Hello"), ({"name": "Gus", "text": " "}, "Gus"), ({}, ""),
         ({"name": "x" * 101, "text": "Hello"}, "Hello"), ({"name": "Gus", "text": "x" * 2001}, "Gus"),
         ({"name": "a\x00", "text": "Hello"}, "Hello")],
        ids=range(6),
    )  # fmt: skip
    def test_bad_input_is_422_and_kept(self, client, journey, card, now, typed, kept):
        response = client.post(card_url(share(journey, now, comments=True), card), typed)
        assert response.status_code == 422
        assert kept in text_of(response)
        assert not Comment.objects.exists()

    def test_a_card_that_is_not_on_the_map(self, client, journey, now):
        link = share(journey, now, comments=True)
        address = reverse("map_shared_card", kwargs={"token": links.sign("map", link.pk), "key": uuid4()})
        assert client.post(address, {"name": "Gus", "text": "Hello"}).status_code == 404

    def test_a_guest_comments_without_a_cookie_and_staff_see_who(self, journey, card, now):
        mia = staff(Role.MARKETER)
        mia.name = "Mia"
        mia.save()
        link = share(journey, now, comments=True)
        guest = Client(enforce_csrf_checks=True)
        response = guest.post(card_url(link, card), {"name": "Gus <i>", "text": "@Mia why <b>?"})
        assert response.status_code == 302
        assert response["Location"].endswith(f"/cards/{card.key}/#said")
        assert response["Referrer-Policy"] == "no-referrer"
        row = Comment.objects.get()
        assert (row.by, row.guest_name, row.link, row.text, row.card_key) == (
            None, "Gus <i>", link, "@Mia why <b>?", card.key
        )  # fmt: skip
        assert not Notice.objects.exists(), "guests mention nobody"
        shown = text_of(guest.get(card_url(link, card)))
        assert "Gus &lt;i&gt;" in shown
        assert "@Mia why &lt;b&gt;?" in shown
        assert "1 comment" in text_of(guest.get(url(link)))
        html = text_of(signed_in(mia).get(reverse("card_comments", kwargs={"pk": journey.pk, "key": card.key})))
        assert "Gus &lt;i&gt;" in html
        assert "Guest, Workshop &lt;b&gt;" in html
        assert "<mark>" not in html

    def test_guests_of_another_link_and_staff_stay_apart(self, client, journey, card, now):
        one, other = share(journey, now, comments=True), share(journey, now, comments=True)
        comments.say_as_guest(link_id=one.pk, key=card.key, name="Gus", text="Hello", now=now)
        html = text_of(client.get(card_url(other, card)))
        assert "Gus" not in html
        assert "1 comment" not in text_of(client.get(url(other)))

    def test_a_program_that_fills_in_everything_is_thanked_and_forgotten(self, client, journey, card, now):
        address = card_url(share(journey, now, comments=True), card)
        assert client.post(address, {"name": "B", "text": "Buy", "website": "http://x"}).status_code == 302
        assert not Comment.objects.exists()

    @time_machine.travel(NOW, tick=False)
    def test_too_often_is_429_and_kept(self, client, journey, card, now):
        address = card_url(share(journey, now, comments=True), card)
        codes = [client.post(address, {"name": "Gus", "text": f"n{n}"}).status_code for n in range(20)]
        assert codes == [302] * 20
        response = client.post(address, {"name": "Gus", "text": "one too many"})
        assert response.status_code == 429
        assert "Wait a minute" in text_of(response)
        assert "one too many</textarea>" in text_of(response)
        assert Comment.objects.count() == 20

    def test_a_link_is_full_some_day(self, client, journey, card, now, monkeypatch):
        monkeypatch.setattr(comments, "MOST_OF_A_LINK", 1)
        link = share(journey, now, comments=True)
        codes = [client.post(card_url(link, card), {"name": "Gus", "text": "x"}).status_code for _ in range(2)]
        assert codes == [302, 409]
        assert Comment.objects.count() == 1


class TestThePageOfLinks:
    def page(self, journey: Journey) -> str:
        return reverse("share_links", kwargs={"pk": journey.pk})

    def test_only_who_designs(self, client, journey, now):
        link = share(journey, now)
        revoke = reverse("share_link_revoke", kwargs={"pk": link.pk})
        for address in (self.page(journey), revoke):
            assert client.post(address).status_code == 302
            assert signed_in(staff(Role.AGENT)).post(address, {"name": "x"}).status_code == 403
        link.refresh_from_db()
        assert (ShareLink.objects.count(), link.revoked_at) == (1, None)

    @pytest.mark.parametrize("name", ["", " ", "x" * 101, "a\x00"], ids=range(4))
    def test_bad_input(self, journey, name):
        response = signed_in(staff(Role.MARKETER)).post(self.page(journey), {"name": name, "takes_comments": "on"})
        assert response.status_code == 422
        assert "checked" in text_of(response)
        assert not ShareLink.objects.exists()

    def test_make_open_and_revoke(self, client, journey):
        mia = staff(Role.MARKETER)
        maker = signed_in(mia)
        assert "No links yet" in text_of(maker.get(self.page(journey)))
        typed = {"name": "Agency <b>", "shows_numbers": "on", "takes_comments": "on"}
        assert maker.post(self.page(journey), typed)["Location"] == self.page(journey)
        link = ShareLink.objects.get()
        assert (link.name, link.shows_numbers, link.takes_comments, link.created_by, link.journey) == (
            "Agency <b>", True, True, mia, journey
        )  # fmt: skip
        response = maker.get(self.page(journey))
        html = text_of(response)
        assert response["Cache-Control"] == "no-store"
        assert "never opened" in html
        assert "Agency &lt;b&gt;" in html
        shown = html.split(f'id="address-{link.pk}">')[1].split("<")[0]
        assert client.get(shown.partition("//")[2].partition("/")[2].join(["/", ""])).status_code == 200
        assert "last opened" in text_of(maker.get(self.page(journey)))
        revoke = reverse("share_link_revoke", kwargs={"pk": link.pk})
        assert maker.get(revoke).status_code == 405
        assert maker.post(revoke)["Location"] == self.page(journey)
        link.refresh_from_db()
        first = link.revoked_at
        maker.post(revoke)
        link.refresh_from_db()
        assert first is not None
        assert link.revoked_at == first
        html = text_of(maker.get(self.page(journey)))
        assert "Revoked" in html
        assert "/m/" not in html

    def test_the_same_queries_at_2_and_20(self, journey, now, django_assert_max_num_queries):
        maker = signed_in(staff(Role.MARKETER))
        for _ in range(2):
            sharing.share(
                journey=journey, name="x", shows_numbers=False, takes_comments=False, by=UserFactory(), now=now
            )  # fmt: skip
        with django_assert_max_num_queries(99) as few:
            maker.get(self.page(journey))
        for _ in range(18):
            sharing.share(
                journey=journey, name="x", shows_numbers=False, takes_comments=False, by=UserFactory(), now=now
            )  # fmt: skip
        with django_assert_max_num_queries(len(few)):
            maker.get(self.page(journey))


class TestTheApi:
    def url(self, journey: Journey) -> str:
        return reverse("api_share_link_list", kwargs={"pk": journey.pk})

    @pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": "x" * 101}, {"name": "x", "takes_comments": "maybe"}])
    def test_bad_input(self, journey, body):
        response = signed_in(staff(Role.MARKETER)).post(self.url(journey), body, content_type="application/json")
        assert response.status_code == 400
        assert not ShareLink.objects.exists()

    def test_make_list_and_revoke(self, client, journey):
        key = {"Authorization": f"Api-Key {api_keys.create(name='K', scopes=['write'])}"}
        made = client.post(
            self.url(journey), {"name": "Agency", "takes_comments": True}, content_type="application/json", headers=key
        )  # fmt: skip
        assert made.status_code == 201
        answer = made.json()
        assert (answer["name"], answer["takes_comments"], answer["shows_numbers"], answer["revoked_at"]) == (
            "Agency", True, False, None
        )  # fmt: skip
        assert client.get("/" + answer["address"].split("/", 3)[3]).status_code == 200
        listed = client.get(self.url(journey), headers=key).json()
        assert [one["id"] for one in listed["results"]] == [answer["id"]]
        revoked = client.post(reverse("api_share_link_revoke", kwargs={"pk": answer["id"]}), headers=key).json()
        assert revoked["address"] is None
        assert revoked["revoked_at"] is not None

    def test_reading_is_not_enough(self, client, journey):
        key = {"Authorization": f"Api-Key {api_keys.create(name='K', scopes=['read', 'personal'])}"}
        assert client.get(self.url(journey), headers=key).status_code == 403


class TestSlides:
    def test_a_stage_a_slide(self, journey, card):
        client = signed_in(staff(Role.VIEWER))
        html = text_of(client.get(reverse("map_present", kwargs={"pk": journey.pk})))
        assert html.count('<section class="slide') == 1 + len(journey.current_version.snapshot["stages"])
        for words in ("Web shop", "First order within a month", "Busy buyer", "Fills the cart", card.text):
            assert words in html
        assert f'href="{reverse("journey_detail", kwargs={"pk": journey.pk})}"' in html

    def test_a_draft_and_an_empty_one(self, journey):
        client = signed_in(staff(Role.VIEWER))
        Journey.objects.update(current_version=None)
        html = text_of(client.get(reverse("map_present", kwargs={"pk": journey.pk})))
        assert "Draft, not published yet" in html
        assert "customers here now" not in html
        empty = Journey.objects.create(name="<script>alert(1)</script>")
        html = text_of(client.get(reverse("map_present", kwargs={"pk": empty.pk})))
        assert "Nothing is drawn yet." in html
        assert "<script>alert" not in html

    def test_who_may_not(self, client, journey):
        address = reverse("map_present", kwargs={"pk": journey.pk})
        assert client.get(address).status_code == 302
        assert signed_in(UserFactory()).get(address).status_code == 403
        assert signed_in(staff(Role.VIEWER)).post(address).status_code == 405
