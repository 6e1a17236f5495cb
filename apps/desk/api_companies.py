from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.api import paged
from apps.customers.actions import companies
from apps.customers.models import Company, CompanyMember, Customer
from apps.desk import serializers
from apps.desk.serializers import valid
from apps.staff.enums import Act
from apps.staff.models import User
from apps.staff.permissions import api_may


class CompanyList(APIView):
    permission_classes = [api_may(Act.SEE_CUSTOMERS, to_write=Act.EDIT_CUSTOMERS)]

    @extend_schema(
        parameters=[OpenApiParameter("name", description="Beginning of the name, in any case.")],
        responses=serializers.CompanySerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """All companies, newest first."""
        name = request.query_params.get("name", "").replace("\x00", "").strip()[:200]
        rows = Company.objects.filter(name__istartswith=name) if name else Company.objects.all()
        return paged(request, rows, time_field="created_at", render=lambda page: [_company(row) for row in page])

    @extend_schema(request=serializers.CompanyWriteSerializer, responses={201: serializers.CompanySerializer})
    def post(self, request: Request) -> Response:
        """Makes a company."""
        fields = _fields(valid(serializers.CompanyWriteSerializer(data=request.data)))
        return Response(_company(companies.create(fields=fields)), status=201)


class CompanyDetail(APIView):
    permission_classes = [api_may(Act.SEE_CUSTOMERS, to_write=Act.EDIT_CUSTOMERS)]

    @extend_schema(responses=serializers.CompanySerializer)
    def get(self, request: Request, pk: int) -> Response:
        """One company."""
        return Response(_company(get_object_or_404(Company, pk=pk)))

    @extend_schema(request=serializers.CompanyChangeSerializer, responses=serializers.CompanySerializer)
    def patch(self, request: Request, pk: int) -> Response:
        """Changes what is said."""
        company = get_object_or_404(Company, pk=pk)
        data = valid(serializers.CompanyChangeSerializer(data=request.data))
        companies.change(company=company, fields=_fields(data, of=company))
        return Response(_company(company))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Its people stay."""
        companies.delete(company=get_object_or_404(Company, pk=pk))
        return Response(status=204)


class CompanyMembers(APIView):
    permission_classes = [api_may(Act.SEE_CUSTOMERS, to_write=Act.EDIT_CUSTOMERS)]

    @extend_schema(responses=serializers.MemberSerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        """Its people and their roles, newest first."""
        rows = get_object_or_404(Company, pk=pk).members.select_related("customer")
        return paged(request, rows, time_field="created_at", render=lambda page: [_member(row) for row in page])

    @extend_schema(request=serializers.MemberWriteSerializer, responses={201: serializers.MemberSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Puts a customer in the company, or changes the role."""
        company = get_object_or_404(Company, pk=pk)
        data = valid(serializers.MemberWriteSerializer(data=request.data))
        customer = Customer.objects.present().filter(pk=data["customer"]).first()
        if customer is None:
            raise ValidationError({"customer": ["There is no such customer."]})
        member = companies.add_member(company=company, customer=customer, role=data.get("role", ""))
        return Response(_member(member), status=201)


class CompanyMemberDetail(APIView):
    permission_classes = [api_may(Act.SEE_CUSTOMERS, to_write=Act.EDIT_CUSTOMERS)]

    @extend_schema(responses=serializers.MemberSerializer)
    def get(self, request: Request, pk: int, customer: int) -> Response:
        """One customer in the company."""
        rows = CompanyMember.objects.select_related("customer")
        return Response(_member(get_object_or_404(rows, company=pk, customer=customer)))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int, customer: int) -> Response:
        """Takes a customer out of the company."""
        companies.remove_member(company=get_object_or_404(Company, pk=pk), customer_id=customer)
        return Response(status=204)


def _fields(data: dict[str, Any], *, of: Company | None = None) -> dict[str, Any]:
    """Checked against what else there is. Raises ValidationError."""
    if data.get("external_id") == "":
        data["external_id"] = None
    if data.get("external_id"):
        other = Company.objects.filter(external_id=data["external_id"]).first()
        if other is not None and other != of:
            raise ValidationError({"external_id": ["Another company has this external id."]})
    if data.get("owner") is not None:
        data["owner"] = User.objects.filter(pk=data["owner"], is_active=True).first()
        if data["owner"] is None:
            raise ValidationError({"owner": ["There is no such user."]})
    if "country" in data:
        data["country"] = data["country"].upper()
    return data


def _company(row: Company) -> dict[str, Any]:
    return {
        "id": row.pk,
        "name": row.name,
        "domain": row.domain,
        "country": row.country,
        "external_id": row.external_id,
        "owner": row.owner_id,
        "traits": row.traits,
        "created_at": row.created_at,
    }


def _member(row: CompanyMember) -> dict[str, Any]:
    return {"customer": row.customer_id, "name": str(row.customer), "role": row.role, "since": row.created_at}
