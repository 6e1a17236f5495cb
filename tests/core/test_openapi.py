"""The schema is clean, tells the truth, and no call that it allows or forbids makes an error of ours."""

import os
from io import StringIO

import pytest
import schemathesis
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode, checks
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi import checks as schema_checks

from apps.staff.actions import api_keys
from config.wsgi import application
from tests.architecture import world

pytestmark = pytest.mark.django_db
EXAMPLES = 60 if os.environ.get("FAULTS") == "long" else 8


def test_the_schema_has_no_warnings():
    out, warnings = StringIO(), StringIO()
    call_command("spectacular", validate=True, fail_on_warn=True, stdout=out, stderr=warnings)
    assert "/api/customers/{id}/timeline/" in out.getvalue()


@pytest.fixture
def _one_connection():
    """A request closes the connection when it ends, and with it the transaction of the test."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def api(now, db, _one_connection):
    """The schema as the application serves it, with one of everything behind it."""
    world.build(now)
    key = api_keys.create(name="Fuzz", scopes=["admin"])
    config = SchemathesisConfig.from_dict({"headers": {"Authorization": f"Api-Key {key}"}})
    return schemathesis.openapi.from_wsgi(
        "/api/schema/?format=json", application, config=config, headers={"Authorization": f"Api-Key {key}"}
    )


# What must hold of every answer. Whether something that the schema allows is accepted depends on what there is; and a
# number where text is asked is taken as its text.
CHECKS = [
    checks.not_a_server_error, schema_checks.status_code_conformance, schema_checks.content_type_conformance,
    schema_checks.response_schema_conformance,
]  # fmt: skip


def test_every_operation_answers_as_its_schema_says(api):
    wrong: list[str] = []
    operations = [found.ok() for found in api.get_all_operations()]
    assert len(operations) > 40
    for operation in operations:
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            _call(operation, mode, wrong)
    assert not wrong, "\n\n".join(wrong)


def _call(operation, mode: GenerationMode, wrong: list[str]) -> None:
    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck), derandomize=True,
    )  # fmt: skip
    @given(operation.as_strategy(generation_mode=mode))
    def call(case):
        with transaction.atomic():
            try:
                case.call_and_validate(checks=CHECKS)
            finally:
                transaction.set_rollback(True)

    try:
        call()
    except Unsatisfiable:
        return  # nothing can be sent that would be wrong
    except (Exception, BaseExceptionGroup) as error:  # noqa: BLE001 - all of them are told together
        wrong.append(f"{operation.label} ({mode.value}): {error}"[:1500])
