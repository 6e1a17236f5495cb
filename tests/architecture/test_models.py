"""What import-linter cannot see: foreign keys run downwards, and none to Customer is forgotten by a merge."""

import pytest
from django.apps import apps
from django.conf import settings

from apps.core import registry
from apps.customers.models import Customer

ORDER = ["core", "staff", "customers", "touchpoints", "journeys", "feedback", "campaigns", "desk", "insights"]
OURS = [model for model in apps.get_models() if model.__module__.startswith("apps.")]


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


def test_each_foreign_key_to_a_customer_has_a_merge_handler():
    for model, field in foreign_keys():
        if field.related_model is Customer:
            assert f"{model._meta.label}.{field.name}" in registry.merge_handlers, f"{model._meta.label}.{field.name}"


def test_no_ordering_by_meta():
    assert not [model for model in OURS if model._meta.ordering]


@pytest.mark.django_db
def test_every_app_is_in_the_order():
    assert {config.label for config in apps.get_app_configs() if config.name.startswith("apps.")} == set(ORDER)
