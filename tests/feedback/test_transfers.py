"""Reviews in from files and out to them; responses out."""

import pytest

from apps.feedback.actions import responses
from apps.feedback.models import Invitation, Review, ReviewSite, Survey
from tests.factories import CustomerFactory
from tests.transfers import bring, counts, refused, rows_of, take_away

pytestmark = pytest.mark.django_db

HEAD = "site,site address,review id,stars,title,text,author,published,link,reply,email\n"
FULL = "Shop,https://reviews.example,r1,4,Good,=Nice boots,Ann,2026-01-01,https://reviews.example/1,Thanks,"


def file(*rows: str) -> bytes:
    return (HEAD + "\n".join(rows) + "\n").encode()


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("Shop,,r1,4,,,,2026-01-01,,,", "there is no review site “Shop”; give its address"),
        ("Shop,ftp://x,r1,4,,,,2026-01-01,,,", "Address of the site: “ftp://x” is no address that begins with https://"),
        ("Shop,https://r.example,r1,6,,,,2026-01-01,,,", "Stars: “6” is no whole number from 1 to 5"),
        ("Shop,https://r.example,r1,4,,,,2027-01-01,,,", "Published: lies in the future"),
        (",https://r.example,r1,,,,,,,,", "Review site: is missing; Stars: is missing; Published: is missing"),
        ("Shop,https://r.example,r1,4,,,,2026-01-01,javascript:x,,",
         "Address of the review: “javascript:x” is no address that begins with https://"),
        ("Shop,https://r.example,r1,4,,,,2026-01-01,,,no@mail.example", "no customer has the e-mail no@mail.example"),
    ],
)  # fmt: skip
def test_what_cannot_be_taken(now, row, problem):
    assert refused(bring("reviews", file(row), now)) == [problem]
    assert not ReviewSite.objects.exists()


def test_a_review_once_and_its_changes(now):
    ann = CustomerFactory(email="ann@mail.example")
    assert counts(bring("reviews", file(FULL), now)) == (1, 0, 0, 0)
    assert counts(bring("reviews", file(FULL), now)) == (0, 0, 1, 0)
    review = Review.objects.get()
    assert (review.site.name, review.site.url, review.rating, review.text, review.reply, review.replied_at) == (
        "Shop", "https://reviews.example", 4, "=Nice boots", "Thanks", now,
    )  # fmt: skip
    changed = FULL.replace(",4,Good", ",2,Bad") + "ann@mail.example"
    assert counts(bring("reviews", file(changed), now)) == (0, 1, 0, 0)
    review.refresh_from_db()
    assert (review.rating, review.title, review.customer) == (2, "Bad", ann)


def test_without_an_id_the_content_counts_and_equal_ones_are_all_kept(now):
    row = "Shop,https://reviews.example,,5,,,,2026-01-01,,,"
    assert counts(bring("reviews", file(row, row), now)) == (2, 0, 0, 0)
    assert counts(bring("reviews", file(row, row), now)) == (0, 0, 2, 0)


def test_reviews_go_out_and_come_in_again(now):
    bring("reviews", file(FULL, "Shop,,r2,1,,,,2026-01-02T10:00:00Z,,,"), now)
    assert Review.objects.count() == 2
    for form in ("csv", "xlsx"):
        assert counts(bring("reviews", take_away("reviews", form=form), now)) == (0, 0, 2, 0)


def test_responses_go_out_with_question_and_scale(now):
    survey = Survey.objects.create(name="NPS", kind="nps", question="Would you recommend us?")
    ann = CustomerFactory(email="ann@mail.example")
    invitation = Invitation.objects.create(key="x", customer=ann, survey=survey, channel="email", created_at=now)
    responses.answer(invitation=invitation, score=9, comment="=Nice", now=now)
    found = rows_of(take_away("responses"))
    assert [(row["E-mail"], row["Question"], row["Score"], row["Highest"], row["Comment"]) for row in found] == [
        ("ann@mail.example", "Would you recommend us?", "9", "10", "=Nice")
    ]
