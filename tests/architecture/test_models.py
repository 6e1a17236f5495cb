"""What import-linter cannot see: foreign keys run downwards, and none to Customer is forgotten by a merge."""

import pghistory.models
import pytest
from django.apps import apps
from django.conf import settings
from django.db.models import UniqueConstraint

from apps.core import registry
from apps.core.registry import Log
from apps.customers.models import Customer

ORDER = ["core", "staff", "customers", "touchpoints", "journeys", "feedback", "campaigns", "desk", "insights"]
# The audit keeps what was, so a merge leaves it alone.
OURS = [
    model
    for model in apps.get_models()
    if model.__module__.startswith("apps.") and not issubclass(model, pghistory.models.Event)
]


def foreign_keys():
    for model in OURS:
        for field in [*model._meta.fields, *model._meta.many_to_many]:
            if field.is_relation and field.related_model is not None:
                yield model, field


def test_foreign_keys_point_downwards():
    for model, field in foreign_keys():
        target = field.related_model._meta
        if target.app_label not in ORDER or target.label == settings.AUTH_USER_MODEL:
            continue
        here, there = ORDER.index(model._meta.app_label), ORDER.index(target.app_label)
        assert there <= here, f"{model._meta.label}.{field.name} points up to {target.label}"


def test_each_foreign_key_to_a_customer_has_its_handlers():
    for model, field in foreign_keys():
        if field.related_model is Customer:
            key = f"{model._meta.label}.{field.name}"
            assert key in registry.merge_handlers, f"say what a merge does with {key}"
            assert key in registry.erase_handlers, f"say what an erasure does with {key}"
            assert key in registry.personal_rows, f"say what a person may read of {key}"


def test_where_a_merge_may_take_rows_out_the_log_keeps_them_whole():
    for model, field in foreign_keys():
        if field.related_model is not Customer:
            continue
        unique = [c for c in model._meta.constraints if isinstance(c, UniqueConstraint) and field.name in c.fields]
        key = f"{model._meta.label}.{field.name}"
        assert not unique or registry.merge_logs[key] is not Log.IDS, key


def test_no_ordering_by_meta():
    assert not [model for model in OURS if model._meta.ordering]


@pytest.mark.django_db
def test_every_app_is_in_the_order():
    assert {config.label for config in apps.get_app_configs() if config.name.startswith("apps.")} == set(ORDER)
