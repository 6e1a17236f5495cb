from typing import Any

from django.core.exceptions import ValidationError as ModelError
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.api import Conflict, paged, whole
from apps.core.models import CompanySettings
from apps.staff.actions import company, departments
from apps.staff.actions import people as members
from apps.staff.enums import Act, Role
from apps.staff.models import Department, User
from apps.staff.permissions import api_may, writer
from apps.staff.selectors import people
from apps.staff.serializers import CompanySettingsSerializer, DepartmentSerializer, StaffSerializer
from apps.staff.serializers_people import StaffChangeSerializer


class Settings(APIView):
    permission_classes = [api_may(Act.ADMINISTER)]

    @extend_schema(operation_id="settings_read", responses=CompanySettingsSerializer)
    def get(self, request: Request) -> Response:
        """What the company decides itself."""
        return Response(CompanySettingsSerializer(CompanySettings.current()).data)

    @extend_schema(
        operation_id="settings_change", request=CompanySettingsSerializer, responses=CompanySettingsSerializer
    )
    def patch(self, request: Request) -> Response:
        """Changes what is given; the rest stays."""
        given = CompanySettingsSerializer(data=request.data, partial=True)
        given.is_valid(raise_exception=True)
        try:
            row = company.change(values=given.validated_data)
        except ModelError as error:
            raise ValidationError(error.message_dict) from error
        return Response(CompanySettingsSerializer(row).data)


class StaffList(APIView):
    permission_classes = [api_may(Act.ADMINISTER)]

    @extend_schema(
        operation_id="staff_list",
        responses=StaffSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """Who belongs to the staff; the latest to join first."""
        return paged(request, people.staff(), time_field="joined_at", render=lambda rows: [_person(r) for r in rows])


class StaffDetail(APIView):
    permission_classes = [api_may(Act.ADMINISTER)]

    @extend_schema(operation_id="staff_read", responses=StaffSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """One member of staff."""
        return Response(_person(get_object_or_404(people.staff(), pk=pk)))

    @extend_schema(operation_id="staff_change", request=StaffChangeSerializer, responses=StaffSerializer)
    def patch(self, request: Request, pk: int) -> Response:
        """Changes what is given. 409 when nobody would be left to administer, or when you would disable yourself."""
        person = get_object_or_404(people.staff(), pk=pk)
        given = StaffChangeSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        values = {
            "name": person.name,
            "role": person.role or Role.VIEWER,
            "department": person.department,
            "is_active": person.is_active,
            **given.validated_data,
        }
        try:
            members.change(user=person, by=writer(request), **values | {"role": Role(values["role"])})
        except members.NotAllowed as error:
            raise Conflict(str(error)) from error
        return Response(_person(get_object_or_404(people.staff(), pk=pk)))


class DepartmentList(APIView):
    permission_classes = [api_may(Act.ADMINISTER)]

    @extend_schema(operation_id="department_list", responses=DepartmentSerializer(many=True))
    def get(self, request: Request) -> Response:
        """All departments, by name."""
        rows = Department.objects.order_by("name", "pk")
        return whole(request, [DepartmentSerializer(row).data for row in rows])

    @extend_schema(
        operation_id="department_create", request=DepartmentSerializer, responses={201: DepartmentSerializer}
    )
    def post(self, request: Request) -> Response:
        """Adds a department. 409 when there is one of that name."""
        given = DepartmentSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        _check_free(given.validated_data["name"])
        row = departments.create(**given.validated_data)
        return Response(DepartmentSerializer(row).data, status=201)


class DepartmentDetail(APIView):
    permission_classes = [api_may(Act.ADMINISTER)]

    @extend_schema(operation_id="department_read", responses=DepartmentSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """One department."""
        return Response(DepartmentSerializer(get_object_or_404(Department, pk=pk)).data)

    @extend_schema(operation_id="department_change", request=DepartmentSerializer, responses=DepartmentSerializer)
    def patch(self, request: Request, pk: int) -> Response:
        """Changes what is given. 409 when there is another of that name."""
        row = get_object_or_404(Department, pk=pk)
        given = DepartmentSerializer(data=request.data, partial=True)
        given.is_valid(raise_exception=True)
        values = {"name": row.name, "description": row.description, **given.validated_data}
        _check_free(values["name"], pk)
        departments.change(department=row, **values)
        return Response(DepartmentSerializer(row).data)

    @extend_schema(operation_id="department_delete", responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Its people stay, without a department. The audit can bring it back."""
        departments.delete(department=get_object_or_404(Department, pk=pk))
        return Response(status=204)


def _check_free(name: str, pk: int = 0) -> None:
    if Department.objects.filter(name=name).exclude(pk=pk).exists():
        raise Conflict({"name": "There is a department of this name."})


def _person(row: User) -> dict[str, Any]:
    values = {
        "id": row.pk,
        "email": row.email,
        "name": row.name,
        "role": row.role,
        "department": row.department.name if row.department else None,
        "has_second_factor": row.has_second_factor,  # type: ignore[attr-defined]  # annotated
        "last_login": row.last_login,
        "is_active": row.is_active,
    }
    return dict(StaffSerializer(values).data)
