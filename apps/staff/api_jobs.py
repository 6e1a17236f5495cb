from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core import jobs
from apps.core.api import Conflict, paged
from apps.core.models import Job
from apps.staff.enums import Act
from apps.staff.permissions import api_may
from apps.staff.serializers_jobs import JobDetailSerializer, JobSerializer
from apps.staff.views_jobs import file_response, files_of, find_job, jobs_of

_NOT_OURS = OpenApiResponse(description="Somebody else's job.")


class JobList(APIView):
    permission_classes = [api_may(Act.SEE_MAPS)]

    @extend_schema(
        operation_id="job_list",
        responses=JobSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """One's own jobs, an admin everybody's; newest first."""
        return paged(
            request, jobs_of(request.user), time_field="created_at", render=lambda rows: [shown(row) for row in rows]
        )


class JobDetail(APIView):
    permission_classes = [api_may(Act.SEE_MAPS)]

    @extend_schema(operation_id="job_read", responses={200: JobDetailSerializer, 403: _NOT_OURS})
    def get(self, request: Request, pk: int) -> Response:
        """Progress, result and files of one job."""
        job = find_job(request.user, pk)
        files = [
            {
                "role": file.role,
                "name": file.name,
                "size": file.size,
                "url": request.build_absolute_uri(reverse("api_job_file", args=[pk, file.role])),
            }
            for file in files_of(job)
        ]
        return Response(shown(job) | {"files": files})


class JobFileDetail(APIView):
    permission_classes = [api_may(Act.SEE_MAPS)]

    @extend_schema(
        operation_id="job_file", responses={(200, "application/octet-stream"): OpenApiTypes.BINARY, 403: _NOT_OURS}
    )
    def get(self, request: Request, pk: int, role: str) -> HttpResponse:
        """A file of the job, such as the export or the rows that were refused."""
        return file_response(request.user, pk, role)


class JobCancel(APIView):
    permission_classes = [api_may(Act.SEE_MAPS)]

    @extend_schema(
        operation_id="job_cancel",
        request=None,
        responses={200: JobSerializer, 403: _NOT_OURS, 409: OpenApiResponse(description="It has ended already.")},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Ends between two chunks; what was done stays."""
        job = find_job(request.user, pk)
        if not jobs.ask_to_cancel(job=job, now=timezone.now()):
            raise Conflict("It has ended already.")
        job.refresh_from_db()
        return Response(shown(job))


def shown(job: Job) -> dict[str, Any]:
    return {
        "id": job.pk,
        "kind": job.kind,
        "title": job.title,
        "state": job.state,
        "phase": job.params.get("phase", ""),
        "done": job.done,
        "total": job.total,
        "percent": job.percent,
        "result": job.result,
        "error": job.error,
        "user": job.user_id,
        "created_at": job.created_at,
        "finished_at": job.finished_at,
    }
