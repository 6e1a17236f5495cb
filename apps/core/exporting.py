"""A table goes out as a job: slice by slice in the order of ids, each slice one transaction that adds to the file."""

from datetime import datetime

from django.utils.translation import gettext as _

from apps.core import jobs, registry
from apps.core.enums import FileRole
from apps.core.jobs import JobError
from apps.core.models import Job
from apps.core.tables.limits import TableError
from apps.core.tables.writing import WRITERS
from apps.core.transfers import Exporter

KIND = "export"
SLICE = 2000


def begin(*, kind: str, form: str, options: dict[str, str], user_id: int | None) -> Job:
    """`form`: csv or xlsx."""
    return jobs.start(
        kind=KIND,
        title=_("%(what)s: export") % {"what": registry.exporters[kind].label},
        user_id=user_id,
        params={"exporter": kind, "form": form, "options": options},
    )


def exporter_of(job: Job) -> Exporter:
    return registry.exporters[job.params["exporter"]]


def run(job: Job, now: datetime) -> bool:
    exporter, options = exporter_of(job), job.params["options"]
    writer, state = WRITERS[job.params["form"]], job.cursor.setdefault("writer", {})
    is_first = "header" not in job.cursor
    if is_first:
        job.cursor |= {"header": exporter.header(options), "after": 0}
        job.total = exporter.count(options)
    found = exporter.slice(job.cursor["header"], options, after=job.cursor["after"], limit=SLICE)
    try:
        content = writer.piece(state, [job.cursor["header"], *found.rows] if is_first else found.rows)
        if found.after is None:
            content += writer.end(state)
    except TableError as error:
        raise JobError(str(error)) from error
    name = f"{job.params['exporter']}-{now:%Y-%m-%d}.{writer.ending}"
    jobs.write_file(job=job, role=FileRole.RESULT, name=name, content_type=writer.content_type, chunks=[content])
    job.done += len(found.rows)
    job.result = {"rows": job.done}
    job.cursor["after"] = found.after
    return found.after is None
