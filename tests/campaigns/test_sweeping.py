"""Triggers of the clock: broadcasts and dates of customers."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from apps.campaigns.actions import campaigns, sweeping
from apps.campaigns.models import Enrolment
from apps.core import jobs
from apps.core.models import CompanySettings
from tests.factories import CustomerFactory, campaign, published_shop

pytestmark = pytest.mark.django_db
START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def _berlin():
    CompanySettings.objects.create(pk=1, time_zone="Europe/Berlin")
    published_shop(START)


def work(now: datetime) -> None:
    with time_machine.travel(now, tick=False):
        sweeping.sweep(now=now)
        jobs.run_due(clock=lambda: now, goes_on=lambda: True)


def broadcast(audience: dict | None = None, **trigger: object):
    with time_machine.travel(START, tick=False):
        said = {"on": "schedule", **trigger}
        return campaign(START, journey=None, trigger=said, audience=audience, reentry="every_time")


def due_hours() -> list[tuple[str, datetime]]:
    rows = Enrolment.objects.order_by("due_at", "pk").select_related("customer")
    return [(run.customer.time_zone, run.due_at) for run in rows]


class TestBroadcast:
    def test_now_goes_to_everybody_once(self):
        CustomerFactory.create_batch(3)
        made = broadcast()
        work(START)
        assert Enrolment.objects.count() == 3
        CustomerFactory()
        campaigns.pause(campaign=made)
        campaigns.activate(campaign=made, include_present=False, now=START + HOUR)
        work(START + HOUR)
        assert Enrolment.objects.count() == 3

    def test_at_a_time_of_the_company(self):
        CustomerFactory(time_zone="Asia/Tokyo")
        broadcast(at="2026-03-03T10:00")
        work(START)
        work(datetime(2026, 3, 3, 8, 59, tzinfo=UTC))
        assert not Enrolment.objects.exists()
        work(datetime(2026, 3, 3, 9, 0, tzinfo=UTC))
        work(datetime(2026, 3, 3, 9, 1, tzinfo=UTC))
        assert Enrolment.objects.get().due_at == datetime(2026, 3, 3, 9, 0, tzinfo=UTC)

    def test_at_the_clock_of_each_customer(self):
        for zone in ("Asia/Tokyo", "Europe/Berlin", "America/New_York"):
            CustomerFactory(time_zone=zone)
        broadcast(at="2026-03-04T10:00", clock="customer")
        work(datetime(2026, 3, 3, 19, 59, tzinfo=UTC))
        assert not Enrolment.objects.exists()
        work(datetime(2026, 3, 3, 20, 0, tzinfo=UTC))
        assert due_hours() == [
            ("Asia/Tokyo", datetime(2026, 3, 4, 1, 0, tzinfo=UTC)),
            ("Europe/Berlin", datetime(2026, 3, 4, 9, 0, tzinfo=UTC)),
            ("America/New_York", datetime(2026, 3, 4, 15, 0, tzinfo=UTC)),
        ]

    def test_activated_while_the_day_has_begun_somewhere(self):
        CustomerFactory(time_zone="America/New_York")
        broadcast(at="2026-03-02T10:00", clock="customer")
        work(START)
        assert due_hours() == [("America/New_York", datetime(2026, 3, 2, 15, 0, tzinfo=UTC))]

    def test_every_week_is_a_cause_each_and_what_was_missed_too_long_stays_missed(self):
        CustomerFactory()
        broadcast(at="2026-03-03T10:00", every="week")
        for week in range(3):
            work(datetime(2026, 3, 3, 9, 0, tzinfo=UTC) + week * 7 * DAY)
        assert Enrolment.objects.count() == 3
        work(datetime(2026, 3, 26, 9, 0, tzinfo=UTC))  # nobody looked for nine days; the 24th is two days ago
        assert Enrolment.objects.count() == 3

    def test_only_the_audience(self):
        CustomerFactory(traits={"plan": "gold"})
        CustomerFactory(traits={"plan": "silver"})
        broadcast(audience={"trait": ["plan", "=", "gold"]})
        work(START)
        assert Enrolment.objects.get().customer.traits == {"plan": "gold"}


class TestDates:
    def birthday(self, **trigger: object):
        trigger = {"on": "date", "trait": "birthday", "yearly": True, **trigger}
        return campaign(START, journey=None, trigger=trigger, reentry="every_time")

    def test_at_nine_of_their_own_day_every_year(self):
        CustomerFactory(traits={"birthday": "1980-03-03"}, time_zone="Asia/Tokyo")
        CustomerFactory(traits={"birthday": "1990-03-03T00:00:00Z"}, time_zone="America/New_York")
        CustomerFactory(traits={"birthday": "1990-05-03"})
        self.birthday()
        for quarter in range(48 * 4):
            sweeping.sweep(now=START + quarter * timedelta(minutes=15))
        assert due_hours() == [
            ("Asia/Tokyo", datetime(2026, 3, 3, 0, 0, tzinfo=UTC)),
            ("America/New_York", datetime(2026, 3, 3, 14, 0, tzinfo=UTC)),
        ]

    @pytest.mark.parametrize(
        ("born", "offset", "day"),
        [
            ("2000-02-29", 0, datetime(2027, 2, 28, 8, 0, tzinfo=UTC)),
            ("2000-01-01", -3, datetime(2026, 12, 29, 8, 0, tzinfo=UTC)),
            ("2000-12-31", 2, datetime(2027, 1, 2, 8, 0, tzinfo=UTC)),
        ],
    )
    def test_over_the_year_and_on_leap_days(self, born, offset, day):
        CustomerFactory(traits={"birthday": born})
        self.birthday(offset_days=offset)
        for hour in range(-30, 30):
            sweeping.sweep(now=day + hour * HOUR)
        (run,) = Enrolment.objects.all()
        assert run.due_at == day

    @pytest.mark.parametrize("value", ["", "tomorrow", "1980-02-30", 19800303, None, {"day": 3}, "0000-03-03"])
    def test_what_is_no_date_is_nobody_s_day(self, value):
        CustomerFactory(traits={"birthday": value})
        self.birthday()
        assert sweeping.sweep(now=START + DAY) == 0
