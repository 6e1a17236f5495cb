from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.campaigns.models import Message
from apps.core.api import paged, whole
from apps.customers import selectors as customers
from apps.customers.models import Customer
from apps.desk import serializers
from apps.desk import serializers_reading as reading
from apps.desk.timeline import title_of
from apps.journeys.selectors.standing import standings
from apps.staff.enums import Act
from apps.staff.permissions import api_may
from apps.touchpoints.models import Interaction


def find_customer(pk: int) -> Customer:
    """The customer, or the one they were merged into."""
    customer = get_object_or_404(Customer.objects.select_related("merged_into"), pk=pk)
    return customer.merged_into or customer


class CustomerList(APIView):
    permission_classes = [api_may(Act.SEE_CUSTOMERS)]

    @extend_schema(responses=serializers.CustomerSerializer(many=True), parameters=[OpenApiParameter("identity", str)])
    def get(self, request: Request) -> Response:
        """`identity`: customers with that e-mail, phone, external or anonymous id; without it, all by last activity."""
        value = request.query_params.get("identity", "").strip()
        found = customers.with_identity(value=value) if value else Customer.objects.present()
        return paged(request, found, time_field="last_activity_at", render=lambda rows: list(map(customer_json, rows)))


class CustomerTimeline(APIView):
    permission_classes = [api_may(Act.SEE_CUSTOMERS)]

    @extend_schema(responses=reading.InteractionSerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        """What happened, newest first."""
        rows = Interaction.objects.for_customer(find_customer(pk)).select_related("touchpoint", "source")
        return paged(request, rows, time_field="occurred_at", render=lambda page: [_interaction(row) for row in page])


class CustomerJourneys(APIView):
    permission_classes = [api_may(Act.SEE_CUSTOMERS)]

    @extend_schema(responses=reading.StandingSerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        """Where the customer stands on each journey, how they came there, and where that deviates from the map."""
        return whole(
            request,
            [
                {
                    "journey": one.journey,
                    "lap": one.lap,
                    "stage": one.stage,
                    "step": one.step,
                    "entered_at": one.entered_at,
                    "overdue": one.is_overdue,
                    "history": [
                        {"lap": s.lap, "stage": s.stage, "entered_at": s.entered_at, "left_at": s.left_at}
                        for s in one.history
                    ],
                    "deviations": [
                        {"kind": d.kind, "stage": d.stage, "step": d.step, "at": d.at} for d in one.deviations
                    ],
                }
                for one in standings(find_customer(pk))
            ],
        )


class CustomerMessages(APIView):
    permission_classes = [api_may(Act.SEE_CUSTOMERS)]

    @extend_schema(responses=reading.MessageSerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        """What was sent, or was not and why."""
        rows = Message.objects.filter(customer=find_customer(pk)).select_related("enrolment__campaign", "step")
        return paged(request, rows, time_field="created_at", render=lambda page: [_message(row) for row in page])


def customer_json(row: Customer) -> dict[str, Any]:
    return {
        "id": row.pk,
        "name": row.name,
        "email": row.email,
        "phone": row.phone,
        "country": row.country,
        "time_zone": row.time_zone,
        "status": row.status,
        "tags": row.tags,
        "owner": row.owner_id,
        "is_identified": row.is_identified,
        "traits": row.traits,
        "first_seen_at": row.first_seen_at,
        "last_activity_at": row.last_activity_at,
    }


def _interaction(row: Interaction) -> dict[str, Any]:
    return {
        "id": row.pk,
        "at": row.occurred_at,
        "event": row.event,
        "by": row.by,
        "channel": row.channel,
        "touchpoint": row.touchpoint.name if row.touchpoint else None,
        "title": title_of(row),
        "properties": row.properties,
    }


def _message(row: Message) -> dict[str, Any]:
    return {
        "id": row.pk,
        "campaign": row.enrolment.campaign.name,
        "step": row.step.position + 1,
        "kind": row.step.kind,
        "channel": row.channel,
        "state": row.state,
        "due_at": row.due_at,
        "sent_at": row.sent_at,
        "reason": row.reason,
        "is_uncertain": row.is_uncertain,
    }
