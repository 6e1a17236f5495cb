"""100,000 stage entries to messages queued: enrolment by the trigger and the first step, set-wise, beside a bare
INSERT … SELECT of as many messages in the same run.

    python -m bench.enrol [--entries 100000]

Prints the ratio, which is to be at least 0.30, and what of it the record itself leaves: the same enrolments, passes and
messages with their constraints, written by one statement. Starts a PostgreSQL of its own and ends by itself."""

import argparse
import os
import sys
import time

import django

from bench.services import expect, services

LIMIT = 0.30
_ENTRIES = """
    INSERT INTO journeys_stageentry (customer_id, journey_id, stage_key, lap, entered_at, origin)
    SELECT id, %s, %s, 1, now(), 'live' FROM customers_customer
"""
_BARE = """
    INSERT INTO bare (key, enrolment_id, step_id, customer_id, channel, topic_id, address, is_ask, priority, state,
        reason, due_at, is_held_until_due, attempt, fence, is_uncertain, subject, text, provider, created_at)
    SELECT 'bare:' || c.id, 1, 1, c.id, 'email', 1, c.email, false, 5, 'queued', '', now(), false, 0, 0, false, '', '',
        '', now() FROM journeys_stageentry e JOIN customers_customer c ON c.id = e.customer_id
"""

# Each entry's three rows as they are in the end, nothing asked and nothing looked at.
_RECORD = """
    WITH entered AS (SELECT e.id, e.customer_id, c.email FROM journeys_stageentry e
        JOIN customers_customer c ON c.id = e.customer_id),
    enrolled AS (
        INSERT INTO campaigns_enrolment (campaign_id, version_id, customer_id, entry_key, is_only_live, entry_id,
            cause_at, state, position, due_at, exit_reason, attempts, error, created_at, ended_at)
        SELECT %(campaign)s, %(version)s, customer_id, 'hand:' || id, false, id, now(), 'finished', 0, now(), '', 0, '',
            now(), now() FROM entered RETURNING id, customer_id),
    passed AS (
        INSERT INTO campaigns_steprun (enrolment_id, campaign_id, step_key, at)
        SELECT id, %(campaign)s, %(step_key)s, now() FROM enrolled)
    INSERT INTO campaigns_message (key, enrolment_id, step_id, customer_id, channel, topic_id, address, is_ask,
        priority, state, reason, due_at, is_held_until_due, attempt, fence, is_uncertain, subject, text, provider,
        created_at)
    SELECT 'hand:' || r.id, r.id, %(step)s, r.customer_id, 'email', %(topic)s, e.email, false, 5, 'queued', '', now(),
        false, 0, 0, false, '', '', '', now() FROM enrolled r JOIN entered e ON e.customer_id = r.customer_id
"""


def record() -> float:
    """Entries a second of the statement above, commit included; what it wrote is taken back."""
    from django.db import connection, transaction  # noqa: PLC0415

    from apps.campaigns.models import CampaignStep  # noqa: PLC0415

    step = CampaignStep.objects.select_related("version").get()
    values = {"campaign": step.version.campaign_id, "version": step.version_id, "step": step.pk, "step_key": step.key,
              "topic": step.topic_id}  # fmt: skip
    with connection.cursor() as cursor:
        start = time.perf_counter()
        with transaction.atomic():
            cursor.execute(_RECORD, values)
            count = cursor.rowcount
        seconds = time.perf_counter() - start
        cursor.execute("TRUNCATE campaigns_enrolment, campaigns_steprun, campaigns_message CASCADE")
        cursor.execute("VACUUM ANALYZE campaigns_enrolment, campaigns_steprun, campaigns_message")
    return float(count / seconds)


def bare() -> float:
    """Rows a second into a table with the same indexes."""
    from django.db import connection  # noqa: PLC0415 - Django is set up by then

    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bare (LIKE campaigns_message INCLUDING ALL)")
        start = time.perf_counter()
        cursor.execute(_BARE)
        count, seconds = cursor.rowcount, time.perf_counter() - start
        cursor.execute("DROP TABLE bare")
    return float(count / seconds)


def own(entries: int) -> tuple[float, float]:
    """Seconds of enrolment and of running the first step."""
    from django.utils import timezone  # noqa: PLC0415

    from apps.campaigns.actions import campaigns, running  # noqa: PLC0415
    from apps.campaigns.models import Campaign, Enrolment, Message  # noqa: PLC0415
    from apps.core import jobs  # noqa: PLC0415

    now = timezone.now()
    start = time.perf_counter()
    campaigns.activate(campaign=Campaign.objects.get(), include_present=True, now=now)
    jobs.run_due(clock=timezone.now, goes_on=lambda: True)
    middle = time.perf_counter()
    while running.run_due(now=timezone.now()):
        pass
    end = time.perf_counter()
    expect(Enrolment.objects.count() == entries)
    expect(Message.objects.filter(state="queued").count() == entries)
    return middle - start, end - middle


def set_up() -> None:
    from django.db import connection  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    from apps.campaigns import wire  # noqa: PLC0415
    from apps.campaigns.actions import campaigns  # noqa: PLC0415
    from apps.journeys import wire as journeys  # noqa: PLC0415
    from apps.journeys.actions import drafts, publishing  # noqa: PLC0415

    stage = {"name": "Purchase", "kind": "purchase", "steps": [{"name": "Buys", "match": [{"event": "Never"}]}]}
    journey = drafts.import_text(text=journeys.read({"name": "Shop", "stages": [stage]}))
    publishing.publish(journey=journey, now=timezone.now(), by=None)
    message = {"message": {"channel": "email", "topic": "service", "subject": "Thank you", "body": "Thank you."}}
    text = {"name": "Thanks", "journey": "Shop", "trigger": {"on": "stage_entered", "stage": "Purchase"},
            "reentry": "every_time", "steps": [message]}  # fmt: skip
    made = campaigns.import_text(text=wire.read(text))
    campaigns.activate(campaign=made, include_present=False, now=timezone.now())
    made.refresh_from_db()
    with connection.cursor() as cursor:
        cursor.execute(_ENTRIES, [journey.pk, made.stage_key])
        cursor.execute("VACUUM ANALYZE")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=100_000)
    options = parser.parse_args()
    with services():
        os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
        django.setup()
        from bench.people import fill  # noqa: PLC0415

        fill(options.entries, 1000)
        set_up()
        base, least = bare(), record()
        enrolling, running = own(options.entries)
        rate = options.entries / (enrolling + running)
        print(f"bare INSERT … SELECT: {base:,.0f} messages/s")
        print(f"the same record by one statement: {least:,.0f} entries/s, {least / base:.2f} of bare")
        print(f"enrolled in {enrolling:.1f} s, first step run in {running:.1f} s: {rate:,.0f} entries/s")
        print(f"ratio {rate / base:.2f} (at least {LIMIT}); {rate / least:.2f} of the record by one statement")
        sys.exit(rate / base < LIMIT)


if __name__ == "__main__":
    main()
