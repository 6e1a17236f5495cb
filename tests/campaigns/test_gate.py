"""What the clock says of a message: quiet hours and limits, by the customer's own time."""

import threading
from datetime import timedelta

import pytest
import time_machine as machine
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from apps.campaigns import facts, gate
from apps.campaigns.actions import campaigns, delivering, handing
from apps.campaigns.models import Message
from apps.core import locks
from apps.core.models import CompanySettings
from apps.customers.models import Customer, Topic
from apps.feedback.actions import cases
from apps.feedback.models import Case
from apps.staff.enums import Role
from tests.campaigns.clock import EVENING, NOON, ONE_STEP, at, berlin, deliver, found, queue, quiet
from tests.factories import CustomerFactory, campaign, published_shop, staff
from tests.pipeline import drain

pytestmark = pytest.mark.django_db


@pytest.fixture
def company():
    return berlin()


@pytest.fixture
def ask(now):
    """The campaign, of a topic that the clock decides on."""
    published_shop(now)
    return campaign(now, steps=[ONE_STEP])


@pytest.fixture
def ann():
    return CustomerFactory(name="Ann Price", email="ann@mail.example", country="DE")


def written(of, customer: Customer, *times: str) -> None:
    """Sent to them at these moments."""
    for text in times:
        message = queue(of, customer, at(text), cause=f"sent:{text}")
        Message.objects.filter(pk=message.pk).update(state="sent", sent_at=at(text))


class TestOpenCases:
    @pytest.fixture
    def held(self, company, ask, ann):
        case = Case.objects.create(customer=ann, kind="problem", title="The kettle leaks", due_at=NOON)
        message = queue(ask, ann, NOON)
        deliver(NOON)
        return case, message

    def test_held_and_asked_again_every_hour(self, held):
        _case, message = held
        assert found(message) == ("held", "the case “The kettle leaks” is open", NOON + timedelta(hours=1))
        deliver(NOON + timedelta(minutes=59))
        assert found(message)[0] == "held"
        deliver(NOON + timedelta(hours=1))
        assert found(message)[2] == NOON + timedelta(hours=2)

    def test_sent_when_it_is_closed(self, held):
        case, message = held
        soon = NOON + timedelta(minutes=5)
        cases.close(case=case, root_cause="Seal", action_taken="Sent a new one", by=None, now=soon)
        drain(soon)
        deliver(soon)
        assert found(message)[0] == "sent"

    def test_the_other_gates_are_asked_again(self, held, company):
        case, message = held
        quiet(company, "22:00", "07:00")
        cases.close(case=case, root_cause="Seal", action_taken="Sent a new one", by=None, now=EVENING)
        drain(EVENING)
        deliver(EVENING)
        assert found(message)[:2] == ("held", "quiet hours until 07:00 in Europe/Berlin")

    def test_of_others_nothing_is_moved(self, held, ask):
        case, _message = held
        bo = CustomerFactory(name="Bo", email="bo@mail.example", country="DE")
        other = Case.objects.create(customer=bo, kind="problem", title="The lid is loose", due_at=NOON)
        message = queue(ask, bo, NOON, cause="entry:2")
        deliver(NOON)
        cases.close(case=case, root_cause="Seal", action_taken="Sent a new one", by=None, now=NOON)
        drain(NOON)
        assert found(message)[2] == NOON + timedelta(hours=1)
        assert other.closed_at is None


class TestQuietHours:
    def test_held_until_they_end_and_sent_then(self, company, ask, ann):
        quiet(company, "22:00", "07:00")
        message = queue(ask, ann, EVENING)
        deliver(EVENING)
        morning = at("2026-03-03T07:00:00+01:00")
        assert found(message) == ("held", "quiet hours until 07:00 in Europe/Berlin", morning)
        deliver(morning - timedelta(seconds=1))
        assert message.state == "held"
        deliver(morning)
        assert found(message)[:2] == ("sent", "")
        assert message.sent_at == morning

    def test_service_messages_leave(self, company, ask, ann, now):
        quiet(company, "22:00", "07:00")
        CompanySettings.objects.update(most_messages_a_day=0, most_messages_a_week=0)
        message = queue(ask, ann, EVENING)
        Message.objects.update(topic=Topic.objects.get(key="service"))
        deliver(EVENING)
        assert found(message)[0] == "sent"

    @pytest.mark.parametrize(
        ("quiet_from", "quiet_until", "country", "time_zone", "until"),
        [
            ("22:00", "07:00", "US", "", None),  # half past four in the afternoon there
            ("22:00", "07:00", "US", "Asia/Tokyo", "2026-03-03T07:00:00+09:00"),
            ("22:00", "07:00", "", "", "2026-03-03T07:00:00+01:00"),
            ("16:00", "17:00", "US", "", "2026-03-02T17:00:00-05:00"),
            ("16:00", "17:00", "DE", "", None),
            ("08:00", "08:00", "DE", "", None),
        ],
    )
    def test_by_the_clock_of_the_customer(self, company, ask, ann, quiet_from, quiet_until, country, time_zone, until):
        quiet(company, quiet_from, quiet_until)
        Customer.objects.update(country=country, time_zone=time_zone)
        message = queue(ask, ann, EVENING)
        deliver(EVENING)
        if until is None:
            assert found(message)[0] == "sent"
        else:
            assert (found(message)[0], message.due_at) == ("held", at(until))

    @pytest.mark.parametrize(
        ("when", "until"),
        [
            ("2026-03-28T23:00:00+01:00", "2026-03-29T03:00:00+02:00"),  # 02:30 does not exist
            ("2026-10-24T23:00:00+02:00", "2026-10-25T02:30:00+02:00"),  # 02:30 comes twice
        ],
    )
    def test_on_the_night_the_clocks_change(self, company, ask, ann, when, until):
        quiet(company, "22:00", "02:30")
        message = queue(ask, ann, at(when))
        deliver(at(when))
        assert found(message)[2] == at(until)
        deliver(at(until))
        assert found(message)[0] == "sent"

    def test_who_said_no_is_refused_for_good_at_night_too(self, company, ask, ann):
        quiet(company, "22:00", "07:00")
        message = queue(ask, ann, EVENING)
        Message.objects.update(address="")
        deliver(EVENING)
        assert found(message)[:2] == ("skipped", "no address")

    def test_a_campaign_paused_in_the_night_holds_on(self, company, ask, ann, now):
        quiet(company, "22:00", "07:00")
        message = queue(ask, ann, EVENING)
        deliver(EVENING)
        campaigns.pause(campaign=ask)
        morning = at("2026-03-03T07:00:00+01:00")
        deliver(morning)
        deliver(morning)
        assert found(message)[:2] == ("held", "the campaign is paused")
        campaigns.activate(campaign=ask, include_present=False, now=now)
        deliver(morning)
        assert found(message)[0] == "sent"

    def test_a_campaign_activated_in_the_night_waits_for_the_morning(self, company, ask, ann, now):
        quiet(company, "22:00", "07:00")
        message = queue(ask, ann, EVENING)
        deliver(EVENING)
        campaigns.activate(campaign=ask, include_present=False, now=now)
        deliver(EVENING)
        assert found(message)[2] == at("2026-03-03T07:00:00+01:00")
        deliver(message.due_at)
        assert found(message)[0] == "sent"

    def test_the_page_of_the_message_says_why_it_waits(self, company, ask, ann, client):
        quiet(company, "22:00", "07:00")
        message = queue(ask, ann, EVENING)
        deliver(EVENING)
        with machine.travel(EVENING, tick=False):
            client.force_login(staff(Role.AGENT))
            page = client.get(f"/campaigns/messages/{message.pk}/").content.decode()
            outbox = client.get("/campaigns/outbox/").content.decode()
        why = "quiet hours until 07:00 in Europe/Berlin"
        assert "It has to wait now" in page
        assert (page.lower().count(why.lower()), outbox.count(why)) == (2, 1)


class TestLimits:
    def test_a_day_is_the_customer_s_and_ends_at_their_midnight(self, company, ask, ann):
        CompanySettings.objects.update(most_messages_a_day=2)
        written(ask, ann, "2026-03-01T23:59:00+01:00", "2026-03-02T00:00:00+01:00", "2026-03-02T09:00:00+01:00")
        message = queue(ask, ann, NOON)
        deliver(NOON)
        midnight = at("2026-03-03T00:00:00+01:00")
        assert found(message) == ("held", "2 messages today already", midnight)
        deliver(midnight)
        assert found(message)[0] == "sent"

    def test_one_below_the_limit_leaves(self, company, ask, ann):
        CompanySettings.objects.update(most_messages_a_day=2, most_messages_a_week=2)
        written(ask, ann, "2026-02-23T23:59:00+01:00", "2026-03-02T09:00:00+01:00")
        message = queue(ask, ann, NOON)
        deliver(NOON)
        assert found(message)[0] == "sent"

    def test_a_week_is_seven_days_and_the_oldest_leaves_it(self, company, ask, ann):
        CompanySettings.objects.update(most_messages_a_day=2, most_messages_a_week=2)
        written(ask, ann, "2026-02-24T00:00:00+01:00", "2026-02-27T10:00:00+01:00")
        message = queue(ask, ann, NOON)
        deliver(NOON)
        assert found(message) == ("held", "2 messages in 7 days already", at("2026-03-03T00:00:00+01:00"))
        deliver(message.due_at)
        assert found(message)[0] == "sent"

    def test_a_limit_made_smaller_waits_until_enough_have_left(self, company, ask, ann):
        written(ask, ann, *(f"2026-02-{day}T10:00:00+01:00" for day in (25, 26, 27, 28)))
        CompanySettings.objects.update(most_messages_a_week=2)
        message = queue(ask, ann, NOON)
        deliver(NOON)
        assert found(message)[2] == at("2026-03-06T00:00:00+01:00")
        deliver(message.due_at)
        assert found(message)[0] == "sent"

    @pytest.mark.parametrize("field", ["most_messages_a_day", "most_messages_a_week"])
    def test_none_at_all(self, company, ask, ann, field):
        CompanySettings.objects.update(**{field: 0})
        message = queue(ask, ann, NOON)
        deliver(NOON)
        assert (found(message)[0], message.due_at) == ("held", at("2026-03-03T00:00:00+01:00"))

    def test_only_what_was_sent_to_that_customer_of_other_topics_than_service_counts(self, company, ask, ann, now):
        CompanySettings.objects.update(most_messages_a_day=1)
        written(ask, CustomerFactory(), "2026-03-02T09:00:00+01:00")
        written(ask, ann, "2026-03-02T09:30:00+01:00")
        Message.objects.filter(customer=ann).update(topic=Topic.objects.get(key="service"))
        for state in ("failed", "skipped", "held"):
            other = queue(ask, ann, NOON, cause=state)
            Message.objects.filter(pk=other.pk).update(state=state, reason="x")
        message = queue(ask, ann, NOON)
        deliver(NOON)
        assert found(message)[0] == "sent"

    def test_other_campaigns_count(self, company, ask, ann, now):
        CompanySettings.objects.update(most_messages_a_day=1)
        written(campaign(now, name="Another", steps=[ONE_STEP]), ann, "2026-03-02T09:00:00+01:00")
        message = queue(ask, ann, NOON)
        deliver(NOON)
        assert found(message)[:2] == ("held", "1 message today already")

    def test_a_midnight_in_quiet_hours_is_not_the_time_to_look_again(self, company, ask, ann):
        CompanySettings.objects.update(most_messages_a_day=1, quiet_from="22:00", quiet_until="07:00")
        written(ask, ann, "2026-03-02T09:00:00+01:00")
        message = queue(ask, ann, NOON)
        deliver(NOON)
        assert found(message)[1:] == ("1 message today already", at("2026-03-03T07:00:00+01:00"))

    def test_a_day_that_begins_at_one(self, company, ask, ann):
        """In Havana the hour after this midnight is missing."""
        CompanySettings.objects.update(most_messages_a_day=1)
        Customer.objects.update(time_zone="America/Havana")
        written(ask, ann, "2026-03-07T09:00:00-05:00")
        message = queue(ask, ann, at("2026-03-07T12:00:00-05:00"))
        deliver(at("2026-03-07T12:00:00-05:00"))
        assert found(message)[2] == at("2026-03-08T01:00:00-04:00")

    def test_one_bounded_query_counts_by_an_index(self, company, ask, ann):
        company.most_messages_a_day, company.most_messages_a_week = 3, 5
        written(ask, ann, *(f"2026-03-02T09:{minute:02}:00+01:00" for minute in range(20)))
        queue(ask, ann, NOON)
        message = Message.objects.select_related("enrolment__campaign", "customer", "topic", "step").latest("pk")
        with CaptureQueriesContext(connection) as captured:
            found = facts.of_message(message, company=company, now=NOON)
        assert not gate.ask(found, company=company, now=NOON).passes
        assert len(found.sent_at) == 5
        (reading,) = [query["sql"] for query in captured]
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute(f"EXPLAIN {reading}")
            assert any("message_of_customer" in line for (line,) in cursor.fetchall())


@pytest.mark.django_db(transaction=True)
class TestTwoConnections:
    def test_workers_at_once_do_not_pass_a_limit_by_a_customer_s_many_addresses(self, company, ask, ann):
        CompanySettings.objects.update(most_messages_a_day=2)
        for number in range(12):
            message = queue(ask, ann, NOON, cause=f"entry:{number}")
            Message.objects.filter(pk=message.pk).update(address=f"ann{number}@mail.example")
        together = threading.Barrier(4, timeout=30)

        def work() -> None:
            try:
                together.wait()
                for seconds in range(0, 120, 6):
                    when = NOON + timedelta(seconds=seconds)
                    while delivering.deliver_due(now=when, limit=2, clock=lambda: when):  # noqa: B023 - used at once
                        pass
            finally:
                connections.close_all()

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        deliver(NOON + timedelta(hours=1))
        states = list(Message.objects.order_by("state").values_list("state", flat=True))
        assert states == ["held"] * 10 + ["sent"] * 2

    def test_while_one_is_on_its_way_the_next_of_that_customer_waits(self, company, ask, ann):
        CompanySettings.objects.update(most_messages_a_day=1)
        first, second = (queue(ask, ann, NOON, cause=f"entry:{n}") for n in range(2))
        Message.objects.filter(pk=second.pk).update(address="second@mail.example")
        (one, fence), (other, other_fence) = delivering.claim(now=NOON, limit=2)
        company.refresh_from_db()
        on_its_way, done = threading.Event(), threading.Event()

        def hand_over() -> None:
            try:
                with locks.try_session_lock(locks.RECIPIENT + ann.pk):
                    on_its_way.set()
                    done.wait(30)
            finally:
                connections.close_all()

        thread = threading.Thread(target=hand_over)
        thread.start()
        assert on_its_way.wait(30)
        delivering.deliver(pk=other, fence=other_fence, clock=lambda: NOON)
        assert found(second) == ("queued", "", NOON + handing.BUSY_PAUSE)
        done.set()
        thread.join(30)
        delivering.deliver(pk=one, fence=fence, clock=lambda: NOON)
        deliver(second.due_at)
        assert (found(first)[0], found(second)[0]) == ("sent", "held")
