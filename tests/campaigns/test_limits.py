"""A campaign that bounces or annoys too much pauses itself and says so."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.campaigns.actions import campaigns, limits
from apps.campaigns.actions.limits import Rates
from apps.campaigns.models import Campaign, Message
from apps.staff.enums import Role
from apps.staff.models import Notice
from tests.factories import published_shop, sent_message, staff

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("sent", "bounced", "complained", "is_broken"),
    [(99, 99, 99, False), (100, 5, 0, False), (100, 6, 0, True), (1000, 0, 3, False), (1000, 0, 4, True),
     (0, 0, 0, False)],
)  # fmt: skip
def test_limits(sent, bounced, complained, is_broken):
    assert bool(Rates(sent, bounced, complained).broken) is is_broken


@pytest.fixture
def many(now) -> Campaign:
    """A hundred messages sent lately, six of them bounced."""
    published_shop(now)
    first, at = sent_message(now), timezone.now() - timedelta(hours=1)
    rows = []
    for n in range(100):
        row = Message.objects.get(pk=first.pk)
        row.pk, row.key, row.sent_at = None, f"k{n}", at
        row.bounced_at = at if n < 6 else None
        rows.append(row)
    Message.objects.bulk_create(rows)
    return first.enrolment.campaign


def test_pauses_and_tells_marketers_and_admins_once(many):
    people = {role: staff(role) for role in Role}
    now = timezone.now()
    assert limits.watch(now=now) == 1
    assert limits.watch(now=now) == 0
    many.refresh_from_db()
    assert many.state == "paused"
    assert many.paused_because == "6 of 101 messages in 7 days bounced (limit 5 %)"
    told = set(Notice.objects.values_list("user_id", flat=True))
    assert told == {people[Role.MARKETER].pk, people[Role.ADMIN].pk}
    assert many.paused_because in Notice.objects.first().text


def test_what_is_older_than_a_week_counts_no_more(many):
    assert limits.watch(now=timezone.now() + timedelta(days=8)) == 0


def test_activated_again_it_has_a_new_count(many):
    limits.watch(now=timezone.now())
    Message.objects.filter(sent_at__gt=timezone.now() - timedelta(minutes=30)).delete()  # sent by this transaction
    campaigns.activate(campaign=many, include_present=False, now=timezone.now())
    assert limits.watch(now=timezone.now()) == 0
