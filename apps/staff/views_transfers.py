"""Import in steps, each a page: a file, its columns, what it would change, the go-ahead. Export in one."""

from typing import Any

from django.contrib import messages as toasts
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core import exporting, importing, mappings, registry
from apps.core.enums import RowState
from apps.core.htmx import render
from apps.core.importing import Phase
from apps.core.models import Job
from apps.core.tables.limits import TableError
from apps.core.transfers import Exporter, Importer, guesses
from apps.staff.enums import Act
from apps.staff.forms_transfers import ExportForm, MappingForm, UploadForm, initial_of
from apps.staff.permissions import may
from apps.staff.uploads import takes_large_file
from apps.staff.views_jobs import find_job, jobs_of, result_words

LATEST = 8


@require_GET
@may(Act.TRANSFER)
def data(request: HttpRequest) -> HttpResponse:
    context = {
        "importers": [(kind, one) for kind, one in registry.importers.items() if request.user.has_perm(one.permission)],
        "exporters": [(kind, one) for kind, one in registry.exporters.items() if request.user.has_perm(one.permission)],
        "rows": jobs_of(request.user)
        .filter(kind__in=[importing.KIND, exporting.KIND])
        .order_by("-created_at", "-pk")[:LATEST],
    }
    return render(request, "transfers/data.html", context)


def find_importer(user: Any, kind: str) -> Importer[Any]:
    importer = registry.importers.get(kind)
    if importer is None:
        raise Http404
    if not user.has_perm(importer.permission):
        raise PermissionDenied
    return importer


def find_exporter(user: Any, kind: str) -> Exporter:
    exporter = registry.exporters.get(kind)
    if exporter is None:
        raise Http404
    if not user.has_perm(exporter.permission):
        raise PermissionDenied
    return exporter


def find_import(user: Any, pk: int) -> Job:
    job = find_job(user, pk)
    if job.kind != importing.KIND:
        raise Http404
    find_importer(user, job.params["importer"])
    return job


def _too_large(request: HttpRequest, kind: str) -> HttpResponse:
    importer = find_importer(request.user, kind)
    words = _("The file is larger than 200 MB. Split it and import the parts one after the other.")
    context = {"kind": kind, "importer": importer, "form": UploadForm(options=importer.options), "problem": words}
    return render(request, "transfers/import_create.html", context, status=413)


@require_http_methods(["GET", "POST"])
@may(Act.TRANSFER)
@takes_large_file(_too_large)
def import_create(request: HttpRequest, kind: str) -> HttpResponse:
    importer = find_importer(request.user, kind)
    is_sent = request.method == "POST"
    form = UploadForm(request.POST if is_sent else None, request.FILES if is_sent else None, options=importer.options)
    if is_sent and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            job = importing.begin(
                kind=kind,
                file=file.file,
                name=file.name,
                options=form.options(),
                user_id=request.user.pk,
                now=timezone.now(),
            )
            return redirect("import_mapping", pk=job.pk)
        except TableError as error:
            form.add_error("file", str(error))
    context = {"kind": kind, "importer": importer, "form": form}
    return render(request, "transfers/import_create.html", context, status=422 if is_sent else 200)


@require_http_methods(["GET", "POST"])
@may(Act.TRANSFER)
def import_mapping(request: HttpRequest, pk: int) -> HttpResponse:
    job = find_import(request.user, pk)
    if job.is_finished or not importing.phase_of(job).waits:
        return redirect("import_review", pk=pk)
    importer, header, kind = importing.importer_of(job), job.params["header"], job.params["importer"]
    saved = mappings.fitting(kind=kind, header=header)
    first = job.params["mapping"] or _wanted(request, saved) or guesses(header, importer)
    form = MappingForm(request.POST or None, importer=importer, header=header, initial=initial_of(first, header))
    if request.method == "POST" and form.is_valid():
        return _check(request, job, form)
    examples = zip(*importing.notes_of(job).get("rows", []), strict=True)
    context = {
        "job": job,
        "importer": importer,
        "form": form,
        "columns": list(zip(form.columns, list(examples) or [()] * len(header), strict=True)),
        "saved": saved,
    }
    return render(request, "transfers/import_mapping.html", context, status=422 if form.is_bound else 200)


def _wanted(request: HttpRequest, saved: list[Any]) -> dict[str, str]:
    """The saved choices that were asked for, else those that were used last; none with `saved=no`."""
    asked = request.GET.get("saved", "")
    if asked == "no" or not saved:
        return {}
    return dict(next((one.columns for one in saved if str(one.pk) == asked), saved[0].columns))


def _check(request: HttpRequest, job: Job, form: MappingForm) -> HttpResponse:
    now = timezone.now()
    name = form.cleaned_data["name"].strip()
    if name:
        mappings.remember(
            kind=job.params["importer"], name=name, columns=form.mapping(), user_id=request.user.pk, now=now
        )
    try:
        importing.check(job=job, mapping=form.mapping(), now=now)
    except importing.WrongPhase:
        toasts.warning(request, _("Somebody went on with this import already."))
    return redirect("import_review", pk=job.pk)


@require_GET
@may(Act.TRANSFER)
def import_review(request: HttpRequest, pk: int) -> HttpResponse:
    """Progress of the dry run, then what the file would change."""
    job = find_import(request.user, pk)
    phase = importing.phase_of(job)
    if job.is_finished or phase is Phase.IMPORTING:
        return redirect("job_detail", pk=pk)
    if phase is Phase.MAPPING:
        return redirect("import_mapping", pk=pk)
    notes = importing.notes_of(job) if phase is Phase.REVIEW else {}
    context = {
        "job": job,
        "importer": importing.importer_of(job),
        "is_checked": phase is Phase.REVIEW,
        "counts": result_words(job),
        "to_import": job.result.get(RowState.NEW, 0) + job.result.get(RowState.CHANGED, 0),
        "refused": job.result.get(RowState.REFUSED, 0),
        "changes": notes.get("changes", []),
        "problems": notes.get("problems", []),
    }
    return render(request, "transfers/import_review.html", context, partials={"review": "review"})


@require_POST
@may(Act.TRANSFER)
def import_start(request: HttpRequest, pk: int) -> HttpResponse:
    job = find_import(request.user, pk)
    try:
        importing.start(job=job, now=timezone.now())
    except importing.WrongPhase:
        toasts.warning(request, _("This import is not waiting for a go-ahead any more."))
        return redirect("import_review", pk=pk)
    return redirect("job_detail", pk=pk)


@require_http_methods(["GET", "POST"])
@may(Act.TRANSFER)
def export_create(request: HttpRequest, kind: str) -> HttpResponse:
    exporter = find_exporter(request.user, kind)
    form = ExportForm(request.POST or None, options=exporter.options)
    if request.method == "POST" and form.is_valid():
        job = exporting.begin(
            kind=kind, form=form.cleaned_data["form"], options=form.options(), user_id=request.user.pk
        )
        return redirect("job_detail", pk=job.pk)
    context = {"kind": kind, "exporter": exporter, "form": form}
    return render(request, "transfers/export_create.html", context, status=422 if form.is_bound else 200)
