from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core import keyset
from apps.core.api import Conflict, page_size, paged
from apps.customers.actions import duplicates, erasing, merges, people, portability, undoing
from apps.customers.models import Customer, Duplicate, Erasure, Merge
from apps.desk import selectors_merging, serializers
from apps.desk.api import customer_json, find_customer
from apps.desk.forms_people import CustomerForm
from apps.desk.serializers import valid
from apps.staff.enums import Act
from apps.staff.permissions import api_may, writer


class CustomerDetail(APIView):
    permission_classes = [api_may(Act.SEE_CUSTOMERS, to_write=Act.EDIT_CUSTOMERS)]

    @extend_schema(responses=serializers.CustomerSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """One customer; the id of one who was merged away leads to the one who stayed."""
        return Response(customer_json(find_customer(pk)))

    @extend_schema(request=serializers.CustomerChangeSerializer, responses=serializers.ChangedCustomerSerializer)
    def patch(self, request: Request, pk: int) -> Response:
        """Changes own fields. Others with the same e-mail or phone are named, never merged."""
        customer = find_customer(pk)
        try:
            changed = people.change(customer=customer, to=_changes(request, customer), now=timezone.now())
        except people.Moved as error:
            raise Conflict({"detail": str(error)}) from error
        found = selectors_merging.duplicates_of(customer=changed)
        return Response({**customer_json(changed), "possible_duplicates": [row.other.pk for row in found if row.other]})


def _changes(request: Request, customer: Customer) -> dict[str, Any]:
    """Checked and folded as the page does it. Raises ValidationError."""
    data = valid(serializers.CustomerChangeSerializer(data=request.data))
    form = CustomerForm({"country": customer.country, **data, "tags": ""})
    form.is_valid()
    if errors := {name: [str(error) for error in form.errors[name]] for name in data if name in form.errors}:
        raise ValidationError(errors)
    changes = {name: form.cleaned_data[name] for name in data if name != "tags"}
    if "tags" in data:
        changes["tags"] = people.clean_tags(data["tags"])
    return changes


class CustomerMerge(APIView):
    permission_classes = [api_may(Act.MERGE)]

    @extend_schema(request=serializers.MergeWriteSerializer, responses={201: serializers.MergeSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Makes one customer of two; can be undone for 30 days. 409 where they cannot be one."""
        data = valid(serializers.MergeWriteSerializer(data=request.data))
        first = get_object_or_404(Customer, pk=pk)
        second = Customer.objects.filter(pk=data["other"]).first()
        if second is None:
            raise ValidationError({"other": ["There is no such customer."]})
        kept = {first.pk: first, second.pk: second}.get(data.get("stays", 0)) or merges.survivor(first, second)
        gone = second if kept == first else first
        try:
            done = merges.merge(kept=kept, gone=gone, reason=data["reason"], by=writer(request), now=timezone.now())
        except merges.NotMergeable as error:
            raise Conflict({"detail": str(error)}) from error
        return Response(_merge(done), status=201)


class MergeList(APIView):
    permission_classes = [api_may(Act.MERGE)]

    @extend_schema(responses=serializers.MergeSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Merges by staff, newest first."""
        rows = Merge.objects.filter(through_id=None).select_related("kept", "gone")
        return paged(request, rows, time_field="at", render=lambda page: [_merge(row) for row in page])


class MergeUndo(APIView):
    permission_classes = [api_may(Act.MERGE)]

    @extend_schema(request=None, responses=serializers.MergeSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """They are two customers again. 409 where that is too late, and why."""
        merge = get_object_or_404(Merge.objects.filter(through_id=None), pk=pk)
        try:
            undoing.undo(merge=merge, by=writer(request), now=timezone.now())
        except undoing.NotUndoable as error:
            raise Conflict({"detail": str(error)}) from error
        return Response(_merge(Merge.objects.select_related("kept", "gone").get(pk=pk)))


class CustomerErase(APIView):
    permission_classes = [api_may(Act.ADMINISTER)]

    @extend_schema(request=serializers.EraseSerializer, responses=serializers.ErasureSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Deletes everything about the person, for good; answers with the receipt."""
        data = valid(serializers.EraseSerializer(data=request.data))
        try:
            receipt = erasing.erase(
                customer=find_customer(pk), by=writer(request), reason=data["reason"], now=timezone.now()
            )
        except erasing.NotErasable as error:
            raise Conflict({"detail": str(error)}) from error
        return Response(_erasure(receipt))


class ErasureList(APIView):
    permission_classes = [api_may(Act.ADMINISTER)]

    @extend_schema(responses=serializers.ErasureSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Receipts, newest first. They name nobody."""
        rows = Erasure.objects.all()
        return paged(request, rows, time_field="at", render=lambda page: [_erasure(row) for row in page])


class CustomerExport(APIView):
    permission_classes = [api_may(Act.ADMINISTER)]
    throttle_scope = "heavy"

    @extend_schema(
        parameters=[OpenApiParameter("form", enum=["json", "csv"], description="json unless said; csv is a zip")],
        responses={200: OpenApiTypes.OBJECT, 202: serializers.JobStartedSerializer},
    )
    def get(self, request: Request, pk: int) -> HttpResponse:
        """Everything that is kept on the person, as a file. 409 where there is too much for one answer: use POST."""
        customer = find_customer(pk)
        if portability.size(customer=customer) > portability.AT_ONCE:
            raise Conflict({"detail": "There is too much for one answer. POST here starts a job."})
        name, content_type, pieces = portability.download(
            customer=customer, form=_form(request.query_params.get("form")), now=timezone.now()
        )
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
        return HttpResponse(b"".join(pieces), content_type=content_type, headers=headers)

    @extend_schema(
        parameters=[OpenApiParameter("form", enum=["json", "csv"], description="json unless said; csv is a zip")],
        request=None,
        responses={202: serializers.JobStartedSerializer},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Starts a job that makes the same file."""
        user = writer(request)
        job = portability.start_job(
            customer=find_customer(pk),
            form=_form(request.query_params.get("form")),
            user_id=user.pk if user is not None else None,
        )
        return Response({"job": job.pk}, status=202)


class DuplicateList(APIView):
    permission_classes = [api_may(Act.MERGE)]

    @extend_schema(
        parameters=[OpenApiParameter("cursor"), OpenApiParameter("page_size", type=int)],
        responses=serializers.DuplicateSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """Pairs that may be one person, the surest first."""
        cursor = request.query_params.get("cursor")
        rows = selectors_merging.open_duplicates()
        try:
            page = keyset.highest_first(rows, number_field="score", cursor=cursor, size=page_size(request))
        except keyset.BadCursor as error:
            raise ValidationError({"cursor": str(error)}) from error
        following = request.build_absolute_uri(f"{request.path}?cursor={page.next_cursor}")
        results = [_duplicate(row) for row in page.rows]
        return Response({"results": results, "next": following if page.next_cursor else None})


class DuplicateDismiss(APIView):
    permission_classes = [api_may(Act.MERGE)]

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request, pk: int) -> Response:
        """Not the same person; never suggested again."""
        duplicate = get_object_or_404(Duplicate, pk=pk)
        duplicates.dismiss(duplicate=duplicate, by=writer(request), now=timezone.now())
        return Response(status=204)


def _form(said: str | None) -> str:
    if said not in {None, "json", "csv"}:
        raise ValidationError({"form": "Use json or csv."})
    return said or "json"


def _merge(row: Merge) -> dict[str, Any]:
    return {
        "id": row.pk,
        "kept": row.kept_id,
        "gone": row.gone_id,
        "reason": row.reason,
        "at": row.at,
        "undone_at": row.undone_at,
        "can_be_undone": not undoing.why_not(row, now=timezone.now()),
    }


def _erasure(row: Erasure) -> dict[str, Any]:
    return {"customer": row.customer_id, "at": row.at, "reason": row.reason, "counts": row.counts}


def _duplicate(row: Duplicate) -> dict[str, Any]:
    return {
        "id": row.pk,
        "first": row.first_id,
        "second": row.second_id,
        "reasons": row.reasons,
        "score": row.score,
    }
