"""Declares that a model keeps rows about people: an erasure deletes them, and the person may read them."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db.models import Model

from apps.customers.actions import erasing, portability

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def about_people(
    model: type[Model],
    field_name: str = "customer",
    *,
    is_plain: bool = False,
    without: Iterable[str] = (),
    label: "StrOrPromise | None" = None,
) -> None:
    """`is_plain`: a large table on which nothing hangs. `without`: fields that say nothing to the person. `label`: what
    the rows are called, where the model's own plural does not say it."""
    erasing.register(model, field_name, is_plain=is_plain)
    portability.register(model, field_name, without=without, label=label)
