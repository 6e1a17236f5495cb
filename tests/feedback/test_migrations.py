"""The migrations of the surveys go back, with answers of every new kind there, and forth again."""

from uuid import uuid4

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from apps.feedback.actions import responses
from apps.feedback.models import Invitation, Response, Survey
from apps.touchpoints.enums import Channel
from tests.factories import CustomerFactory

BEFORE = [("feedback", "0004_case_due_in_business_hours")]


def migrate(targets) -> MigrationExecutor:
    executor = MigrationExecutor(connection)
    executor.migrate(targets)
    return MigrationExecutor(connection)


@pytest.mark.django_db(transaction=True)
def test_there_and_back(now):
    kept = Survey.objects.create(name="NPS", kind="nps", question="?")
    stars = Survey.objects.create(name="Stars", kind="stars", question="?", is_open=True)
    words = Survey.objects.create(name="Words", kind="text", question="?")
    for survey, score, comment in ((kept, 9, ""), (words, None, "x")):
        ask = Invitation.objects.create(key=survey.name, customer=CustomerFactory(), survey=survey, channel="email",
                                        created_at=now)  # fmt: skip
        responses.answer(invitation=ask, score=score, comment=comment, now=now)
    responses.answer_openly(survey=stars, key=uuid4(), given=responses.Answer(score=4), channel=Channel.WEB, now=now)
    leaves = [leaf for leaf in MigrationExecutor(connection).loader.graph.leaf_nodes() if leaf[0] != "feedback"]
    try:
        old = migrate(BEFORE).loader.project_state(BEFORE).apps
        assert list(old.get_model("feedback.Response").objects.values_list("score", flat=True)) == [9]
        assert set(old.get_model("feedback.Survey").objects.values_list("kind", flat=True)) == {"nps"}
    finally:
        executor = MigrationExecutor(connection)
        executor.migrate([*leaves, *executor.loader.graph.leaf_nodes("feedback")])
    assert (Response.objects.get().score, Response.objects.get().way) == (9, "invitation")
