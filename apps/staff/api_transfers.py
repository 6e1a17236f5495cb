"""Import in the steps of the pages: a file, its columns, what it would change, the go-ahead. Export in one."""

from typing import Any

from django.forms import Form
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core import exporting, importing, registry
from apps.core.api import Conflict
from apps.core.importing import Phase
from apps.core.models import Job
from apps.core.tables.limits import TableError
from apps.core.transfers import guesses
from apps.staff.api_jobs import shown
from apps.staff.enums import Act
from apps.staff.forms_transfers import ExportForm, MappingForm, UploadForm, initial_of
from apps.staff.permissions import api_may
from apps.staff.serializers_jobs import JobSerializer
from apps.staff.serializers_transfers import (
    ColumnsSerializer,
    ImportSerializer,
    NewExportSerializer,
    NewImportSerializer,
)
from apps.staff.uploads import cap_upload, is_too_large
from apps.staff.views_transfers import find_exporter, find_import, find_importer


class TooLarge(APIException):
    status_code = 413
    default_detail = "The file is larger than 200 MB. Split it and import the parts one after the other."


class ImportList(APIView):
    permission_classes = [api_may(Act.TRANSFER)]
    parser_classes = [MultiPartParser]
    throttle_scope = "heavy"

    def initialize_request(self, request: Any, *args: Any, **kwargs: Any) -> Request:
        cap_upload(request)  # before anybody reads the body
        return super().initialize_request(request, *args, **kwargs)

    @extend_schema(
        operation_id="import_create",
        request={"multipart/form-data": NewImportSerializer},
        responses={201: ImportSerializer},
    )
    def post(self, request: Request) -> Response:
        """Keeps the file and guesses what its columns are. Nothing is written before `start`. The options of the kind
        are further fields."""
        if is_too_large(request):
            raise TooLarge
        sent: Any = request.data
        kind = _known(sent.get("kind"), registry.importers)
        form = UploadForm(sent, request.FILES, options=find_importer(request.user, kind).options)
        if not form.is_valid():
            raise _wrong(form)
        file = form.cleaned_data["file"]
        try:
            job = importing.begin(
                kind=kind,
                file=file.file,
                name=file.name,
                options=form.options(),
                now=timezone.now(),
                user_id=request.user.pk,
            )
        except TableError as error:
            raise ValidationError({"file": str(error)}) from error
        return Response(_import(job), status=201)


class ImportDetail(APIView):
    permission_classes = [api_may(Act.TRANSFER)]

    @extend_schema(operation_id="import_read", responses=ImportSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """How far it is, its columns, and after the check what it would change."""
        return Response(_import(find_import(request.user, pk)))


class ImportCheck(APIView):
    permission_classes = [api_may(Act.TRANSFER)]

    @extend_schema(
        operation_id="import_check",
        request=ColumnsSerializer,
        responses={202: ImportSerializer, 409: OpenApiResponse(description="It is under way, or has ended.")},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Says what the columns are and begins the dry run; also again, after a look at what it found."""
        job = find_import(request.user, pk)
        given = ColumnsSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        try:
            importing.check(job=job, mapping=_mapping(job, given.validated_data.get("mapping")), now=timezone.now())
        except importing.WrongPhase as error:
            raise Conflict("This import does not wait for its columns any more.") from error
        job.refresh_from_db()
        return Response(_import(job), status=202)


class ImportStart(APIView):
    permission_classes = [api_may(Act.TRANSFER)]

    @extend_schema(
        operation_id="import_start",
        request=None,
        responses={202: ImportSerializer, 409: OpenApiResponse(description="It does not wait for a go-ahead.")},
    )
    def post(self, request: Request, pk: int) -> Response:
        """The go-ahead after the check."""
        job = find_import(request.user, pk)
        try:
            importing.start(job=job, now=timezone.now())
        except importing.WrongPhase as error:
            raise Conflict("This import does not wait for a go-ahead: check it first.") from error
        job.refresh_from_db()
        return Response(_import(job), status=202)


class ExportList(APIView):
    permission_classes = [api_may(Act.TRANSFER)]
    throttle_scope = "heavy"

    @extend_schema(operation_id="export_create", request=NewExportSerializer, responses={202: JobSerializer})
    def post(self, request: Request) -> Response:
        """Starts an export; when the job is done, `/api/jobs/{id}/` names the file."""
        given = NewExportSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        kind = _known(given.validated_data["kind"], registry.exporters)
        options = given.validated_data.get("options", {})
        form = ExportForm(
            {**options, "form": given.validated_data["form"]}, options=find_exporter(request.user, kind).options
        )
        unknown = sorted(options.keys() - form.fields.keys())
        if unknown:
            raise ValidationError({"options": f"There is no option {unknown[0]!r} of this kind."})
        if not form.is_valid():
            raise _wrong(form)
        job = exporting.begin(
            kind=kind, form=form.cleaned_data["form"], options=form.options(), user_id=request.user.pk
        )
        return Response(JobSerializer(shown(job)).data, status=202)


def _known(kind: Any, kinds: dict[str, Any]) -> str:
    if kind not in kinds:
        raise ValidationError({"kind": f"Use one of: {', '.join(kinds)}."})
    return str(kind)


def _wrong(form: Form) -> ValidationError:
    return ValidationError({name: [str(text) for text in texts] for name, texts in form.errors.items()})


def _mapping(job: Job, said: dict[str, str] | None) -> dict[str, str]:
    """What was said of each column, else what it most likely is."""
    importer, header = importing.importer_of(job), job.params["header"]
    unknown = sorted((said or {}).keys() - set(header))
    if unknown:
        raise ValidationError({"mapping": f"The file has no column {unknown[0]!r}."})
    chosen = guesses(header, importer) if said is None else said
    form = MappingForm(initial_of(chosen, header) | {"name": ""}, importer=importer, header=header)
    if not form.is_valid():
        raise ValidationError({"mapping": [str(text) for texts in form.errors.values() for text in texts]})
    return form.mapping()


def _import(job: Job) -> dict[str, Any]:
    phase, importer = importing.phase_of(job), importing.importer_of(job)
    notes = importing.notes_of(job) if phase is Phase.REVIEW and not job.is_finished else {}
    return dict(
        ImportSerializer(
            shown(job)
            | {
                "header": job.params["header"],
                "mapping": job.params["mapping"] or guesses(job.params["header"], importer),
                "columns": [{"key": one.key, "label": str(one.label)} for one in importer.columns],
                "changes": notes.get("changes", []),
                "problems": notes.get("problems", []),
            }
        ).data
    )
