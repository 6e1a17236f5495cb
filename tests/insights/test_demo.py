"""The demo company: one load serves all tests of this module; a second one shows that it is the same again."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO

import pghistory.models
import pytest
import time_machine
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import F, Q
from django.test import override_settings

from apps.campaigns.enums import CampaignState, EnrolmentState, MessageState
from apps.campaigns.models import Campaign, Enrolment, Message, Suppression
from apps.core import actions
from apps.core.enums import Origin
from apps.core.models import Change, CompanySettings
from apps.customers.enums import Choice
from apps.customers.models import Consent, Customer, Persona, Topic
from apps.desk.selectors import Filters, customer_list
from apps.feedback.enums import SurveyKind
from apps.feedback.models import Case, Response
from apps.insights import demo
from apps.insights.demo.deeds import Times
from apps.insights.demo.stories import told
from apps.insights.selectors import FunnelQuery, funnel
from apps.journeys.enums import LaneKind
from apps.journeys.models import Card, Journey, Progress, StageEntry
from apps.staff.models import User
from apps.touchpoints.actions import ingest
from apps.touchpoints.enums import By
from apps.touchpoints.models import Interaction, Source, Touchpoint

NOW = datetime(2026, 3, 4, 13, 25, tzinfo=UTC)
HOUR = NOW.replace(minute=0)
TIMES = Times(HOUR)
LOGINS = [
    "admin     admin@fernhill.example  milepost-demo",
    "marketer  marketer@fernhill.example  milepost-demo",
    "agent     agent@fernhill.example  milepost-demo",
    "viewer    viewer@fernhill.example  milepost-demo",
]


@pytest.fixture(scope="module")
def printed(django_db_setup, django_db_blocker) -> Iterator[list[str]]:
    """Loads by the command, with a mail server set that must never be asked; everything is rolled back at the end."""
    out = StringIO()
    mail = override_settings(EMAIL_URL="smtp://127.0.0.1:1", PASSWORD_HASHERS=[HASHER])
    with django_db_blocker.unblock(), transaction.atomic(), mail:
        ingest.forget_cached()
        with time_machine.travel(NOW):
            call_command("load_demo", "--if-empty", stdout=out)
        yield out.getvalue().splitlines()
        transaction.set_rollback(True)


HASHER = "django.contrib.auth.hashers.MD5PasswordHasher"
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("printed"), pytest.mark.xdist_group("demo")]


def counts() -> dict[str, object]:
    own = [
        model
        for model in apps.get_models()
        if model.__module__.startswith("apps.") and not issubclass(model, pghistory.models.Event)
    ]
    return {
        **{model._meta.label: model._default_manager.count() for model in own},
        "interactions": Counter(Interaction.objects.values_list("event", "channel", "by", "origin")),
        "messages": Counter(Message.objects.values_list("enrolment__campaign__name", "state", "reason", "sent_at")),
        "responses": Counter(Response.objects.values_list("kind", "score", "comment", "answered_at")),
        "stages": Counter(StageEntry.objects.values_list("journey__name", "lap", "entered_at", "left_at")),
        "customers": Counter(Customer.objects.values_list("name", "email", "persona__name", "last_activity_at")),
    }


def of_event(*events: str, **conditions: object):
    return Interaction.objects.filter(event__in=events, **conditions)


def test_it_prints_the_logins_and_they_work(printed):
    assert printed[1:] == LOGINS
    users = {user.email.split("@")[0]: user for user in User.objects.all()}
    assert {name: [role.value for role in user.roles] for name, user in users.items()} == {
        "admin": ["Admin"],
        "marketer": ["Marketer"],
        "agent": ["Agent"],
        "viewer": ["Viewer"],
    }
    assert all(user.check_password("milepost-demo") for user in users.values())


def test_a_second_load_says_so_and_changes_nothing():
    before, out, quiet = counts(), StringIO(), StringIO()
    call_command("load_demo", stdout=out)
    call_command("load_demo", "--if-empty", stdout=quiet)
    assert out.getvalue().splitlines() == ["The demo company is loaded already. Nothing was changed.", *LOGINS]
    assert (quiet.getvalue(), counts()) == ("", before)


def test_it_stays_out_of_other_data():
    with transaction.atomic():
        User.objects.filter(email="admin@fernhill.example").update(email="somebody@else.example")
        with pytest.raises(CommandError, match="needs an empty one"):
            call_command("load_demo")
        transaction.set_rollback(True)


def test_the_same_hour_gives_the_same_company():
    kept = {Topic._meta.db_table}  # rows of migrations
    tables = [m._meta.db_table for m in apps.get_models() if m.__module__.startswith("apps.")]
    before = counts()
    connection.check_constraints()  # none may be pending on a table that is truncated
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {', '.join(sorted(set(tables) - kept))} CASCADE")
        ingest.forget_cached()
        demo.load(now=NOW + timedelta(minutes=20))
        again = counts()
        transaction.set_rollback(True)
    ingest.forget_cached()
    assert again == before


def test_about_as_much_as_was_promised():
    company = CompanySettings.current()
    assert (company.name, company.currency, company.time_zone) == ("Fernhill Outdoor", "EUR", "Europe/Berlin")
    assert "Berlin" in company.postal_address
    present = Customer.objects.present()
    assert 550 <= present.count() <= 750
    assert 0.25 <= present.filter(is_identified=False).count() / present.count() <= 0.42
    assert 10_000 <= Interaction.objects.count() <= 14_000
    assert Customer.objects.exclude(merged_into=None).count() >= 10
    latest = HOUR + timedelta(minutes=2)  # the messages of the last hour go out then
    assert not Interaction.objects.filter(Q(occurred_at__gt=latest) | Q(received_at__gt=latest)).exists()
    assert Interaction.objects.earliest("occurred_at").occurred_at < HOUR - timedelta(days=160)
    assert set(Source.objects.values_list("kind", flat=True)) == {"browser", "server", "import", "staff", "milepost"}
    assert Persona.objects.filter(customer__isnull=False).distinct().count() == 3
    assert Touchpoint.objects.filter(is_moment_of_truth=True).count() >= 4
    assert not Change.objects.exists()


def test_all_addresses_are_fictional():
    addresses = Customer.objects.exclude(email="").values_list("email", flat=True)
    assert {address.rpartition(".")[2] for address in addresses} == {"example"}
    phones = Customer.objects.exclude(phone="").values_list("phone", flat=True)
    assert all(phone.startswith(("+493023125", "+447700900", "+3363998", "+46701740")) for phone in phones)


def test_the_maps_are_full():
    shop, store = Journey.objects.get(name="Web shop"), Journey.objects.get(name="Store and service")
    assert shop.current_version.published_by.email == "admin@fernhill.example"
    stages = shop.current_version.snapshot["stages"]
    assert [stage["name"] for stage in stages] == [
        "Awareness", "Consideration", "Checkout", "Purchase", "Delivery", "Use", "Loyalty", "Lapsed",
    ]  # fmt: skip
    steps = [step for stage in stages for step in stage["steps"]]
    low = sorted(steps, key=lambda step: step["emotion"])[:2]
    assert (len(steps), [step["name"] for step in low]) == (13, ["Pays", "Checks size and fit"])
    assert all(step["match"] for step in steps)
    assert len(store.current_version.snapshot["stages"]) == 5
    lanes = {LaneKind.ACTIONS, LaneKind.TOUCHPOINTS, LaneKind.THOUGHTS, LaneKind.PAIN, LaneKind.OPPORTUNITY}
    assert set(Card.objects.values_list("lane__kind", flat=True)) == {*lanes, LaneKind.BACKSTAGE, LaneKind.KPI}


def test_somebody_is_in_every_stage():
    for journey in Journey.objects.all():
        standing = Counter(Progress.objects.filter(journey=journey).values_list("stage_key", flat=True))
        stages = journey.current_version.snapshot["stages"]
        assert [
            s["name"] for s in stages if not standing.get(s["key"]) and str(s["key"]) not in map(str, standing)
        ] == []
    assert Progress.objects.filter(is_overdue=True).exists()
    steps = funnel(Journey.objects.get(name="Web shop"), FunnelQuery()).steps
    assert all(count > 0 for _name, count in steps)


def test_the_stage_history_is_that_of_a_rebuild():
    fields = ("customer", "journey", "stage_key", "lap", "entered_at", "left_at", "overdue_at")
    before = set(StageEntry.objects.standing().values_list(*fields))
    with transaction.atomic():
        everybody = list(Customer.objects.present().values_list("pk", flat=True))
        actions.record_changes(customer_ids=everybody, origin=Origin.REBUILD)
        while actions.run_pipeline(now=HOUR, limit=100_000):
            pass
        after = set(StageEntry.objects.standing().values_list(*fields))
        transaction.set_rollback(True)
    assert after == before


def test_ann_price_comes_first():
    rows = customer_list(filters=Filters(), cursor=None).rows
    ann = rows[0].customer
    assert (ann.name, HOUR - ann.last_activity_at, str(ann.persona)) == (
        "Ann Price", timedelta(minutes=4), "Weekend hiker",
    )  # fmt: skip
    assert [row.customer.last_activity_at < HOUR for row in rows[1:4]] == [True] * 3
    seen = {"Page Viewed", "Size Guide Opened", "Question Asked", "Order Completed", "Order Delivered", "Call"}
    told_events = set(ann.interactions.values_list("event", flat=True))
    assert told_events >= seen | {"Identify", "Checkout Error", "Survey Answered", "Message Sent", "Return Requested"}
    assert Counter(ann.identities.values_list("kind", flat=True))["anonymous"] == 2
    assert ann.responses.get().score == 2
    assert ann.cases.get().closed_at is None


def test_messages_in_many_states_and_none_has_left():
    states = Counter(Message.objects.values_list("state", flat=True))
    assert set(states) == {MessageState.SENT, MessageState.SKIPPED, MessageState.FAILED, MessageState.HELD}
    assert states[MessageState.SENT] >= 150
    assert set(Message.objects.filter(state=MessageState.SENT).values_list("provider", flat=True)) == {"kept"}
    late = Message.objects.filter(sent_at__isnull=False).exclude(
        sent_at__range=(TIMES.connected_at, HOUR + timedelta(hours=1))
    )
    assert not late.exists()
    reasons = " ".join(Message.objects.filter(state=MessageState.SKIPPED).values_list("reason", flat=True))
    for reason in ("no address", "has not said yes to News and offers", "suppressed: "):
        assert reason in reasons
    assert Campaign.objects.filter(state=CampaignState.ACTIVE).count() == 4
    assert Campaign.objects.get(state=CampaignState.PAUSED).name == "NPS after two orders"
    assert Enrolment.objects.filter(state=EnrolmentState.ACTIVE).exists()
    assert Enrolment.objects.values("campaign").distinct().count() == 5


def test_answers_and_cases():
    kinds = Counter(Response.objects.values_list("kind", flat=True))
    assert set(kinds) == {SurveyKind.NPS, SurveyKind.CSAT, SurveyKind.CES}
    assert min(kinds.values()) >= 10
    assert Response.objects.exclude(comment="").count() >= 40
    assert Case.objects.closed().count() >= 5
    assert Case.objects.open().filter(due_at__gt=HOUR).exists()
    assert Case.objects.open().filter(due_at__lt=HOUR).exists()
    assert not Case.objects.open().filter(owner=None).exists()
    assert of_event("Review Link Opened").exists()
    choices = Counter(Consent.objects.values_list("choice", flat=True))
    assert choices[Choice.IN] >= 50
    assert choices[Choice.OUT] >= 5
    assert not Consent.objects.filter(evidence="").exists()
    assert Suppression.objects.count() == 3


def checkout_of(platform: str, start: datetime, end: datetime) -> tuple[float, float]:
    """Shares of the sessions with payment that met an error, and that became an order; without the outage."""
    outage = Q(occurred_at__range=TIMES.outage)
    rows = of_event("Payment Info Entered", "Checkout Error", "Order Completed", properties__platform=platform)
    sessions: dict[str, set[str]] = {}
    for session, event in (
        rows.filter(occurred_at__range=(start, end)).exclude(outage).values_list("properties__session_id", "event")
    ):
        sessions.setdefault(session, set()).add(event)
    paying = [events for events in sessions.values() if "Payment Info Entered" in events]
    return tuple(
        sum(event in events for events in paying) / len(paying) for event in ("Checkout Error", "Order Completed")
    )


def test_problem_one_the_pay_button_on_phones():
    before = checkout_of("mobile", HOUR - timedelta(days=180), TIMES.bug_since)
    errors, orders = checkout_of("mobile", TIMES.bug_since, HOUR)
    desk_errors, desk_orders = checkout_of("desktop", TIMES.bug_since, HOUR)
    assert before[0] < 0.15
    assert before[1] > 0.85
    assert errors > 0.45
    assert orders < 0.6
    assert desk_errors < 0.15
    assert desk_orders > 0.8


def test_problem_two_the_day_without_payments():
    start, end = TIMES.outage
    failed = of_event("Payment Failed", properties__reason="provider unavailable")
    assert failed.filter(occurred_at__range=(start, end + timedelta(hours=1))).count() == failed.count() >= 40
    tried = of_event("Payment Info Entered", occurred_at__range=(start, end)).count()
    orders = of_event("Order Completed", occurred_at__range=(start, end)).count()
    assert tried >= 30
    assert orders / tried < 0.1


def test_problem_three_nobody_trusts_the_sizes():
    views = of_event("Product Viewed")
    shoes = views.filter(properties__category="Shoes")
    opened = of_event("Size Guide Opened", properties__product_id__startswith="SH-")
    assert opened.count() == of_event("Size Guide Opened").count() >= 400
    assert opened.values("customer").distinct().count() / shoes.values("customer").distinct().count() > 0.5
    assert of_event("Question Asked", properties__topic="size").count() >= 40
    on_sizes = of_event("Call").filter(
        Q(properties__note__icontains="size") | Q(properties__note__icontains="Measured")
    )
    assert on_sizes.count() >= 15
    refunds = Counter(of_event("Order Refunded").values_list("properties__reason", flat=True))
    assert refunds["too small"] / refunds.total() > 0.4


def test_stories_are_told_alike_at_any_hour():
    """Also around midnight and when the clocks change, without looking at the database."""
    for now in (
        datetime(2026, 3, 29, 1, tzinfo=UTC),
        datetime(2026, 10, 25, 23, tzinfo=UTC),
        datetime(2028, 2, 29, tzinfo=UTC),
    ):
        deeds = told(now)
        assert deeds == sorted(deeds, key=lambda deed: (deed.at, deed.message_id))
        assert deeds[-1].person.name == "Ann Price"
        assert now - deeds[-1].at == timedelta(minutes=4)
        assert len({deed.message_id for deed in deeds}) == len(deeds)
        assert {deed.by for deed in deeds} == {By.CUSTOMER, By.COMPANY, By.MACHINE}
        assert 10_000 <= len(deeds) <= 13_000


def test_notes_are_sentences():
    notes = Interaction.objects.exclude(properties__note=None).values_list("properties__note", F("properties__user"))
    assert all(note.endswith((".", "?", "!")) and " " in note and user for note, user in notes)
