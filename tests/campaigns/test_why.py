"""Why she got this, or why not: the answer for every way in which a message does not go out."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from apps.campaigns import selectors_why
from apps.campaigns.actions import campaigns, delivering, running
from apps.campaigns.models import Campaign, Enrolment, Message, Suppression
from apps.campaigns.reasons import Why
from apps.core.enums import Origin
from apps.core.models import CompanySettings
from apps.customers.actions.identities import Claim
from apps.customers.models import Customer
from apps.staff.enums import Role
from apps.touchpoints.actions import ingest, sources
from apps.touchpoints.enums import By, SourceKind
from apps.touchpoints.wire import Item
from tests.factories import CustomerFactory, campaign, published_shop, staff
from tests.pipeline import drain

pytestmark = pytest.mark.django_db
START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ONE = [{"message": {"channel": "email", "topic": "feedback", "subject": "Thank you", "body": "Thanks."}}]
GATES = [
    "Campaign", "Run", "Audience", "Address", "Suppression", "Erasure", "Consent", "Open case",
    "Surveys and review requests", "Limits", "Quiet hours", "Preferred time",
]  # fmt: skip


@pytest.fixture
def ann() -> Customer:
    published_shop(START)
    return CustomerFactory(name="Ann Price", email="ann@mail.example")


@pytest.fixture
def buys(ann):
    source = sources.create(name="Shop", kind=SourceKind.SERVER)
    numbers = iter(range(1000))

    def act(event: str = "Order Completed", *, origin=Origin.LIVE, hours_late: float = 0, hours: float = 0):
        at = START + timedelta(hours=hours)
        item = Item(
            Claim(None, anonymous_id="a1", traits={"email": ann.email}), f"m{next(numbers)}", at, event, By.CUSTOMER,
            None, {}, {},
        )  # fmt: skip
        known = at + timedelta(hours=hours_late)
        ingest.store(source=source, items=[item], received_at=known, origin=origin)
        customer = Customer.objects.latest("pk")
        Customer.objects.filter(pk=customer.pk).update(name="Bo Lind")
        drain(known)
        return Customer.objects.get(pk=customer.pk)

    return act


def ask(customer: Customer, of: Campaign, *, hours: float = 1) -> Why:
    of.refresh_from_db()
    return selectors_why.why(customer, of, now=START + timedelta(hours=hours))


def run(now: datetime) -> None:
    running.run_due(now=now)
    while delivering.deliver_due(now=now, clock=lambda: now):
        pass


def test_who_never_came_in(ann):
    found = ask(ann, campaign(START, steps=ONE))
    assert found.answer == (
        "Ann Price got no message because the customer never came in: it is not known that the customer enters "
        "Purchase."
    )
    assert (found.is_enrolled, found.runs, found.messages, found.causes) == (False, [], [], [])
    # A first message that could be is asked about, at every gate.
    assert [line.gate for line in found.gates] == GATES
    assert {line.verdict for line in found.gates} == {"go"}


def test_a_draft_says_that_it_is_one(ann):
    found = ask(ann, campaign(START, active=False, steps=ONE))
    assert found.answer == "Ann Price got no message because the campaign is not active (Draft)."
    assert found.gates[0].verdict == "not now"


@pytest.mark.parametrize(
    ("happens", "changes", "reason"),
    [
        ({"origin": Origin.IMPORT}, {}, "came by import, and only what happens live starts a campaign"),
        ({"hours_late": 30}, {}, "we learned of it 30 hours later, and 24 are allowed"),
        ({}, {"audience": {"trait": ["plan", "=", "gold"]}}, "the customer is not in the audience"),
        ({"hours": -5}, {}, "the campaign was not active then"),
    ],
)
def test_a_cause_that_enrols_nobody(buys, happens, changes, reason):
    made = None
    if happens.get("hours", 0) >= 0:
        made = campaign(START, steps=ONE, **changes)
    customer = buys(**happens)
    found = ask(customer, made or campaign(START, steps=ONE, **changes), hours=40)
    assert [line.reason for line in found.causes] == [reason]
    assert found.answer == f"{customer} got no message because {reason}."


def test_what_was_sent(buys):
    made = campaign(START, steps=ONE)
    customer = buys()
    run(START)
    found = ask(customer, made)
    assert found.answer.startswith(f"{customer} got 1 message, on 2 March 2026, ")
    assert found.answer.endswith("because the campaign writes to whoever enters Purchase.")
    assert [line.reason for line in found.causes] == [""]
    assert [step.text for step in found.runs[0].steps] == ["Thank you"]
    assert found.messages[0].verdicts[-1]["verdict"] == "go"


def test_what_the_gate_refused(buys):
    made = campaign(START, steps=ONE)
    customer = buys()
    Suppression.objects.create(channel="email", address="ann@mail.example", reason="hard bounce")
    Customer.objects.filter(pk=customer.pk).update(email="ann@mail.example")
    run(START)
    assert Message.objects.get().state == "skipped"
    assert ask(customer, made).answer == "Bo Lind got no message because suppressed: hard bounce."


def test_what_the_clock_holds(buys):
    CompanySettings.objects.create(pk=1, time_zone="UTC", quiet_from="11:00", quiet_until="18:00")
    made = campaign(START, steps=ONE)
    customer = buys()
    Customer.objects.filter(pk=customer.pk).update(email="ann@mail.example")
    run(START)
    found = ask(customer, made)
    assert found.answer == "Bo Lind got no message because quiet hours until 18:00 in UTC."
    stops = found.asked[0].stops
    assert stops is not None
    assert (stops.gate, stops.verdict, stops.until) == ("Quiet hours", "not now", START.replace(hour=18))
    assert stops.inputs == {"from": "11:00", "until": "18:00", "local_time": "13:00", "zone": "UTC"}


def test_a_run_on_its_way_and_one_that_left(buys):
    made = campaign(START, steps=[{"wait": {"days": 2}}, *ONE], exit={"did": {"event": "Order Refunded"}})
    customer = buys()
    run(START)
    found = ask(customer, made)
    assert "the run stands at step 1. Wait · 2 days until 4 March 2026" in found.answer
    assert found.is_enrolled
    assert found.runs[0].next is not None
    assert [line.gate for line in found.runs[0].next.lines] == GATES
    assert found.exit.fits is False
    buys("Order Refunded", hours=2)
    found = ask(customer, made, hours=3)
    assert "left the campaign (exit rule)" in found.answer
    assert found.exit.fits is True


def test_who_is_held_out(buys):
    made = campaign(START, steps=ONE)
    customer = buys()
    Enrolment.objects.update(is_held_out=True, state="finished", ended_at=START)
    assert "held out" in ask(customer, made).answer


def test_the_way_is_told(buys):
    ways = [{"name": "Long", "percent": 100, "steps": ONE}, {"name": "Short", "percent": 0, "steps": []}]
    made = campaign(START, steps=[{"split": {"ways": ways}}])
    customer = buys()
    run(START)
    assert [(step.label, step.way) for step in ask(customer, made).runs[0].steps] == [
        ("Split", "Long"),
        ("Message", ""),
    ]


def test_a_paused_campaign(buys):
    made = campaign(START, steps=[{"wait": {"days": 2}}, *ONE])
    customer = buys()
    run(START)
    campaigns.pause(campaign=made)
    assert "the campaign is paused" in ask(customer, made).answer


class TestPageAndApi:
    @pytest.fixture
    def viewer(self, client):
        client.force_login(staff(Role.AGENT))
        return client

    def test_page(self, viewer, ann):
        made = campaign(START, steps=ONE)
        response = viewer.get(reverse("customer_why", args=[ann.pk, made.pk]))
        assert response.status_code == 200
        assert "Ann Price got no message because" in response.content.decode()
        assert viewer.post(reverse("customer_why", args=[ann.pk, made.pk])).status_code == 405
        assert viewer.get(reverse("customer_why", args=[ann.pk, made.pk + 1])).status_code == 404

    def test_who_was_merged_is_asked_about_as_who_stayed(self, viewer, ann):
        made = campaign(START, steps=ONE)
        gone = CustomerFactory(merged_into=ann)
        response = viewer.get(reverse("customer_why", args=[gone.pk, made.pk]))
        assert response["Location"] == reverse("customer_why", args=[ann.pk, made.pk])

    def test_api(self, viewer, ann):
        campaign(START, steps=ONE)
        url = reverse("api_customer_why", args=[ann.pk])
        found = viewer.get(url, {"campaign": "Thank you"}).json()
        assert (found["customer"], found["campaign"], found["enrolled"]) == (ann.pk, "Thank you", False)
        assert [gate["gate"] for gate in found["gates"]] == GATES
        assert set(found["gates"][0]) == {"gate", "verdict", "reason", "until", "inputs"}
        assert found["gates"][3]["inputs"] == {"channel": "email", "address": "ann@mail.example"}

    @pytest.mark.parametrize(
        ("asked", "said"),
        [
            ({"campaign": "No such"}, "There is no campaign 'No such'."),
            ({"campaign": "a\x00b"}, "There is no campaign 'a\\x00b'."),
            ({}, "Say which campaign."),
        ],
    )
    def test_an_unknown_campaign_is_named(self, viewer, ann, asked, said):
        response = viewer.get(reverse("api_customer_why", args=[ann.pk]), asked)
        assert (response.status_code, response.json()) == (400, {"campaign": said})
