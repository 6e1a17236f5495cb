from typing import Any

from django.contrib import messages as toasts
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.core import importing, jobs, keyset, registry
from apps.core.enums import FileRole, JobState, RowState
from apps.core.htmx import render
from apps.core.models import Job, JobFile
from apps.staff.enums import Act
from apps.staff.permissions import may

PAGE = 50
TONES = {
    JobState.DONE: "positive",
    JobState.FAILED: "negative",
    JobState.RUNNING: "info",
    JobState.CANCELLED: "warning",
}


def jobs_of(user: Any) -> QuerySet[Job]:
    """One's own; an admin sees everybody's."""
    found = Job.objects.select_related("user")
    if user.has_perm(Act.ADMINISTER.permission):
        return found
    return found.filter(user_id=user.pk) if user.pk is not None else found.none()


def find_job(user: Any, pk: int) -> Job:
    job = get_object_or_404(Job.objects.select_related("user"), pk=pk)
    if not jobs_of(user).filter(pk=job.pk).exists():
        raise PermissionDenied
    return job


@require_GET
@may(Act.SEE_MAPS)
def job_list(request: HttpRequest) -> HttpResponse:
    try:
        page = keyset.newest_first(
            jobs_of(request.user), time_field="created_at", cursor=request.GET.get("cursor"), size=PAGE
        )
    except keyset.BadCursor:
        return redirect("job_list")
    context = {
        "rows": page.rows,
        "next_url": f"?cursor={page.next_cursor}" if page.next_cursor else None,
        "is_everybodys": request.user.has_perm(Act.ADMINISTER.permission),
    }
    return render(request, "transfers/job_list.html", context)


@require_GET
@may(Act.SEE_MAPS)
def job_detail(request: HttpRequest, pk: int) -> HttpResponse:
    job = find_job(request.user, pk)
    context = {
        "job": job,
        "kind": registry.job_kinds[job.kind].label if job.kind in registry.job_kinds else job.kind,
        "tone": TONES.get(JobState(job.state), ""),
        "is_import": job.kind == importing.KIND,
        "phase": job.params.get("phase", "") if job.kind == importing.KIND else "",
        "result": result_words(job),
        "files": files_of(job),
    }
    return render(request, "transfers/job_detail.html", context, partials={"job": "progress"})


def files_of(job: Job) -> QuerySet[JobFile]:
    """Those to take away: not what was uploaded, nor the notes of an import on its way."""
    found = JobFile.objects.filter(job=job).exclude(role=FileRole.INPUT).order_by("-role")
    return found.exclude(role=FileRole.RESULT) if job.kind == importing.KIND else found


def result_words(job: Job) -> list[tuple[str, int]]:
    """The counts of the result; those of an import in the order in which one asks for them."""
    labels = {state.value: str(state.label) for state in RowState} | {"rows": _("Rows")}
    known = [(label, job.result[key]) for key, label in labels.items() if key in job.result]
    others = [
        (key.replace("_", " ").capitalize(), value)
        for key, value in job.result.items()
        if key not in labels and isinstance(value, int) and not isinstance(value, bool)
    ]
    return known + others


@require_POST
@may(Act.SEE_MAPS)
def job_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    job = find_job(request.user, pk)
    if jobs.ask_to_cancel(job=job, now=timezone.now()):
        toasts.success(request, _("It is being cancelled. What was done stays."))
    else:
        toasts.warning(request, _("It had ended already."))
    return redirect("job_detail", pk=pk)


@require_GET
@may(Act.SEE_MAPS)
def job_file(request: HttpRequest, pk: int, role: str) -> HttpResponse:
    return file_response(request.user, pk, role)


def file_response(user: Any, pk: int, role: str) -> HttpResponse:
    job = find_job(user, pk)
    _check_still_may(user, job)
    file = get_object_or_404(files_of(job), role=role)
    response = StreamingHttpResponse(jobs.read_file(file), content_type=file.content_type)
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=file.name)
    response["Content-Length"] = str(file.size)
    response["X-Content-Type-Options"] = "nosniff"
    return response  # type: ignore[return-value]  # a stream is no HttpResponse and is answered alike


def _check_still_may(user: Any, job: Job) -> None:
    """Who started it may have lost the role since."""
    kind = registry.importers.get(job.params.get("importer", "")) or registry.exporters.get(
        job.params.get("exporter", "")
    )
    if kind is not None and not user.has_perm(kind.permission):
        raise PermissionDenied
