from datetime import timedelta
from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.api import paged
from apps.customers.models import Customer
from apps.desk import serializers_tasks as shapes
from apps.desk.actions import work
from apps.desk.models import Task
from apps.desk.serializers import valid
from apps.feedback.actions import cases
from apps.staff.enums import Act
from apps.staff.models import Department, User
from apps.staff.permissions import api_may, writer

_FURTHEST = timedelta(days=3650)


class TaskList(APIView):
    permission_classes = [api_may(Act.SEE_CUSTOMERS, to_write=Act.EDIT_CUSTOMERS)]

    @extend_schema(
        operation_id="task_list",
        parameters=[
            OpenApiParameter("customer", int, description="Of this customer."),
            OpenApiParameter("show", str, enum=["open", "done"], description="All, without it."),
        ],
        responses=shapes.TaskSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """Tasks, newest first."""
        rows = Task.objects.select_related("department")
        customer, show = request.query_params.get("customer", ""), request.query_params.get("show", "")
        if customer:
            if not customer.isdecimal() or len(customer) > 17:
                raise ValidationError({"customer": ["Use the number of a customer."]})
            rows = rows.filter(customer=int(customer))
        if show not in {"", "open", "done"}:
            raise ValidationError({"show": ["Use open or done."]})
        rows = rows.open() if show == "open" else rows.done() if show == "done" else rows
        return paged(request, rows, time_field="created_at", render=lambda page: [_told(row) for row in page])

    @extend_schema(operation_id="task_create", request=shapes.NewTaskSerializer, responses={201: shapes.TaskSerializer})
    def post(self, request: Request) -> Response:
        """Puts a task on the list; its owner is told."""
        data = valid(shapes.NewTaskSerializer(data=request.data))
        customer = Customer.objects.present().filter(pk=data.pop("customer")).first()
        if customer is None:
            raise ValidationError({"customer": ["There is no such customer."]})
        now = timezone.now()
        values = {"due_at": cases.due_at(opened_at=now, hours=work.DUE_HOURS), **_values(data)}
        task = work.create(customer=customer, now=now, by=writer(request), **values)
        return Response(_told(task), status=201)


class TaskDetail(APIView):
    permission_classes = [api_may(Act.SEE_CUSTOMERS, to_write=Act.EDIT_CUSTOMERS)]

    @extend_schema(operation_id="task_read", responses=shapes.TaskSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """One task."""
        return Response(_told(_task(pk)))

    @extend_schema(operation_id="task_change", request=shapes.TaskChangeSerializer, responses=shapes.TaskSerializer)
    def patch(self, request: Request, pk: int) -> Response:
        """Changes what is said; `is_done` finishes it or opens it again."""
        task = _task(pk)
        data = valid(shapes.TaskChangeSerializer(data=request.data, partial=True))
        is_done = data.pop("is_done", None)
        now = timezone.now()
        if data:
            work.change(task=task, values=_values(data), now=now, by=writer(request))
        if is_done is True:
            work.finish(task=task, by=writer(request), now=now)
        elif is_done is False:
            work.take_up_again(task=task)
        return Response(_told(_task(pk)))


def _task(pk: int) -> Task:
    return get_object_or_404(Task.objects.select_related("department"), pk=pk)


def _values(data: dict[str, Any]) -> dict[str, Any]:
    """With rows for the numbers and names. Raises ValidationError."""
    found = dict(data)
    if data.get("owner") is not None:
        found["owner"] = User.objects.filter(pk=data["owner"], is_active=True).first()
        if found["owner"] is None:
            raise ValidationError({"owner": ["There is no such user."]})
    if data.get("department") is not None:
        found["department"] = Department.objects.filter(name=data["department"]).first()
        if found["department"] is None:
            raise ValidationError({"department": ["There is no such department."]})
    if "due_at" in data and abs(data["due_at"] - timezone.now()) > _FURTHEST:
        raise ValidationError({"due_at": ["This is more than ten years away."]})
    return found


def _told(task: Task) -> dict[str, Any]:
    return {
        "id": task.pk,
        "customer": task.customer_id,
        "title": task.title,
        "note": task.note,
        "owner": task.owner_id,
        "department": task.department.name if task.department else None,
        "campaign": task.campaign,
        "due_at": task.due_at,
        "done_at": task.done_at,
        "created_at": task.created_at,
    }
