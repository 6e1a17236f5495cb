"""The list of reviews and our replies."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.feedback.actions import reviews
from apps.feedback.models import Review, ReviewSite
from apps.staff.enums import Role
from tests.factories import CustomerFactory, staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent(client):
    user = staff(Role.AGENT)
    client.force_login(user)
    return user


def review(now, **fields):
    site = ReviewSite.objects.get_or_create(name=fields.pop("site", "Shop"), url="https://reviews.example")[0]
    values = {"rating": 4, "text": "Nice <b>boots</b>", "author": "Ann", "published_at": now}
    return Review.objects.create(site=site, external_id=f"r{Review.objects.count()}", **(values | fields))


def page(client, query=""):
    return client.get(reverse("review_list") + query)


def test_newest_first_with_filters(client, agent, now):
    old = review(now - timedelta(days=9), published_at=now - timedelta(days=9), rating=1, reply="Sorry")
    new = review(now, customer=CustomerFactory(name="Ann Price"))
    other = review(now - timedelta(days=1), published_at=now - timedelta(days=1), site="Maps")
    assert [one.pk for one in page(client).context["rows"]] == [new.pk, other.pk, old.pk]
    for query, found in (
        ("?site=Maps", [other]), ("?stars=1", [old]), ("?show=waiting", [new, other]), ("?stars=9", [new, other, old]),
        ("?site=Nowhere", []), ("?site=%00", [new, other, old]),
    ):  # fmt: skip
        assert [one.pk for one in page(client, query).context["rows"]] == [one.pk for one in found], query
    assert "&lt;b&gt;boots" in page(client).content.decode()
    assert page(client, "?cursor=x")["Location"] == reverse("review_list")


def test_pages_keep_the_filter(client, agent, now):
    for number in range(51):
        review(now, published_at=now - timedelta(minutes=number))
    first = page(client, "?stars=4")
    rest = page(client, first.context["next_url"])
    assert (len(first.context["rows"]), len(rest.context["rows"]), "stars=4" in first.context["next_url"]) == (
        50, 1, True,
    )  # fmt: skip


def test_the_same_number_of_queries(client, agent, now):
    found = []
    for count in (2, 18):
        for _ in range(count):
            review(now, customer=CustomerFactory())
        with CaptureQueriesContext(connection) as queries:
            page(client)
        found.append(len(queries))
    assert found[0] == found[1]


def test_a_reply_is_kept_changed_and_taken_back(client, agent, now):
    one = review(now)
    url = reverse("review_detail", args=[one.pk])
    response = client.post(url, {"reply": "x" * 10_001})
    assert (response.status_code, "under 10,000 characters" in response.content.decode()) == (422, True)
    assert client.post(url, {"reply": "Thank you"})["Location"] == reverse("review_list")
    one.refresh_from_db()
    replied_at = one.replied_at
    assert (one.reply, replied_at is not None) == ("Thank you", True)
    reviews.reply(review=one, text="Thanks a lot", now=now)
    one.refresh_from_db()
    assert (one.reply, one.replied_at) == ("Thanks a lot", replied_at)
    reviews.reply(review=one, text="", now=now)
    one.refresh_from_db()
    assert (one.reply, one.replied_at) == ("", None)


def test_a_marketer_reads_and_does_not_reply(client, now):
    client.force_login(staff(Role.MARKETER))
    one = review(now, reply="Thanks")
    url = reverse("review_detail", args=[one.pk])
    assert "Thanks" in client.get(url).content.decode()
    assert client.post(url, {"reply": "No"}).status_code == 403
    one.refresh_from_db()
    assert one.reply == "Thanks"
    assert client.put(url).status_code == 405


def test_empty(client, agent):
    assert "A marketer or an admin can import them" in page(client).content.decode()
    client.force_login(staff(Role.MARKETER))
    assert "Import reviews" in page(client).content.decode()


def test_by_api(client, agent, now):
    one = review(now)
    found = client.get("/api/reviews/?stars=4&site=Shop").json()
    assert [(row["id"], row["stars"], row["site"], row["reply"]) for row in found["results"]] == [
        (one.pk, 4, "Shop", "")
    ]
    url = f"/api/reviews/{one.pk}/reply/"
    assert client.post(url, {}, content_type="application/json").status_code == 400
    answer = client.post(url, {"reply": "Thanks"}, content_type="application/json")
    assert (answer.status_code, answer.json()["reply"]) == (200, "Thanks")
