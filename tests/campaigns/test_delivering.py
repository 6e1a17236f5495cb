"""The states of domain.md at a real SMTP server."""

import threading
import time
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection, connections
from django.utils import timezone

from apps.campaigns import contents
from apps.campaigns.actions import campaigns, delivering, erasing, handing, optouts, outcomes, running
from apps.campaigns.channels import Outcome, Result, choosing, email
from apps.campaigns.models import Message, Suppression
from apps.core import links
from apps.customers.actions import consents
from apps.customers.actions.erasing import person_of
from apps.customers.enums import Choice
from apps.customers.models import Topic
from apps.touchpoints.models import Interaction
from tests.campaigns.smtp import mail_server
from tests.factories import CustomerFactory, campaign, enrolled, published_shop

pytestmark = pytest.mark.django_db


@pytest.fixture(params=[True, False], ids=["pipelining", "one by one"])
def mails(settings, request):
    with mail_server(pipelining=request.param) as (url, keeper):
        settings.EMAIL_URL = url
        settings.DELIVERY_LEASE_SECONDS = 3
        yield keeper
        choosing.email_channel(url).close()


@pytest.fixture
def ann():
    return CustomerFactory(name="Ann Price", email="ann@mail.example", country="DE")


@pytest.fixture
def message(now, ann):
    """The thank-you, queued."""
    published_shop(now)
    enrolled(campaign(now), ann, now)
    running.run_due(now=timezone.now())
    return Message.objects.get()


def deliver(at=None) -> None:
    delivering.deliver_due(now=at or timezone.now())


def state(message: Message) -> str:
    message.refresh_from_db()
    return message.state


def test_a_mail_arrives_with_one_click_unsubscribe_and_stands_on_the_timeline(mails, message, ann):
    deliver()
    (mail,) = mails.mails
    assert mail["To"] == "Ann Price <ann@mail.example>"
    assert mail["Subject"] == "Thank you, Ann"
    assert mail["Message-ID"] == f"<{handing.identity_of(message.key)}@example.com>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = mail["List-Unsubscribe"].strip("<>")
    assert links.read("unsubscribe", link.rsplit("/", 1)[-1]) == message.pk
    assert "thank you for your order" in mail.get_body(["plain"]).get_content()
    assert link in mail.get_body(["html"]).get_content()
    assert state(message) == "sent"
    row = Interaction.objects.get(event="Message Sent")
    assert (row.customer, row.by, row.properties["subject"]) == (ann, "company", "Thank you, Ann")


def test_running_and_delivering_twice_sends_once(mails, message):
    running.run_due(now=timezone.now())
    deliver()
    deliver()
    assert len(mails.mails) == 1


def test_an_answer_may_take_longer_than_connecting(mails, message, settings, monkeypatch):
    monkeypatch.setattr(email, "CONNECT_SECONDS", 0.1)
    settings.DELIVERY_LEASE_SECONDS = 9
    mails.after_data["ann@mail.example"] = "late"
    deliver()
    assert state(message) == "sent"


def test_the_connection_is_kept_open(mails, message, now):
    for number in range(3):
        enrolled(message.enrolment.campaign, CustomerFactory(), now, cause=f"entry:{number + 10}")
    running.run_due(now=timezone.now())
    deliver()
    assert (len(mails.mails), mails.connections) == (4, 1)


@pytest.mark.parametrize("answer", ["451 try later", "421 too busy"])
def test_refused_for_now_is_queued_again_by_the_schedule(mails, message, answer):
    mails.answers["ann@mail.example"] = answer
    deliver()
    assert state(message) == "queued"
    assert (message.attempt, message.is_uncertain) == (1, False)
    assert timedelta(seconds=20) < message.due_at - timezone.now() < timedelta(seconds=40)
    mails.answers.clear()
    deliver(message.due_at)
    assert state(message) == "sent"


def test_refused_for_good_fails_with_the_reason_and_can_be_replayed(mails, message):
    mails.answers["ann@mail.example"] = "550 no such user"
    deliver()
    assert (state(message), message.reason) == ("failed", "550 no such user")
    mails.answers.clear()
    assert delivering.replay(message=message, now=timezone.now())
    deliver()
    assert state(message) == "sent"
    assert mails.mails[0]["Message-ID"] == f"<{handing.identity_of(message.key)}@example.com>"


def test_refused_after_data_is_not_sent(mails, message):
    mails.after_data["ann@mail.example"] = "552 too large"
    deliver()
    assert (state(message), mails.mails) == ("failed", [])


def test_a_connection_lost_after_data_is_uncertain_and_repeated_with_the_same_id(mails, message):
    mails.after_data["ann@mail.example"] = "drop"
    deliver()
    assert state(message) == "queued"
    assert message.is_uncertain
    mails.after_data.clear()
    deliver()
    assert state(message) == "sent"
    assert len({mail["Message-ID"] for mail in mails.mails}) == 1
    assert len(mails.mails) == 2


def test_a_second_unknown_outcome_fails_and_is_left_to_staff(mails, message):
    mails.after_data["ann@mail.example"] = "drop"
    for _ in range(4):
        deliver()
    assert (state(message), message.is_uncertain) == ("failed", True)
    assert message.reason.startswith("outcome unknown twice")
    assert len(mails.mails) == 2


def test_a_server_that_never_answers_is_cut_off_at_the_deadline(mails, message, settings):
    settings.DELIVERY_LEASE_SECONDS = 1
    mails.after_data["ann@mail.example"] = "hang"
    deliver()
    assert state(message) == "queued"
    assert message.is_uncertain


def test_no_server_at_all_is_tried_again(settings, message):
    settings.EMAIL_URL = "smtp://127.0.0.1:1"
    deliver()
    assert (state(message), message.attempt) == ("queued", 1)


def test_attempts_used_up_fail(mails, message):
    mails.answers["ann@mail.example"] = "451 later"
    Message.objects.update(attempt=len(outcomes.SCHEDULE))
    deliver()
    assert state(message) == "failed"
    assert "gave up after 8 attempts" in message.reason


def test_without_a_mail_server_it_is_kept(settings, message):
    settings.EMAIL_URL = ""
    deliver()
    assert (state(message), message.provider) == ("sent", "kept")
    assert "thank you for your order" in message.text


class TestGate:
    def test_a_suppressed_address(self, mails, message):
        Suppression.objects.create(address="ann@mail.example", reason="hard bounce")
        deliver()
        assert (state(message), message.reason) == ("skipped", "suppressed: hard bounce")
        assert mails.mails == []

    def test_an_opt_out_of_the_topic_by_the_customer(self, mails, message, ann):
        topic = Topic.objects.get(key="service")
        consents.record(customer=ann, channel="email", topic=topic, choice=Choice.OUT, at=timezone.now())
        deliver()
        assert state(message) == "skipped"
        assert mails.mails == []

    def test_an_opt_out_of_everything_by_somebody_who_shares_the_address(self, mails, message):
        other = CustomerFactory(email="Ann@mail.example")
        consents.record(customer=other, channel="email", topic=None, choice=Choice.OUT, at=timezone.now())
        deliver()
        assert state(message) == "skipped"

    def test_another_topic_does_not_matter(self, mails, message, ann):
        topic = Topic.objects.get(key="news")
        consents.record(customer=ann, channel="email", topic=topic, choice=Choice.OUT, at=timezone.now())
        deliver()
        assert state(message) == "sent"

    def test_a_topic_that_needs_a_yes(self, mails, message, ann):
        news = Topic.objects.get(key="news")
        Message.objects.update(topic=news)
        deliver()
        assert (state(message), message.reason) == ("skipped", "has not said yes to News and offers")
        consents.record(customer=ann, channel="email", topic=news, choice=Choice.IN, at=timezone.now())
        Message.objects.update(state="queued", reason="")
        deliver()
        assert state(message) == "sent"

    @pytest.mark.parametrize("address", ["", "not an address", "a@b", "x\r\nBcc: evil@mail.example"])
    def test_no_valid_address(self, mails, message, address):
        Message.objects.update(address=address)
        deliver()
        assert state(message) == "skipped"

    def test_a_paused_campaign_holds_and_an_active_one_goes_on(self, mails, message, now):
        campaigns.pause(campaign=message.enrolment.campaign)
        deliver()
        assert (state(message), message.reason) == ("held", "the campaign is paused")
        campaigns.activate(campaign=message.enrolment.campaign, include_present=False, now=now)
        deliver()
        assert state(message) == "sent"

    def test_an_archived_campaign_never_sends(self, mails, message, now):
        campaigns.archive(campaign=message.enrolment.campaign, now=now)
        deliver()
        assert state(message) == "skipped"

    def test_who_left_is_not_written_to(self, mails, message, now):
        message.enrolment.state, message.enrolment.exit_reason, message.enrolment.ended_at = "exited", "refund", now
        message.enrolment.save()
        deliver()
        assert (state(message), message.reason) == ("skipped", "exited: refund")

    def test_a_gap_without_default_is_named(self, mails, message, ann):
        message.step.settings["subject"] = "Hi {{ customer.plan }}"
        message.step.save()
        deliver()
        assert (state(message), message.reason) == ("skipped", "template: customer.plan is undefined")


def test_a_set_that_would_outlive_its_lease_goes_back(mails, message, now, settings):
    """Each mail takes half a lease, and at 0.7 of it no other is begun."""
    settings.DELIVERY_LEASE_SECONDS = 2
    for number in range(3):
        enrolled(message.enrolment.campaign, CustomerFactory(), now, cause=f"entry:{number + 10}")
    running.run_due(now=timezone.now())

    class Slow:
        name = "slow"

        def send(self, _outgoing, *, deadline_seconds):
            time.sleep(1)
            return Result(Outcome.SENT)

    delivering.deliver_due(now=timezone.now(), channel=Slow())
    left = Message.objects.exclude(state="sent")
    assert Message.objects.filter(state="sent").count() in {1, 2}
    assert set(left.values_list("state", "lease_until", "is_uncertain")) == {("queued", None, False)}


class TestErasure:
    def test_what_was_claimed_is_not_sent(self, mails, message, ann):
        ((pk, fence),) = delivering.claim(now=timezone.now(), limit=10)
        erasing.stop(person_of(customer_ids=[ann.pk]))
        delivering.deliver(pk=pk, fence=fence)
        assert (state(message), mails.mails) == ("skipped", [])

    def test_who_is_gone_by_now_holds_up_nobody(self, mails, message, ann, now):
        enrolled(message.enrolment.campaign, CustomerFactory(email="bo@mail.example"), now, cause="entry:9")
        running.run_due(now=timezone.now())
        claimed = delivering.claim(now=timezone.now(), limit=10)
        hand = handing.Hand([pk for pk, _fence in claimed], channel=None, clock=timezone.now)
        ann.delete()
        for pk, fence in claimed:
            hand.take(pk, fence)
        hand.put_down()
        assert ["bo@mail.example" in mail["To"] for mail in mails.mails] == [True]


class TestRecovery:
    def test_a_claimed_row_of_a_dead_worker_returns(self, mails, message):
        now = timezone.now()
        delivering.claim(now=now, limit=10)
        delivering.deliver_due(now=now)
        assert state(message) == "claimed"
        delivering.deliver_due(now=now + timedelta(seconds=4))
        assert (state(message), message.is_uncertain) == ("sent", False)

    def test_a_row_that_was_being_sent_is_uncertain(self, mails, message):
        now = timezone.now()
        Message.objects.update(state="sending", fence=1, lease_until=now)
        delivering.deliver_due(now=now + timedelta(seconds=1))
        assert (state(message), message.is_uncertain) == ("sent", True)

    def test_a_worker_that_lost_its_claim_sends_nothing(self, mails, message):
        ((pk, fence),) = delivering.claim(now=timezone.now(), limit=10)
        Message.objects.update(fence=fence + 1)
        delivering.deliver(pk=pk, fence=fence)
        assert mails.mails == []


@pytest.mark.django_db(transaction=True)
class TestTwoConnections:
    def test_two_workers_never_take_the_same_row(self, mails, message, now):
        for number in range(30):
            enrolled(message.enrolment.campaign, CustomerFactory(), now, cause=f"entry:{number + 10}")
        running.run_due(now=timezone.now())

        def work() -> None:
            try:
                while delivering.deliver_due(now=timezone.now(), limit=3):
                    pass
            finally:
                choosing.email_channel(settings.EMAIL_URL).close()
                connections.close_all()

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert Message.objects.filter(state="sent").count() == 31
        assert len({mail["Message-ID"] for mail in mails.mails}) == len(mails.mails) == 31

    def test_an_opt_out_waits_for_what_is_being_handed_over(self, mails, message):
        mails.after_data["ann@mail.example"] = "hang"
        answered: list[int] = []

        def send() -> None:
            try:
                deliver()
            finally:
                choosing.email_channel(settings.EMAIL_URL).close()
                connections.close_all()

        thread = threading.Thread(target=send)
        thread.start()
        while state(message) != "sending":
            pass
        optouts.opt_out(message=message, everything=False, now=timezone.now())
        answered.append(len(mails.mails))
        thread.join(30)
        assert state(message) == "queued"
        mails.after_data.clear()
        deliver()
        assert state(message) == "skipped"
        assert len(mails.mails) == answered[0]

    def test_an_opt_out_answered_while_the_session_was_lost_between_gate_and_hand_over(
        self, mails, message, now, monkeypatch
    ):
        ben = CustomerFactory(email="ben@mail.example")
        enrolled(message.enrolment.campaign, ben, now, cause="entry:9")
        running.run_due(now=timezone.now())
        fill, to_ben = contents.fill, Message.objects.get(customer=ben)

        def opt_out(pid: int) -> None:
            try:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
                optouts.opt_out(message=to_ben, everything=False, now=timezone.now())
            finally:
                connections.close_all()

        def fill_and_lose(one, company):
            if one.customer_id == ben.pk and not mails.mails[1:]:
                connection.ensure_connection()
                thread = threading.Thread(target=opt_out, args=[connection.connection.info.backend_pid])
                thread.start()
                thread.join(30)
            return fill(one, company)

        monkeypatch.setattr(contents, "fill", fill_and_lose)
        deliver()
        assert [mail["To"] for mail in mails.mails] == ["Ann Price <ann@mail.example>"]
        assert (state(message), state(to_ben)) == ("sent", "queued")
        assert Interaction.objects.filter(event="Message Sent").count() == 1
        deliver()
        assert state(to_ben) == "skipped"
        assert held_locks() == 0

    def test_the_next_one_after_a_lost_session_takes_its_own_lock(self, mails, message, ann, now, monkeypatch):
        """Two to the same address: the lock of the first went with the session, and is not given back for the other."""
        enrolled(message.enrolment.campaign, ann, now, cause="entry:9")
        running.run_due(now=timezone.now())
        fill, held = contents.fill, []

        def lose() -> None:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
            connections.close_all()

        def fill_and_lose(one, company):
            nonlocal pid
            if one == message:
                connection.ensure_connection()
                pid = connection.connection.info.backend_pid
                thread = threading.Thread(target=lose)
                thread.start()
                thread.join(30)
            else:
                held.append(held_locks())
            return fill(one, company)

        pid = 0
        monkeypatch.setattr(contents, "fill", fill_and_lose)
        deliver()
        assert held == [1]
        assert (len(mails.mails), held_locks()) == (1, 0)


def held_locks() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")
        return cursor.fetchone()[0]
