"""A dry run: the draft of a campaign, played through over the last 90 days by a job. Nothing is sent, and nothing is
written but the job, its result and its file. Both name customers by id only."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from apps.campaigns import selectors_replay, sentences, simulating, wire
from apps.campaigns.checking import CampaignError
from apps.campaigns.models import Campaign
from apps.campaigns.selectors_replay import Replay
from apps.campaigns.simulating import Plan, Row, Story
from apps.core import jobs
from apps.core.enums import FileRole
from apps.core.hours import first_zone
from apps.core.jobs import JobError
from apps.core.models import CompanySettings, Job
from apps.core.tables.writing import WRITERS
from apps.customers.models import Customer

KIND = "dry_run"
DAYS = 90
SLICE = 500
MOST_SAMPLES = 200
_HEADER = ["customer", "step", "kind", "at", "outcome", "reason"]


def start(*, campaign: Campaign, user_id: int | None, now: datetime) -> Job:
    """Raises CampaignError for a draft that cannot run. The draft as it is now is what is played through, whatever
    somebody makes of it meanwhile."""
    text = wire.read(campaign.draft)
    since = now - timedelta(days=DAYS)
    params = {"campaign": campaign.pk, "text": text.text, "since": since.isoformat(), "until": now.isoformat()}
    title = _("Dry run of %(campaign)s") % {"campaign": campaign}
    total = Customer.objects.present().count()
    return jobs.start(kind=KIND, title=title, user_id=user_id, params=params, total=total)


def latest(campaign: Campaign) -> Job | None:
    return Job.objects.filter(kind=KIND, params__campaign=campaign.pk).order_by("-created_at", "-pk").first()


def chunk(job: Job, now: datetime) -> bool:
    replay = _replay(job)
    ids = list(
        Customer.objects.present()
        .filter(pk__gt=job.cursor.get("after", 0))
        .order_by("pk")
        .values_list("pk", flat=True)[:SLICE]
    )
    is_first = not job.result
    result = job.result or _nothing_yet(replay, job)
    rows = _play(replay, ids, result)
    _write(job, replay, rows, is_first=is_first, now=now)
    job.result = result
    job.cursor = {**job.cursor, "after": ids[-1] if ids else 0}
    job.done += len(ids)
    return len(ids) < SLICE


def _replay(job: Job) -> Replay:
    params = job.params
    try:
        text = wire.read(params["text"])
    except CampaignError as error:
        raise JobError(str(error)) from error
    until = datetime.fromisoformat(params["until"])
    plan = Plan.of(text, company=CompanySettings.current(), until=until)
    return Replay(plan, params["campaign"], datetime.fromisoformat(params["since"]), now=until)


def _nothing_yet(replay: Replay, job: Job) -> dict[str, Any]:
    steps = [
        {
            "position": position,
            "kind": placed.text.kind.value,
            "label": str(placed.text.kind.label),
            "text": sentences.step(placed.text.kind, placed.text.settings, placed.ways),
            "ways": [[way["name"], 0] for way in placed.ways],
            "passed": 0,
            "sent": 0,
            "done": 0,
            "skipped": {},
            "held": {},
        }
        for position, placed in sorted(replay.plan.steps.items())
    ]
    counts = dict.fromkeys(["customers", "causes", "enrolled", "held_out", "exited", "on_the_way", "messages"], 0)
    times = {"since": job.params["since"], "until": job.params["until"]}
    return {**counts, **times, "not_enrolled": {}, "steps": steps, "days": {}, "sample": []}


def _play(replay: Replay, ids: list[int], result: dict[str, Any]) -> list[Row]:
    causes = selectors_replay.causes(replay, ids)
    rows: list[Row] = []
    for person in selectors_replay.people(replay, sorted(causes)):
        story = simulating.play(replay.plan, person, causes[person.id])
        result["causes"] += len(causes[person.id])
        _add(result, story, first_zone(replay.plan.company.time_zone))
        rows += story.rows
    return rows


def _add(result: dict[str, Any], story: Story, zone: ZoneInfo) -> None:
    result["customers"] += bool(story.enrolled)
    for name in ("enrolled", "held_out", "exited", "on_the_way"):
        result[name] += getattr(story, name)
    for reason in story.not_enrolled:
        result["not_enrolled"][reason] = result["not_enrolled"].get(reason, 0) + 1
    for position, n in Counter(story.passed).items():
        result["steps"][position]["passed"] += n
    for position, way in story.ways:
        result["steps"][position]["ways"][way][1] += 1
    for row in story.rows:
        _count(result, row, zone)


def _count(result: dict[str, Any], row: Row, zone: ZoneInfo) -> None:
    step = result["steps"][row.position]
    if row.outcome in {"skipped", "held"}:
        step[row.outcome][row.gate] = step[row.outcome].get(row.gate, 0) + 1
    else:
        step[row.outcome] += 1
    if row.outcome == "sent":
        result["messages"] += 1
        day = f"{row.at.astimezone(zone):%Y-%m-%d}"
        result["days"][day] = result["days"].get(day, 0) + 1
    if len(result["sample"]) < MOST_SAMPLES:
        result["sample"].append([row.customer_id, row.position, row.at.isoformat(), row.outcome, row.reason])


def _write(job: Job, replay: Replay, rows: list[Row], *, is_first: bool, now: datetime) -> None:
    writer, state = WRITERS["csv"], job.cursor.setdefault("writer", {})
    lines = [
        [
            str(row.customer_id), str(row.position + 1), replay.plan.steps[row.position].text.kind.value,
            row.at.isoformat(), row.outcome, row.reason,
        ]
        for row in rows
    ]  # fmt: skip
    content = writer.piece(state, [_HEADER, *lines] if is_first else lines)
    name = f"dry-run-{now:%Y-%m-%d}.csv"
    jobs.write_file(job=job, role=FileRole.RESULT, name=name, content_type=writer.content_type, chunks=[content])
