"""The gate of the preferred time: held until then, and sent however late it is looked at."""

from datetime import timedelta

import pytest

from apps.customers.models import Customer
from apps.feedback.actions import cases
from apps.feedback.models import Case
from tests.campaigns.clock import NOON, ONE_STEP, at, berlin, deliver, found, queue, quiet
from tests.factories import CustomerFactory, campaign, published_shop
from tests.pipeline import drain

pytestmark = pytest.mark.django_db


@pytest.fixture
def company():
    return berlin()


class TestPreferredTime:
    SIX = at("2026-03-02T18:00:00+01:00")

    @pytest.fixture
    def ask(self, now):
        published_shop(now)
        return campaign(now, steps=[{"message": {**ONE_STEP["message"], "at_preferred_time": True}}])

    @pytest.fixture
    def ann(self):
        return CustomerFactory(email="ann@mail.example", country="DE", traits={"preferred_time": "18:00"})

    @pytest.mark.parametrize("late", [timedelta(0), timedelta(hours=1), timedelta(hours=5)])
    def test_held_until_then_and_sent_however_late_it_is_looked_at(self, company, ask, ann, late):
        message = queue(ask, ann, NOON)
        deliver(NOON)
        assert found(message) == ("held", "waits for the preferred time 18:00 in Europe/Berlin", self.SIX)
        deliver(self.SIX + late)
        assert found(message)[0] == "sent"

    def test_sent_at_once_where_it_is_that_time(self, company, ask, ann):
        message = queue(ask, ann, self.SIX + timedelta(minutes=119))
        deliver(self.SIX + timedelta(minutes=119))
        assert found(message)[0] == "sent"

    def test_asked_for_after_quiet_hours_too(self, company, ask, ann):
        quiet(company, "22:00", "07:00")
        morning = at("2026-03-02T05:00:00+01:00")
        message = queue(ask, ann, morning)
        deliver(morning)
        seven = at("2026-03-02T07:00:00+01:00")
        assert found(message)[2] == seven
        deliver(seven)
        assert found(message)[::2] == ("held", self.SIX)

    @pytest.mark.parametrize(("wanted", "sent_at"), [("05:30", "2026-03-03T08:00"), ("23:00", "2026-03-03T08:00")])
    def test_one_in_the_quiet_hours_is_the_end_of_them(self, company, ask, ann, wanted, sent_at):
        quiet(company, "22:00", "08:00")
        Customer.objects.update(traits={"preferred_time": wanted})
        message = queue(ask, ann, NOON)
        deliver(NOON)
        assert found(message)[::2] == ("held", at(f"{sent_at}:00+01:00"))
        deliver(at(f"{sent_at}:00+01:00"))
        assert found(message)[0] == "sent"

    def test_asked_for_after_a_case_was_closed_too(self, company, ask, ann):
        case = Case.objects.create(customer=ann, kind="problem", title="The kettle leaks", due_at=NOON)
        message = queue(ask, ann, NOON)
        deliver(NOON)
        cases.close(case=case, root_cause="Seal", action_taken="Sent a new one", by=None, now=NOON)
        drain(NOON)
        deliver(NOON)
        assert found(message)[::2] == ("held", self.SIX)
