"""What will go out: broadcasts by their slots, messages that wait, runs whose wait ends."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine as machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.campaigns.actions import campaigns, running
from apps.campaigns.models import Enrolment, Message
from apps.campaigns.selectors_calendar import calendar
from apps.core.models import CompanySettings
from apps.staff.enums import Role
from tests.factories import CustomerFactory, campaign, enrolled, published_shop, staff

pytestmark = pytest.mark.django_db
START = datetime(2026, 3, 2, 22, 30, tzinfo=UTC)  # it is the 2nd in Berlin still, 23:30
ONE = [{"message": {"channel": "email", "topic": "feedback", "subject": "Thank you", "body": "Thanks."}}]


@pytest.fixture
def made():
    CompanySettings.objects.create(pk=1, time_zone="Europe/Berlin")
    published_shop(START)
    return campaign(START, steps=ONE)


def test_days_of_the_companys_calendar(made):
    found = calendar(now=START)
    assert (len(found), found[0].day, found[-1].day) == (30, date(2026, 3, 2), date(2026, 3, 31))
    assert all(day.is_empty for day in found)


def test_a_broadcast_stands_on_its_days(made):
    weekly = campaign(START, name="News", trigger={"on": "schedule", "at": "2026-03-05T10:00", "every": "week"},
                      steps=ONE)  # fmt: skip
    days = [day for day in calendar(now=START) if day.broadcasts]
    assert [day.day.day for day in days] == [5, 12, 19, 26]
    assert [day.broadcasts[0].at.hour for day in days] == [9, 9, 9, 9]
    campaigns.pause(campaign=weekly)
    assert not [day for day in calendar(now=START) if day.broadcasts]


def test_what_waits_by_day(made):
    for number, hours in enumerate((-50, 1, 1, 24 * 40)):
        run = enrolled(made, CustomerFactory(), START, cause=f"entry:{number}")
        Enrolment.objects.filter(pk=run.pk).update(due_at=START + timedelta(hours=hours))
    today, tomorrow, *rest = calendar(now=START)
    assert today.runs[made.pk].n == 1  # due already
    assert tomorrow.runs[made.pk].n == 2  # half past midnight in Berlin
    assert all(day.is_empty for day in rest)


def test_as_many_questions_for_two_as_for_twenty(made):
    def count(n: int) -> int:
        for _ in range(n):
            enrolled(made, CustomerFactory(), START, cause="entry:1")
        with CaptureQueriesContext(connection) as queries:
            calendar(now=START)
        return len(queries)

    assert count(2) == count(18)


def test_each_count_opens_its_list(made, client):
    client.force_login(staff(Role.AGENT))
    with machine.travel(START, tick=False):
        for number in range(3):
            enrolled(made, CustomerFactory(), START, cause=f"entry:{number}")
        running.run_due(now=START)
        Message.objects.filter(pk=Message.objects.latest("pk").pk).update(
            state="held", reason="quiet hours", due_at=START + timedelta(hours=9), is_held_until_due=True
        )
        waits = enrolled(made, CustomerFactory(), START, cause="entry:9")
        Enrolment.objects.filter(pk=waits.pk).update(due_at=START + timedelta(days=2))
        page = client.get(reverse("campaign_calendar"))
        today, tomorrow, _wednesday, *_rest = page.context["days"]
        assert (today.messages[made.pk].n, tomorrow.messages[made.pk].n) == (2, 1)
        assert f"?campaign={made.pk}&amp;due=2026-03-02&amp;state=waiting" in page.content.decode()
        outbox = reverse("outbox") + f"?campaign={made.pk}&state=waiting&due="
        assert len(client.get(outbox + "2026-03-02").context["rows"]) == 2
        assert len(client.get(outbox + "2026-03-03").context["rows"]) == 1
        listed = reverse("campaign_customers", args=[made.pk])
        assert len(client.get(listed, {"due": "2026-03-04"}).context["rows"]) == 1


def test_an_empty_page_says_what_to_do(client):
    client.force_login(staff(Role.AGENT))
    assert "Nothing is planned" in client.get(reverse("campaign_calendar")).content.decode()
    assert client.post(reverse("campaign_calendar")).status_code == 405
