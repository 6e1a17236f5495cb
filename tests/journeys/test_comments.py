"""What staff say about cards: who is told, who may close and take back what, and that any text comes back as it was."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.journeys.actions import comments, sharing
from apps.journeys.models import Card, Comment, Journey
from apps.journeys.selectors import comments as selectors
from apps.journeys.selectors.comments import Mentions, Place
from apps.journeys.selectors.editor import cell
from apps.staff.actions import api_keys
from apps.staff.enums import Role
from apps.staff.models import Notice
from tests.factories import UserFactory, published_shop, staff

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
HOSTILE = [
    "<script>alert(1)</script>", "\"'><img src=x onerror=alert(1)>", "{{ 7|add:7 }}{% now 'Y' %}", "😀👩‍👩‍👧 e\u0301",
    "مرحبا \u202eabc", "a\nb", "%(who)s %s %", "x" * 2000,
]  # fmt: skip


@pytest.fixture
def journey(now) -> Journey:
    return published_shop(now)


@pytest.fixture
def card(journey) -> Card:
    return Card.objects.get()


@pytest.fixture
def ann(db):
    user = staff(Role.VIEWER)
    user.name, user.email = "Ann Lee", "ann@staff.example"
    user.save()
    return user


@pytest.fixture
def mia(db):
    user = staff(Role.MARKETER)
    user.name, user.email = "Mia", "mia.berg@staff.example"
    user.save()
    return user


def page(journey: Journey, card: Card) -> str:
    return reverse("card_comments", kwargs={"pk": journey.pk, "key": card.key})


def change(comment: Comment) -> str:
    return reverse("comment_change", kwargs={"pk": comment.journey_id, "comment": comment.pk})


def said(journey, card, by, now, text="Why is that?") -> Comment:
    return comments.say(journey=journey, place=Place(card.key, card.text), text=text, by=by, now=now)


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def on_the_map(card) -> int:
    """Open comments, as the editor shows them on the card."""
    (shown,) = cell(step=card.step, lane=card.lane).cards
    return shown.comment_count


class TestSaying:
    @pytest.mark.parametrize("text", ["", "   ", "x" * 2001, "a\x00b"])
    def test_bad_text_is_422_and_kept(self, ann, journey, card, text):
        for headers in ({}, HTMX | {"HX-Target": "card-comments"}):
            response = signed_in(ann).post(page(journey, card), {"text": text}, headers=headers)
            assert response.status_code == 422
            assert 'aria-invalid="true"' in response.content.decode()
            assert text.strip("\x00 ")[:50] in response.content.decode()
        assert not Comment.objects.exists()

    def test_a_card_that_is_not_there(self, ann, journey):
        url = reverse("card_comments", kwargs={"pk": journey.pk, "key": uuid4()})
        assert signed_in(ann).get(url).status_code == 404
        assert signed_in(ann).post(url, {"text": "x"}).status_code == 404
        assert not Comment.objects.exists()

    def test_a_card_of_another_map(self, ann, journey, card):
        other = Journey.objects.create(name="Other")
        assert signed_in(ann).get(page(other, card)).status_code == 404

    def test_who_is_not_signed_in_or_may_not(self, client, journey, card):
        assert client.post(page(journey, card), {"text": "x"})["Location"].startswith("/accounts/login/")
        assert signed_in(UserFactory()).post(page(journey, card), {"text": "x"}).status_code == 403
        assert not Comment.objects.exists()

    def test_any_member_of_staff_comments(self, ann, journey, card):
        response = signed_in(ann).post(page(journey, card), {"text": "Why?"})
        assert (response.status_code, response["Location"]) == (302, page(journey, card))
        row = Comment.objects.get()
        assert (row.journey, row.card_key, row.text, row.by, row.guest_name, row.link) == (
            journey, card.key, "Why?", ann, "", None
        )  # fmt: skip
        assert "Why?" in signed_in(ann).get(page(journey, card)).content.decode()

    def test_the_fragment_is_in_the_page_and_tells_the_map(self, ann, journey, card):
        client = signed_in(ann)
        sent = client.post(page(journey, card), {"text": "Why?"}, headers=HTMX | {"HX-Target": "card-comments"})
        assert sent.status_code == 200
        assert json.loads(sent["HX-Trigger"]) == {"comments-changed": {"key": str(card.key)}}
        thread = client.get(page(journey, card), headers=HTMX | {"HX-Target": "card-comments"}).content.decode()
        assert thread.strip().startswith('<div class="said" id="card-comments">')
        dialog = client.get(page(journey, card), headers=HTMX | {"HX-Target": "dialog-body"}).content.decode()
        assert "dialog-head" in dialog
        assert "<html" not in dialog

        def plain(text: str) -> str:
            return "".join(part for part in text.split() if "csrf" not in part and "value=" not in part)

        assert plain(thread) in plain(client.get(page(journey, card)).content.decode())
        assert plain(thread) in plain(dialog)

    @pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
    def test_hostile_text_comes_back_whole_and_escaped(self, ann, journey, card, text):
        client = signed_in(ann)
        client.post(page(journey, card), {"text": text})
        assert Comment.objects.get().text == text
        for url in (page(journey, card), reverse("comment_list", kwargs={"pk": journey.pk})):
            html = client.get(url).content.decode()
            assert "<script>alert" not in html
            assert "<img src=x" not in html
        assert client.get(reverse("api_comment_list", kwargs={"pk": journey.pk})).json()["results"][0]["text"] == text

    def test_oldest_first(self, ann, journey, card, now):
        said(journey, card, ann, now, "second")
        said(journey, card, ann, now - timedelta(days=1), "first")
        assert [one.comment.text for one in selectors.on_card(journey.pk, card.key)] == ["first", "second"]

    def test_a_card_that_is_gone_keeps_what_was_said(self, ann, mia, journey, card, now):
        row = said(journey, card, ann, now)
        Card.objects.all().delete()
        Journey.objects.update(current_version=None)
        html = signed_in(ann).get(page(journey, card)).content.decode()
        assert "This card is no longer on the map." in html
        assert "Why is that?" in html
        response = signed_in(ann).post(change(row), {"act": "delete"})
        assert response["Location"] == reverse("comment_list", kwargs={"pk": journey.pk})


class TestMentions:
    @pytest.mark.parametrize(
        ("text", "who"),
        [("@Ann Lee look", {"ann"}), ("see @ann, please", {"ann"}), ("@ANN LEE.", {"ann"}), ("@mia.berg", {"mia"}),
         ("(@Mia)", {"mia"}), ("@Mia @Ann Lee @mia", {"ann", "mia"}), ("@ann@staff.example", {"ann"}),
         ("Ann Lee", set()), ("bo@ann", set()), ("@anna", set()), ("@ann-marie", set()), ("@mia.bergson", set()),
         ("@ mia", set()), ("@", set()), ("", set()), ("@nobody", set())],
    )  # fmt: skip
    def test_who_is_mentioned(self, ann, mia, text, who):
        ids = {"ann": ann.pk, "mia": mia.pk}
        assert Mentions([ann, mia]).ids(text) == {ids[name] for name in who}

    def test_names_are_no_patterns(self, ann):
        ann.name, ann.email = "A.*(b", "x+y@staff.example"
        assert Mentions([ann]).ids("@A.*(b") == {ann.pk}
        assert Mentions([ann]).ids("@Axxx(b") == set()
        assert Mentions([ann]).ids("@x+y") == {ann.pk}
        assert Mentions([]).ids("@x") == set()

    def test_exactly_one_notice_and_none_to_oneself(self, ann, mia, journey, card, now):
        row = said(journey, card, ann, now, "@Mia, @mia.berg and @ann: look <b>")
        notice = Notice.objects.get()
        assert (notice.user, notice.kind, notice.url, notice.key) == (
            mia, "mention", page(journey, card), f"comment:{row.pk}"
        )  # fmt: skip
        assert notice.text == (
            "Ann Lee mentioned you on “No price without a call” of Web shop: @Mia, @mia.berg and @ann: look <b>"
        )
        assert "look &lt;b&gt;" in signed_in(mia).get(reverse("notice_list")).content.decode()
        assert signed_in(mia).get(notice.url).status_code == 200

    def test_somebody_who_is_disabled_is_not_told(self, ann, mia, journey, card, now):
        mia.is_active = False
        mia.save()
        said(journey, card, ann, now, "@Mia")
        assert not Notice.objects.exists()

    def test_mentions_are_marked(self, ann, mia, journey, card):
        client = signed_in(ann)
        client.post(page(journey, card), {"text": "<i> @Mia, look"})
        assert "&lt;i&gt; <mark>@Mia</mark>, look" in client.get(page(journey, card)).content.decode()

    def test_a_button_writes_the_name_and_says_nothing_yet(self, ann, mia, journey, card):
        response = signed_in(ann).post(page(journey, card), {"text": "Look <b>", "mention": str(mia.pk)})
        assert response.status_code == 200
        assert "Look &lt;b&gt; @Mia </textarea>" in response.content.decode()
        for wrong in ("0", "x", ""):
            response = signed_in(ann).post(page(journey, card), {"text": "Look", "mention": wrong})
            assert "Look</textarea>" in response.content.decode()
        assert not Comment.objects.exists()


class TestResolving:
    def test_the_author_and_who_designs(self, ann, mia, journey, card, now):
        row = said(journey, card, ann, now)
        other = staff(Role.AGENT)
        for act in ("resolve", "reopen", "delete"):
            assert signed_in(other).post(change(row), {"act": act}).status_code == 403
        assert signed_in(mia).post(change(row), {"act": "delete"}).status_code == 403
        row.refresh_from_db()
        assert row.resolved_at is None

        for user in (ann, mia):
            assert signed_in(user).post(change(row), {"act": "resolve"})["Location"] == page(journey, card)
            row.refresh_from_db()
            assert row.resolved_by == user
            assert f"Resolved by {user}" in signed_in(other).get(page(journey, card)).content.decode()
            assert on_the_map(card) == 0
            signed_in(user).post(change(row), {"act": "reopen"})
            row.refresh_from_db()
            assert (row.resolved_at, row.resolved_by) == (None, None)
        assert on_the_map(card) == 1
        signed_in(ann).post(change(row), {"act": "delete"})
        assert not Comment.objects.exists()

    def test_the_first_to_resolve_stands(self, ann, mia, journey, card, now):
        row = said(journey, card, ann, now)
        comments.resolve(comment=row, by=mia, now=now)
        comments.resolve(comment=row, by=ann, now=now + timedelta(days=1))
        row.refresh_from_db()
        assert (row.resolved_by, row.resolved_at) == (mia, now)

    def test_other_ways(self, ann, journey, card, now):
        row = said(journey, card, ann, now)
        client = signed_in(ann)
        assert client.get(change(row)).status_code == 405
        assert client.post(change(row), {"act": "explode"}).status_code == 302
        wrong = reverse("comment_change", kwargs={"pk": journey.pk + 1, "comment": row.pk})
        assert client.post(wrong, {"act": "delete"}).status_code == 404
        assert client.get(reverse("card_comments", kwargs={"pk": 0, "key": card.key})).status_code == 404
        response = client.post(change(row), {"act": "resolve"}, headers=HTMX | {"HX-Target": "card-comments"})
        assert response.content.decode().strip().startswith('<div class="said" id="card-comments">')

    def test_who_was_erased_leaves_the_words(self, ann, mia, journey, card, now):
        row = said(journey, card, ann, now, "Kept @Mia")
        comments.resolve(comment=row, by=ann, now=now)
        ann.delete()
        client = signed_in(mia)
        for url in (page(journey, card), reverse("comment_list", kwargs={"pk": journey.pk})):
            html = client.get(url).content.decode()
            assert "A former colleague" in html
            assert "Ann Lee" not in html
        assert client.post(change(row), {"act": "delete"}).status_code == 302

    def test_a_guest_has_a_name(self, journey, card, now):
        link = sharing.share(
            journey=journey, name="W", shows_numbers=False, takes_comments=True, by=None, now=now
        )  # fmt: skip
        with pytest.raises(IntegrityError, match="comment_guest_has_name"):
            Comment.objects.create(journey=journey, card_key=card.key, text="x", link=link, at=now)


class TestTheList:
    def test_open_ones_first_and_the_filter(self, ann, journey, card, now):
        made = [said(journey, card, ann, now + timedelta(hours=n), text) for n, text in enumerate("abc")]
        comments.resolve(comment=made[-1], by=ann, now=now)
        texts = {
            state: [one.comment.text for one in selectors.page(journey, state=state, number=1).rows]
            for state in selectors.STATES
        }
        assert texts == {"all": ["b", "a", "c"], "open": ["b", "a"], "resolved": ["c"]}
        url = reverse("comment_list", kwargs={"pk": journey.pk})
        html = signed_in(ann).get(url).content.decode()
        assert "2 open" in html
        assert "1 resolved" in html
        assert f'href="{page(journey, card)}"' in html
        for query in ("?state=x", "?page=0", "?page=-1", "?page=999999999999", "?page=2", "?state=resolved&page=x"):
            assert signed_in(ann).get(url + query).status_code == 200

    def test_empty(self, ann, journey):
        url = reverse("comment_list", kwargs={"pk": journey.pk})
        assert "No comments yet" in signed_in(ann).get(url).content.decode()
        assert "Nothing is open" in signed_in(ann).get(url + "?state=open").content.decode()
        assert signed_in(ann).get(reverse("comment_list", kwargs={"pk": 0})).status_code == 404

    def test_pages(self, ann, journey, card, now):
        Comment.objects.bulk_create(
            Comment(journey=journey, card_key=card.key, text=f"n{n}", by=ann, at=now) for n in range(selectors.PAGE + 1)
        )
        html = signed_in(ann).get(reverse("comment_list", kwargs={"pk": journey.pk})).content.decode()
        assert "?state=all&amp;page=2" in html
        assert len(selectors.page(journey, state="all", number=2).rows) == 1

    def test_the_same_queries_at_2_and_20(self, ann, journey, card, now):
        client = signed_in(ann)
        urls = [page(journey, card), reverse("comment_list", kwargs={"pk": journey.pk}),
                reverse("api_comment_list", kwargs={"pk": journey.pk})]  # fmt: skip
        for _ in range(2):
            said(journey, card, staff(Role.AGENT), now)
        numbers = []
        for _ in range(2):
            for url in urls:
                with CaptureQueriesContext(connection) as asked:
                    client.get(url)
                numbers.append(len(asked))
            for _more in range(18):
                said(journey, card, staff(Role.AGENT), now)
        assert numbers[:3] == numbers[3:]

    def test_the_map_counts_them_with_its_cards(self, ann, journey, card, now):
        for _ in range(3):
            said(journey, card, ann, now)
        assert on_the_map(card) == 3


class TestTheApi:
    def url(self, journey: Journey) -> str:
        return reverse("api_comment_list", kwargs={"pk": journey.pk})

    @pytest.mark.parametrize(
        ("body", "said"),
        [({}, "card"), ({"card": "x", "text": "a"}, "card"), ({"card": str(uuid4()), "text": "a"}, "no card of this"),
         ({"text": "a"}, "card"), ({"card": "KEY"}, "text"), ({"card": "KEY", "text": ""}, "text"),
         ({"card": "KEY", "text": "x" * 2001}, "text"), ({"card": "KEY", "text": "a\x00"}, "NUL"), ([], "")],
    )  # fmt: skip
    def test_bad_input(self, ann, journey, card, body, said):
        text = json.dumps(body).replace("KEY", str(card.key))
        response = signed_in(ann).post(self.url(journey), text, content_type="application/json")
        assert response.status_code == 400
        assert said in response.content.decode()
        assert not Comment.objects.exists()

    def test_a_comment_by_staff(self, ann, mia, journey, card):
        body = {"card": str(card.key), "text": "@Mia look"}
        response = signed_in(ann).post(self.url(journey), body, content_type="application/json")
        assert response.status_code == 201
        answer = response.json()
        assert (answer["card"], answer["text"], answer["by"], answer["link"], answer["resolved_at"]) == (
            str(card.key), "@Mia look", "Ann Lee", None, None
        )  # fmt: skip
        assert Notice.objects.get().user == mia
        assert signed_in(ann).get(self.url(journey)).json() == {"results": [answer], "next": None}
        assert signed_in(ann).get(f"{self.url(journey)}?card={card.key}").json()["results"] == [answer]
        assert signed_in(ann).get(f"{self.url(journey)}?card={uuid4()}").json()["results"] == []
        assert signed_in(ann).get(f"{self.url(journey)}?card=x").status_code == 400

    @pytest.mark.parametrize(("scopes", "status"), [(["read"], 403), (["write"], 403), (["read", "write"], 201)])
    def test_a_key_needs_the_scope_to_write(self, client, ann, journey, card, scopes, status):
        key = api_keys.create(name="Research tool", scopes=scopes)
        response = client.post(
            self.url(journey), {"card": str(card.key), "text": "@ann"}, content_type="application/json",
            headers={"Authorization": f"Api-Key {key}"},
        )  # fmt: skip
        assert response.status_code == status
        assert Comment.objects.count() == (status == 201)
        if status == 201:
            assert response.json()["by"] == "Research tool"
            assert Notice.objects.get().text.startswith("Research tool mentioned you")
            assert "API key" in signed_in(ann).get(page(journey, card)).content.decode()
