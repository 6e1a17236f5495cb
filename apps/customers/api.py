from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core import rules
from apps.core.api import Conflict, paged
from apps.core.comparison import RuleError
from apps.customers import serializers
from apps.customers.actions import segments
from apps.customers.enums import SegmentKind
from apps.customers.models import Membership, Segment
from apps.customers.previews import API_MILLISECONDS, preview
from apps.staff.enums import Act
from apps.staff.permissions import api_may, writer


class SegmentList(APIView):
    permission_classes = [api_may(Act.SEE_CUSTOMERS, to_write=Act.DESIGN)]

    @extend_schema(responses=serializers.SegmentSerializer(many=True))
    def get(self, request: Request) -> Response:
        """All segments, newest first."""
        rows = Segment.objects.all()
        return paged(request, rows, time_field="created_at", render=lambda page: [_segment(row) for row in page])

    @extend_schema(request=serializers.SegmentWriteSerializer, responses={201: serializers.SegmentSerializer})
    def post(self, request: Request) -> Response:
        """Makes a segment; one by rule is built in the background."""
        data = _valid(serializers.SegmentWriteSerializer(data=request.data))
        segment = Segment(kind=data.get("kind", SegmentKind.RULE), name=data["name"])
        return Response(_segment(_saved(segment, data, request)), status=201)


class SegmentDetail(APIView):
    permission_classes = [api_may(Act.SEE_CUSTOMERS, to_write=Act.DESIGN)]

    @extend_schema(responses=serializers.SegmentSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """One segment."""
        return Response(_segment(get_object_or_404(Segment, pk=pk)))

    @extend_schema(request=serializers.SegmentChangeSerializer, responses=serializers.SegmentSerializer)
    def patch(self, request: Request, pk: int) -> Response:
        """Changes what is said; an edited rule is built anew in the background."""
        segment = get_object_or_404(Segment, pk=pk)
        data = _valid(serializers.SegmentChangeSerializer(data=request.data))
        return Response(_segment(_saved(segment, data, request)))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """409 while a rule asks for it."""
        try:
            segments.delete(segment=get_object_or_404(Segment, pk=pk))
        except segments.SegmentError as error:
            raise Conflict(str(error)) from error
        return Response(status=204)


class SegmentMembers(APIView):
    permission_classes = [api_may(Act.SEE_CUSTOMERS, to_write=Act.DESIGN)]

    @extend_schema(
        responses=serializers.SegmentMemberSerializer(many=True),
        parameters=[OpenApiParameter("history", bool, description="true: those who left, too")],
    )
    def get(self, request: Request, pk: int) -> Response:
        """Who is in it, latest joined first."""
        rows = Membership.objects.filter(segment=get_object_or_404(Segment, pk=pk)).select_related("customer")
        if request.query_params.get("history") != "true":
            rows = rows.current()
        return paged(request, rows, time_field="joined_at", render=lambda page: [_member(row) for row in page])

    @extend_schema(request=serializers.MembersChangeSerializer, responses=serializers.MembersChangedSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Puts customers on a list and takes others off it. 409 for a segment by rule."""
        segment = get_object_or_404(Segment, pk=pk)
        data = _valid(serializers.MembersChangeSerializer(data=request.data))
        now = timezone.now()
        try:
            added = segments.add(segment=segment, customer_ids=data.get("add", []), now=now)
            removed = segments.remove(segment=segment, customer_ids=data.get("remove", []), now=now)
        except segments.SegmentError as error:
            raise Conflict(str(error)) from error
        return Response({"added": added, "removed": removed})


class SegmentPreview(APIView):
    permission_classes = [api_may(Act.SEE_CUSTOMERS)]
    throttle_scope = "heavy"

    @extend_schema(request=serializers.RuleAskedSerializer, responses=serializers.PreviewSerializer)
    def post(self, request: Request) -> Response:
        """How many customers fit a rule, and ten of them. Writes nothing."""
        rule = _rule(_valid(serializers.RuleAskedSerializer(data=request.data))["rule"])
        found = preview(rule=rule, now=timezone.now(), milliseconds=API_MILLISECONDS)
        sample = [{"id": one.pk, "name": str(one), "email": one.email} for one in found.sample]
        return Response({"count": found.count, "sample": sample, "sentence": rules.sentence(rule)})


def _valid(serializer: Any) -> Any:
    serializer.is_valid(raise_exception=True)
    return serializer.validated_data


def _rule(rule: Any) -> dict[str, Any]:
    try:
        rules.check(rule)
    except RuleError as error:
        raise ValidationError({"rule": [str(error)]}) from error
    return dict(rule)


def _saved(segment: Segment, data: dict[str, Any], request: Request) -> Segment:
    segment.name = data.get("name", segment.name)
    segment.description = data.get("description", segment.description)
    if segment.kind == SegmentKind.RULE:
        segment.rule = _rule(data.get("rule", segment.rule))
    try:
        by = writer(request)
        return segments.save(segment=segment, by=by, now=timezone.now())
    except RuleError as error:
        raise ValidationError({"rule": [str(error)]}) from error
    except segments.SegmentError as error:
        raise Conflict({"name": [str(error)]}) from error


def _segment(row: Segment) -> dict[str, Any]:
    names = ("name", "description", "kind", "rule", "size", "sized_at", "created_at")
    return {
        "id": row.pk,
        **{name: getattr(row, name) for name in names},
        "sentence": rules.sentence(row.rule) if row.kind == SegmentKind.RULE else "",
        "is_built": row.kind == SegmentKind.LIST or row.built_rule == row.rule,
    }


def _member(row: Membership) -> dict[str, Any]:
    return {
        "customer": row.customer_id,
        "name": str(row.customer),
        "joined_at": row.joined_at,
        "left_at": row.left_at,
    }
