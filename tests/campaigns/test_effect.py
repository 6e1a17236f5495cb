"""The effect of a campaign: counted, compared, and every figure opens its customers."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.campaigns import effect_words, selectors_effect, selectors_runs
from apps.campaigns.actions import campaigns
from apps.campaigns.models import Campaign, CampaignStep, Enrolment, Message, StepRun
from apps.campaigns.selectors_effect import Figures, effect
from apps.core.models import CompanySettings
from apps.customers.models import Customer
from apps.staff.enums import Role
from apps.touchpoints.actions import sources
from apps.touchpoints.enums import SourceKind
from apps.touchpoints.models import Interaction
from tests.factories import CustomerFactory, campaign, published_shop, staff

pytestmark = pytest.mark.django_db
START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
GOAL = {"rule": {"did": {"event": "Order Completed"}}, "within_days": 10}


def message(subject: str) -> dict:
    return {"message": {"channel": "email", "topic": "service", "subject": subject, "body": "Hello"}}


@pytest.fixture
def made() -> Campaign:
    published_shop(START)
    ways = [{"name": name, "percent": share, "steps": [message(name)]}
            for name, share in (("Short", 40), ("Long", 30), ("Picture", 30))]  # fmt: skip
    return campaign(START, steps=[message("First"), {"split": {"ways": ways}}], goal=GOAL, holdout_percent=10)


@pytest.fixture
def shop():
    return sources.create(name="Shop", kind=SourceKind.SERVER)


def run(of: Campaign, customer: Customer, *, at: datetime = START, way: int | None = 0, **more) -> Enrolment:
    held_out = more.pop("is_held_out", False)
    made = Enrolment.objects.create(
        campaign=of, version=of.version, customer=customer, entry_key=f"entry:{at.isoformat()}", cause_at=at,
        due_at=at, created_at=at, ended_at=at, state="finished", is_held_out=held_out, **more,
    )  # fmt: skip
    if not held_out and way is not None:
        split = of.version.steps.get(kind="split")
        StepRun.objects.create(enrolment=made, campaign=of, step_key=split.key, way=way, at=at)
    return made


def sent(to: Enrolment, subject: str, *, at: datetime = START, **more) -> Message:
    step = CampaignStep.objects.get(version=to.version, settings__subject=subject)
    return Message.objects.create(
        key=f"{to.pk}:{step.key}", enrolment=to, step=step, customer=to.customer, channel="email", topic=step.topic,
        state="sent", sent_at=at, due_at=at, created_at=at, **more,
    )  # fmt: skip


def order(shop, customer: Customer, at: datetime, **said) -> Interaction:
    return Interaction.objects.create(
        customer=customer, source=shop, message_id=f"{customer.pk}:{at.isoformat()}:{said}", occurred_at=at,
        event="Order Completed", channel="web", properties=said,
    )  # fmt: skip


def later(**delta: float) -> datetime:
    return START + timedelta(**delta)


def test_what_became_of_the_messages(made):
    ann, bo = CustomerFactory(time_zone="Europe/Berlin"), CustomerFactory(country="US")
    first, second = run(made, ann, goal_reached_at=later(days=1)), run(made, bo, way=1)
    at = later(hours=1)
    sent(first, "First", delivered_at=at, opened_at=at, machine_opened_at=at, clicked_at=at, variant="warm/de")
    sent(second, "First", delivered_at=at, machine_opened_at=at, unsubscribed_at=at)
    sent(first, "Short", at=later(hours=20), bounced_at=at, complained_at=at, replied_at=at)
    sent(second, "Long", at=later(hours=2))
    Message.objects.filter(step__settings__subject="Long").update(state="skipped", reason="no", sent_at=None)
    found = effect(made, since=None)
    assert found.total == Figures(3, 2, 1, 1, 1, 1, 1, 1, 1, 2)
    assert [(line.label, line.figures.sent, line.figures.goal) for line in found.steps] == [
        ("1. First", 2, 1), ("3. Short", 1, 1), ("4. Long", 0, 0), ("5. Picture", 0, 0)
    ]  # fmt: skip
    assert [(line.key, line.label, line.figures.sent) for line in found.variants] == [
        ("", "as written", 2), ("warm/de", "warm/de", 1)
    ]  # fmt: skip
    assert [(line.label, line.figures.sent) for line in found.channels] == [("E-mail", 3)]
    # 12:00 UTC is 13:00 in Berlin and 07:00 in New York; 08:00 UTC the day after is 09:00 in Berlin.
    assert [(line.label, line.figures.sent) for line in found.hours] == [("07:00", 1), ("09:00", 1), ("13:00", 1)]
    assert [side.figures.sent for side in found.splits[0].sides] == [2, 1, 0]


def test_revenue_of_the_orders_after_the_cause(made, shop):
    CompanySettings.objects.create(pk=1, currency="EUR")
    ann, held_out = CustomerFactory(), CustomerFactory()
    sent(run(made, ann), "First", at=later(hours=1))
    sent(Enrolment.objects.get(), "Short", at=later(hours=5))
    run(made, ann, at=later(days=2), way=1)
    run(made, held_out, is_held_out=True)
    order(shop, ann, later(hours=-1), total=1000)  # before the cause
    order(shop, ann, later(minutes=30), total="0.5")  # before any message
    order(shop, ann, later(hours=2), total=10, currency="eur")
    order(shop, ann, later(hours=6), revenue="20.5", value=99)
    order(shop, ann, later(days=3), value=5, currency="USD")  # within both runs: once, for the later
    order(shop, ann, later(days=4), total="much")
    order(shop, ann, later(days=13), total=1000)  # 10 days after either cause
    order(shop, held_out, later(days=1), total=7)
    Interaction.objects.create(customer=ann, source=shop, message_id="x", occurred_at=later(days=1), event="Other",
                               channel="web", properties={"total": 500})  # fmt: skip
    found = effect(made, since=None)
    assert found.days_after == 10
    assert found.total.revenue == {"EUR": Decimal(31), "USD": Decimal(5)}
    assert found.early == {"EUR": Decimal("0.5"), "USD": Decimal(5)}
    assert [line.figures.revenue for line in found.channels] == [{"EUR": Decimal("30.5")}]
    assert {line.label: line.figures.revenue for line in found.steps if line.figures.revenue} == {
        "1. First": {"EUR": Decimal(10)}, "3. Short": {"EUR": Decimal("20.5")}
    }  # fmt: skip
    assert found.holdout is not None
    assert {code: (mean.n, mean.total) for code, mean in found.treated.worth.items()} == {
        "EUR": (1, 31.0), "USD": (1, 5.0)
    }  # fmt: skip
    assert {code: mean.total for code, mean in found.holdout.other.worth.items()} == {"EUR": 7.0}
    short, long, _picture = found.splits[0].sides
    assert (short.worth["EUR"].total, long.worth["USD"].total) == (31.0, 5.0)
    assert effect_words.money(found.total.revenue) == ["31.00 EUR", "5.00 USD"]


def groups(of: Campaign, treated: tuple[int, int], held_out: tuple[int, int], way: int = 0) -> None:
    for is_held_out, (hits, n) in ((False, treated), (True, held_out)):
        for number in range(n):
            reached = later(days=1) if number < hits else None
            run(of, CustomerFactory(email=""), is_held_out=is_held_out, goal_reached_at=reached, way=way)


def test_the_holdout_says_what_the_campaign_did(made):
    groups(made, (56, 70), (48, 80))
    found = effect(made, since=None).holdout
    assert found is not None
    assert (found.one.goal.n, found.other.goal.n) == (70, 80)
    # Newcombe 1998, table II, (a).
    assert (round(found.goal.low, 4), round(found.goal.high, 4)) == (0.0524, 0.3339)
    assert effect_words.goal_sentence(found) == (
        "in the campaign: +20.0 points reached the goal against held out, from +5.2 to +33.4 (n=150)."
    )


def test_no_difference_is_said_plainly(made):
    groups(made, (25, 40), (24, 40))
    found = effect(made, since=None).holdout
    assert found is not None
    assert effect_words.goal_sentence(found).startswith("No difference seen yet (n=80)")


def test_a_customer_with_two_runs_is_one(made):
    ann = CustomerFactory()
    run(made, ann, goal_reached_at=later(days=1))
    run(made, ann, at=later(days=3))
    assert (effect(made, since=None).treated.goal.n, effect(made, since=None).treated.goal.hits) == (1, 1)


def test_each_way_beside_the_first(made):
    groups(made, (10, 30), (0, 0), way=0)
    groups(made, (22, 30), (0, 0), way=1)
    groups(made, (15, 30), (0, 0), way=2)
    split = effect(made, since=None).splits[0]
    assert [(side.label, side.goal.hits, side.goal.n) for side in split.sides] == [
        ("Short", 10, 30), ("Long", 22, 30), ("Picture", 15, 30)
    ]  # fmt: skip
    assert [(pair.one.label, pair.other.label, pair.goal.verdict) for pair in split.pairs] == [
        ("Long", "Short", "more"), ("Picture", "Short", "none")
    ]  # fmt: skip
    words = effect_words.split_words(split)
    assert (words["is_many"], words["comparisons"]) == (True, 2)


def test_the_window(made):
    sent(run(made, CustomerFactory()), "First")
    sent(run(made, CustomerFactory(), at=later(days=20)), "First", at=later(days=20))
    assert effect(made, since=None).total.sent == 2
    assert effect(made, since=selectors_effect.window(7, now=later(days=21))).total.sent == 1


def test_a_step_of_an_older_version_stays(made):
    sent(run(made, CustomerFactory()), "First")
    made.draft = {**made.draft, "steps": [message("New")]}
    made.save()
    campaigns.activate(campaign=made, include_present=False, now=later(days=1))
    made.refresh_from_db()
    lines = effect(made, since=None).steps
    assert [(line.label, line.figures.sent) for line in lines][:2] == [("1. New", 0), ("1. First", 1)]


def test_as_many_questions_for_two_as_for_twenty(made, shop):
    def count() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            effect(made, since=None)
        return len(queries)

    groups(made, (1, 2), (1, 2))
    few = count()
    for customer in [CustomerFactory(time_zone=zone) for zone in ("Europe/Berlin", "Asia/Kolkata", "No/Zone") * 6]:
        sent(run(made, customer), "First")
        order(shop, customer, later(days=1), total=3)
    assert count() == few


class TestBehindAFigure:
    @pytest.fixture
    def seen(self, made):
        at = later(hours=1)
        ann = run(made, CustomerFactory(name="Ann", time_zone="Europe/Berlin"), goal_reached_at=later(days=1))
        bo = run(made, CustomerFactory(name="Bo"), way=1)
        sent(ann, "First", opened_at=at, variant="warm")
        sent(bo, "First", machine_opened_at=at)
        cy = run(made, CustomerFactory(name="Cy"), is_held_out=True)
        dee = run(made, CustomerFactory(name="Dee"), way=None)
        Enrolment.objects.filter(pk=dee.pk).update(state="active", ended_at=None, due_at=later(days=3))
        return {run.pk: name for run, name in ((ann, "Ann"), (bo, "Bo"), (cy, "Cy"), (dee, "Dee"))}

    @pytest.mark.parametrize(
        ("asked", "names"),
        [
            ({}, "Ann Bo Cy Dee"), ({"what": "sent"}, "Ann Bo"), ({"what": "opened"}, "Ann"),
            ({"what": "machine_opened"}, "Bo"), ({"what": "goal"}, "Ann"), ({"goal": "1"}, "Ann"),
            ({"held_out": "1"}, "Cy"), ({"held_out": "0", "state": "finished"}, "Ann Bo"), ({"state": "active"}, "Dee"),
            ({"variant": "warm"}, "Ann"), ({"variant": ""}, "Bo"), ({"channel": "email"}, "Ann Bo"),
            ({"channel": "sms"}, ""), ({"hour": "13"}, "Ann"), ({"hour": "12"}, "Bo"), ({"due": "2026-03-05"}, "Dee"),
            ({"due": "2026-03-06"}, ""), ({"days": "1"}, ""), ({"what": "nonsense", "hour": "x"}, "Ann Bo Cy Dee"),
        ],
    )  # fmt: skip
    def test_filters(self, made, seen, asked, names):
        rows = selectors_runs.runs(made, selectors_runs.read(asked), now=later(days=2))
        assert sorted(seen[row.pk] for row in rows) == names.split()

    def test_of_a_step_and_a_way(self, made, seen):
        first = made.version.steps.get(position=0)
        split = made.version.steps.get(kind="split")

        def names(**asked: str) -> list[str]:
            rows = selectors_runs.runs(made, selectors_runs.read(asked), now=later(days=2))
            return sorted(seen[row.pk] for row in rows)

        assert names(step=str(first.key), what="sent") == ["Ann", "Bo"]
        assert names(split=str(split.key), way="1") == ["Bo"]
        assert names(at=str(first.key)) == ["Dee"]
        assert selectors_runs.words(made, selectors_runs.read({"split": str(split.key), "way": "1"})) == ["way Long"]

    def test_each_figure_of_the_page_is_as_long_as_its_list(self, made, seen, client):
        client.force_login(staff(Role.AGENT))
        Enrolment.objects.update(created_at=timezone.now())
        page = client.get(reverse("campaign_effect", args=[made.pk]))
        cells = [*page.context["total"], *(cell for _label, rows in page.context["tables"] for row in rows
                                           for cell in row["cells"])]  # fmt: skip
        assert any(cell["count"] for cell in cells)
        for cell in cells:
            listed = client.get(reverse("campaign_customers", args=[made.pk]) + cell["query"])
            assert len(listed.context["rows"]) == cell["count"], cell


class TestPagesAndApi:
    def test_page(self, made, client):
        client.force_login(staff(Role.MARKETER))
        groups(made, (25, 40), (24, 40))
        url = reverse("campaign_effect", args=[made.pk])
        text = client.get(url).content.decode()
        assert "No difference seen yet (n=80)" in text
        assert client.get(url, {"days": "30"}).status_code == 200
        assert client.get(url, {"days": "²"}).status_code == 200
        assert client.post(url).status_code == 405

    def test_an_empty_page(self, made, client):
        client.force_login(staff(Role.AGENT))
        assert "Nobody is held out" in client.get(reverse("campaign_effect", args=[made.pk])).content.decode()
        listed = client.get(reverse("campaign_customers", args=[made.pk]))
        assert "Nobody yet" in listed.content.decode()
        assert client.get(reverse("campaign_customers", args=[made.pk]), {"cursor": "x"}).status_code == 302

    def test_api(self, made, client):
        client.force_login(staff(Role.AGENT))
        groups(made, (56, 70), (48, 80))
        found = client.get(reverse("api_campaign_effect", args=[made.pk])).json()
        assert found["holdout"]["goal"]["verdict"] == "more"
        assert found["holdout"]["one"]["n"] == 70
        assert found["splits"][0]["ways"][0]["n"] == 70
        assert found["total"]["sent"] == 0
        for days in ("x", "0", "99999", "²"):
            response = client.get(reverse("api_campaign_effect", args=[made.pk]), {"days": days})
            assert (response.status_code, list(response.json())) == (400, ["days"])
