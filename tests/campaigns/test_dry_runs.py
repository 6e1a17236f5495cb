"""The dry run as a job: its chunks, its result, its file, its page and its API; and that it writes nothing else."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.campaigns import charts, moments, selectors_causes, wire
from apps.campaigns.actions import dry_runs
from apps.campaigns.models import Enrolment, Message
from apps.campaigns.selectors_causes import Span
from apps.core import jobs
from apps.core.enums import Origin
from apps.core.hours import first_zone
from apps.core.models import CompanySettings, Job, JobFile
from apps.customers.models import Customer, Membership, Segment
from apps.journeys.models import StageEntry
from apps.staff.enums import Role
from apps.touchpoints.actions import sources
from apps.touchpoints.enums import SourceKind
from apps.touchpoints.models import Interaction
from tests.factories import CustomerFactory, campaign, published_shop, staff

pytestmark = pytest.mark.django_db
START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ONE = [{"message": {"channel": "email", "topic": "feedback", "subject": "Thank you", "body": "Thanks."}}]
BOUGHT = {"on": "event", "event": "Order Completed"}


@pytest.fixture
def buys():
    published_shop(START)
    source = sources.create(name="Shop", kind=SourceKind.SERVER)

    def act(customer: Customer, *, days_ago: float, origin: str = "live", **said) -> Interaction:
        at = timezone.now() - timedelta(days=days_ago)
        return Interaction.objects.create(
            customer=customer, source=source, message_id=f"{customer.pk}:{days_ago}:{said}", occurred_at=at,
            received_at=at, event="Order Completed", channel="web", origin=origin, properties=said,
        )  # fmt: skip

    return act


def run_jobs() -> Job:
    jobs.run_due(clock=timezone.now, goes_on=lambda: True)
    return Job.objects.latest("pk")


def test_a_draft_that_was_never_published(buys, monkeypatch):
    monkeypatch.setattr(dry_runs, "SLICE", 2)
    made = campaign(START, active=False, trigger=BOUGHT, steps=ONE)
    people = [CustomerFactory() for _ in range(5)]
    for customer in people:
        buys(customer, days_ago=10)
    buys(people[0], days_ago=100)
    buys(people[1], days_ago=5, origin="import")
    no_address = CustomerFactory(email="")
    buys(no_address, days_ago=20)
    dry_runs.start(campaign=made, user_id=None, now=timezone.now())
    job = run_jobs()
    assert (job.state, job.done, job.total) == ("done", 6, 6)
    result = job.result
    assert (result["messages"], result["enrolled"], result["causes"]) == (5, 6, 7)
    assert result["not_enrolled"] == {"not live": 1}
    assert result["steps"][0]["skipped"] == {"Address": 1}
    assert sum(result["days"].values()) == 5
    assert not Message.objects.exists()
    assert not Enrolment.objects.exists()
    text = b"".join(jobs.read_file(JobFile.objects.get(job=job))).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 6
    assert {row["outcome"] for row in rows} == {"sent", "skipped"}
    # Nobody is named: who is erased is not kept here.
    assert "mail.example" not in text
    assert "mail.example" not in str(result)


def test_the_draft_as_it_was_when_it_began(buys):
    made = campaign(START, active=False, trigger=BOUGHT, steps=ONE)
    buys(CustomerFactory(), days_ago=3)
    dry_runs.start(campaign=made, user_id=None, now=timezone.now())
    made.draft = {}
    made.save()
    assert run_jobs().result["messages"] == 1


def test_a_cancelled_one_ends(buys):
    made = campaign(START, active=False, trigger=BOUGHT, steps=ONE)
    job = dry_runs.start(campaign=made, user_id=None, now=timezone.now())
    jobs.ask_to_cancel(job=job, now=timezone.now())
    assert run_jobs().state == "cancelled"


def test_a_draft_that_cannot_run_is_refused(client):
    published_shop(START)
    made = campaign(START, active=False, steps=ONE)
    made.draft = {**made.draft, "steps": []}
    made.save()
    client.force_login(staff(Role.MARKETER))
    answer = client.post(reverse("api_campaign_dry_run", args=[made.pk]))
    assert (answer.status_code, list(answer.json())) == (400, ["detail"])
    shown = client.post(reverse("campaign_dry_run_start", args=[made.pk]), follow=True)
    assert "at least one step" in shown.content.decode()
    assert not Job.objects.filter(kind="dry_run").exists()


class TestCauses:
    @pytest.fixture
    def ann(self):
        published_shop(START)
        return CustomerFactory(time_zone="America/New_York", traits={"renewal": "2026-03-20", "born": "1990-03-05"})

    def found(self, ann: Customer, days: float = 30, **trigger) -> list[tuple]:
        made = campaign(START, active=False, trigger=trigger, steps=ONE)
        sought = selectors_causes.of_text(wire.read(made.draft))
        rows = selectors_causes.happened(sought, Span([ann.pk], START, START + timedelta(days=days)))
        return [(row.cause.key, row.cause.at, row.fires) for row in rows]

    def test_a_segment(self, ann):
        segment = Segment.objects.create(name="VIPs", kind="list")
        for origin, day in (("live", 1), ("import", 2), ("live", 40)):
            at = START + timedelta(days=day)
            Membership.objects.create(segment=segment, customer=ann, joined_at=at, left_at=at, origin=origin)
        keys = [f"segment:{pk}" for pk in Membership.objects.order_by("pk").values_list("pk", flat=True)]
        assert self.found(ann, on="segment_entered", segment="VIPs") == [
            (keys[0], START + timedelta(days=1), True), (keys[1], START + timedelta(days=2), False),
        ]  # fmt: skip

    def test_overdue_found_by_the_clock_or_known_with_the_import(self, ann):
        made = campaign(START, active=False, trigger={"on": "overdue", "stage": "Awareness"}, steps=ONE)
        at = START + timedelta(days=7)
        entry = {"customer": ann, "journey": made.journey, "stage_key": made.stage_key, "lap": 1}
        StageEntry.objects.create(entered_at=START, overdue_at=at, origin=Origin.IMPORT, **entry)
        assert [row[1:] for row in self.found(ann, on="overdue", stage="Awareness")] == [(at, True)]
        source = sources.create(name="Old", kind=SourceKind.SERVER)
        row = Interaction.objects.create(customer=ann, source=source, message_id="1", occurred_at=START, event="x",
                                         received_at=START + timedelta(days=20), channel="web")  # fmt: skip
        StageEntry.objects.update(interaction_id=row.pk)
        assert [row[1:] for row in self.found(ann, on="overdue", stage="Awareness")] == [(at, False)]

    def test_a_score(self, ann):
        source = sources.create(name="Own", kind=SourceKind.SERVER)
        for number, score in enumerate((2, 9)):
            Interaction.objects.create(
                customer=ann, source=source, message_id=f"answer:{number}:0", occurred_at=START, received_at=START,
                event="Survey Answered", channel="email", properties={"kind": "nps", "score": score},
            )  # fmt: skip
        assert self.found(ann, on="scored", kind="nps", to=6) == [("score:0", START, True)]

    def test_a_date_and_a_birthday(self, ann):
        assert [row[1] for row in self.found(ann, on="date", trait="renewal", offset_days=-7)] == [
            datetime(2026, 3, 13, 13, 0, tzinfo=UTC)  # 09:00 in New York, in summer time since 8 March
        ]
        assert [row[1] for row in self.found(ann, on="date", trait="born", yearly=True, at="10:00")] == [
            datetime(2026, 3, 5, 15, 0, tzinfo=UTC)
        ]
        assert self.found(ann, on="date", trait="nothing") == []

    def test_a_broadcast_by_the_companys_clock_and_by_theirs(self, ann):
        CompanySettings.objects.create(pk=1, time_zone="Europe/Berlin")
        assert [row[1] for row in self.found(ann, on="schedule", at="2026-03-10T10:00")] == [
            datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
        ]
        assert [row[1] for row in self.found(ann, on="schedule", at="2026-03-10T10:00", clock="customer")] == [
            datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
        ]
        assert [row[1] for row in self.found(ann, on="schedule")] == [START]

    def test_who_is_chosen_by_hand_is_not_replayed(self, ann):
        assert self.found(ann, on="manual") == []


@pytest.mark.parametrize(
    ("every", "expected"),
    [
        ("once", []), ("day", ["03-28 09:00", "03-29 08:00", "03-30 08:00"]), ("week", ["03-29 08:00"]),
        ("month", ["03-31 08:00"]),
    ],
)  # fmt: skip
def test_slots_over_the_change_of_clocks(every, expected):
    zone = first_zone("Europe/Berlin")
    at = {"month": "2020-01-31T10:00", "week": "2020-01-05T10:00"}.get(every, "2020-01-31T10:00")
    since = datetime(2026, 3, 31 if every == "month" else 28, tzinfo=UTC)
    until = datetime(2026, 3, 31, 23, tzinfo=UTC) if every == "month" else datetime(2026, 3, 30, 23, tzinfo=UTC)
    found = moments.of_schedule({"at": at, "every": every}, zone=zone, since=since, until=until)
    assert [f"{moment:%m-%d %H:%M}" for moment in found] == expected


def test_a_short_month_has_its_last_day():
    zone = first_zone("UTC")
    found = moments.of_schedule(
        {"at": "2026-01-31T10:00", "every": "month"}, zone=zone, since=datetime(2026, 2, 1, tzinfo=UTC),
        until=datetime(2026, 4, 30, 23, tzinfo=UTC),
    )  # fmt: skip
    assert [f"{moment:%m-%d}" for moment in found] == ["02-28", "03-31", "04-30"]


def test_bars():
    days = [(START.date() + timedelta(days=n), n) for n in range(5)]
    found = charts.bars(days)
    assert found is not None
    assert [(bar.y, bar.height) for bar in found.bars][::2] == [(160.0, 0.0), (80.0, 80.0), (0.0, 160.0)]
    assert (found.most, found.total, found.bars[1].x) == (4, 10, 198.0)
    assert charts.bars([(START.date(), 0)]) is None


class TestPagesAndApi:
    def test_from_the_button_to_the_result(self, buys, client):
        client.force_login(staff(Role.MARKETER))
        made = campaign(START, active=False, trigger=BOUGHT, steps=ONE)
        customer = CustomerFactory(name="Ann Price")
        buys(customer, days_ago=10)
        page = reverse("campaign_dry_run", args=[made.pk])
        assert "No dry run yet" in client.get(page).content.decode()
        assert client.post(reverse("campaign_dry_run_start", args=[made.pk]))["Location"] == page
        waiting = client.get(page, headers={"HX-Request": "true", "HX-Target": "dry-run"}).content.decode()
        assert 'hx-trigger="every 2s"' in waiting
        assert "<html" not in waiting
        run_jobs()
        done = client.get(page).content.decode()
        assert "Ann Price" in done
        assert "day-bar" in done
        assert "hx-trigger" not in done.split('id="dry-run"')[1].split(">")[0]
        assert client.get(reverse("campaign_dry_run_start", args=[made.pk])).status_code == 405

    def test_agents_look_and_do_not_start(self, client):
        published_shop(START)
        made = campaign(START, active=False, steps=ONE)
        client.force_login(staff(Role.AGENT))
        assert client.get(reverse("campaign_dry_run", args=[made.pk])).status_code == 200
        assert client.post(reverse("campaign_dry_run_start", args=[made.pk])).status_code == 403
        assert client.post(reverse("api_campaign_dry_run", args=[made.pk])).status_code == 403
        assert not Job.objects.filter(kind="dry_run").exists()

    def test_api(self, buys, client):
        made = campaign(START, active=False, trigger=BOUGHT, steps=ONE)
        buys(CustomerFactory(), days_ago=10)
        client.force_login(staff(Role.MARKETER))
        url = reverse("api_campaign_dry_run", args=[made.pk])
        assert client.get(url).json()["job"] is None
        answer = client.post(url)
        assert (answer.status_code, answer.json()["state"]) == (201, "queued")
        run_jobs()
        found = client.get(url).json()
        assert (found["job"], found["state"], found["result"]["messages"]) == (answer.json()["job"], "done", 1)
