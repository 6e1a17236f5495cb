"""Everything that is kept on one person, for them to read: JSON, or a table for each kind."""

import json
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING, Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import ForeignKey, Model
from django.utils.text import slugify
from django.utils.translation import gettext as _

from apps.core import jobs, registry
from apps.core.enums import FileRole
from apps.core.models import Job
from apps.core.tables.writing import CsvWriter
from apps.customers.actions import erasing
from apps.customers.models import Customer

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

JOB = "export_person"
AT_ONCE = 5000  # rows; more is a job


def rows_of(model: type[Model], field_name: str, *, without: Iterable[str] = ()) -> registry.PersonalRows:
    """All fields of the rows, in their own words: what a foreign key names is written out."""
    left_out = {field_name, *without}
    fields = [field for field in model._meta.concrete_fields if field.name not in left_out]  # noqa: SLF001
    named = [field.name for field in fields if isinstance(field, ForeignKey)]

    def rows(customer_id: int) -> Iterator[dict[str, object]]:
        found = model._default_manager.filter(**{field_name: customer_id})  # noqa: SLF001 - Django's own name
        found = found.select_related(*named) if named else found
        for row in found.order_by("pk").iterator(chunk_size=500):
            yield {field.name: _value(row, field.name, is_named=field.name in named) for field in fields}

    return rows


def _value(row: Model, name: str, *, is_named: bool) -> Any:
    value = getattr(row, name)
    return str(value) if is_named and value is not None else value


def register(
    model: type[Model], field_name: str, *, without: Iterable[str] = (), label: "StrOrPromise | None" = None
) -> None:
    registry.personal(model, field_name, rows_of(model, field_name, without=without), label=label)


def size(*, customer: Customer) -> int:
    """About how many rows there are."""
    return sum(erasing.counts(customer_ids=[customer.pk]).values())


def kinds(*, customer: Customer) -> Iterator[tuple[str, Iterable[dict[str, object]]]]:
    """Heading and rows of each kind, the own fields first."""
    own = {field.name: _own(customer, field.name) for field in customer._meta.concrete_fields}  # noqa: SLF001
    yield "customer", [own]
    for personal in registry.personal_rows.values():
        yield str(personal.label), personal.rows(customer.pk)


def _own(customer: Customer, name: str) -> Any:
    return _value(customer, name, is_named=name in {"persona", "owner", "merged_into"})


def as_json(*, customer: Customer, now: datetime) -> Iterator[bytes]:
    yield f'{{"exported_at": "{now.isoformat()}"'.encode()
    for heading, rows in kinds(customer=customer):
        yield f",\n{json.dumps(heading)}: [".encode()
        for number, row in enumerate(rows):
            yield (",\n" if number else "\n").encode() + json.dumps(row, cls=DjangoJSONEncoder).encode()
        yield b"]"
    yield b"}\n"


def as_tables(*, customer: Customer) -> Iterator[bytes]:
    """A zip with a CSV file for each kind that has rows."""
    with tempfile.SpooledTemporaryFile(max_size=4 * 1024 * 1024) as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for heading, rows in kinds(customer=customer):
                _add_table(archive, heading, rows)
        file.seek(0)
        while chunk := file.read(64 * 1024):
            yield chunk


def _add_table(archive: zipfile.ZipFile, heading: str, rows: Iterable[dict[str, object]]) -> None:
    first = next(iterator := iter(rows), None)
    if first is None:
        return
    with archive.open(f"{slugify(heading)}.csv", "w") as entry:
        writer, state = CsvWriter(), dict[str, Any]()
        entry.write(writer.piece(state, [list(first)]))
        for row in chain([first], iterator):
            entry.write(writer.piece(state, [[_cell(value) for value in row.values()]]))


def _cell(value: object) -> str:
    if isinstance(value, dict | list):
        return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)
    return value.isoformat() if isinstance(value, datetime) else "" if value is None else str(value)


def start_job(*, customer: Customer, form: str, user_id: int | None) -> Job:
    title = _("Everything kept on customer %(id)s") % {"id": customer.pk}
    return jobs.start(kind=JOB, title=title, user_id=user_id, params={"customer": customer.pk, "form": form})


def chunk(job: Job, now: datetime) -> bool:
    """All at once: the file is written piece by piece, in constant memory."""
    customer = Customer.objects.present().filter(pk=job.params["customer"]).first()
    if customer is None:
        raise jobs.JobError(_("This customer is no longer here."))
    form = job.params["form"]
    name, content_type, pieces = download(customer=customer, form=form, now=now)
    jobs.write_file(job=job, role=FileRole.RESULT, name=name, content_type=content_type, chunks=pieces)
    return True


def download(*, customer: Customer, form: str, now: datetime) -> tuple[str, str, Iterator[bytes]]:
    """File name, content type, content. `form` is json or csv."""
    if form == "csv":
        return f"customer-{customer.pk}.zip", "application/zip", as_tables(customer=customer)
    return f"customer-{customer.pk}.json", "application/json", as_json(customer=customer, now=now)
