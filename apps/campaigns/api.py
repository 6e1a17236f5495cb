from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.campaigns import selectors, serializers, wire
from apps.campaigns.actions import campaigns
from apps.campaigns.checking import CampaignError
from apps.campaigns.models import Campaign
from apps.core.api import Conflict, whole
from apps.customers.models import Customer
from apps.staff.enums import Act
from apps.staff.permissions import api_may, writer


class CampaignList(APIView):
    permission_classes = [api_may(Act.SEE_CUSTOMERS)]

    @extend_schema(responses=serializers.CampaignSerializer(many=True))
    def get(self, request: Request) -> Response:
        """All campaigns, by name."""
        rows = Campaign.objects.select_related("journey").order_by("name", "pk")
        return whole(
            request,
            [
                {"id": c.pk, "name": c.name, "state": c.state, "journey": c.journey.name if c.journey else None}
                for c in rows
            ],
        )


class CampaignImport(APIView):
    permission_classes = [api_may(Act.DESIGN)]

    @extend_schema(request=serializers.CampaignTextSerializer, responses={201: serializers.ImportedCampaignSerializer})
    def post(self, request: Request) -> Response:
        """Makes a campaign of text, or edits the draft of that name, which is in force when it is activated. 409 for
        one that is archived."""
        try:
            campaign = campaigns.import_text(text=wire.read(request.data))
        except campaigns.WrongState as error:
            raise Conflict({"detail": str(error)}) from error
        except wire.CampaignError as error:
            raise ValidationError({"detail": str(error)}) from error
        news = campaign.has_news
        return Response(
            {"id": campaign.pk, "name": campaign.name, "state": campaign.state, "has_news": news}, status=201
        )


class CampaignActivate(APIView):
    permission_classes = [api_may(Act.DESIGN)]

    @extend_schema(request=serializers.ActivateSerializer, responses=serializers.ActivatedSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """`{include_present: false}` -> state, `present` (customers in the trigger's stage now), `enrolled`."""
        campaign = get_object_or_404(Campaign, pk=pk)
        data: Any = request.data
        include = data.get("include_present", False) if isinstance(data, dict) else None
        if not isinstance(include, bool):
            raise ValidationError({"include_present": "Use true or false."})
        present = selectors.present_count(campaign)
        try:
            enrolled = campaigns.activate(
                campaign=campaign, include_present=include, now=timezone.now(), by=writer(request)
            )
        except campaigns.WrongState as error:
            raise Conflict({"detail": str(error)}) from error
        except CampaignError as error:
            raise ValidationError({"detail": str(error)}) from error
        return Response({"id": campaign.pk, "state": "active", "present": present, "enrolled": enrolled})


class CampaignEnrol(APIView):
    permission_classes = [api_may(Act.DESIGN)]

    @extend_schema(request=serializers.EnrolSerializer, responses=serializers.EnrolledSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """`{customers: [ids], key}`: enrols them in a campaign whose customers are chosen by hand. The same key twice
        enrols nobody twice."""
        asked = serializers.EnrolSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        data, now = asked.validated_data, timezone.now()
        known = Customer.objects.present().filter(pk__in=data["customers"]).values_list("pk", flat=True)
        try:
            enrolled = campaigns.enrol_by_hand(
                campaign=get_object_or_404(Campaign, pk=pk), customer_ids=known, now=now,
                key=data.get("key") or now.isoformat(),
            )  # fmt: skip
        except campaigns.WrongState as error:
            raise Conflict({"detail": str(error)}) from error
        return Response({"id": pk, "enrolled": enrolled})


class CampaignPause(APIView):
    permission_classes = [api_may(Act.DESIGN)]

    @extend_schema(request=None, responses=serializers.CampaignStateSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """What is due waits; nothing is lost."""
        campaign = get_object_or_404(Campaign, pk=pk)
        try:
            campaigns.pause(campaign=campaign)
        except campaigns.WrongState as error:
            raise Conflict({"detail": str(error)}) from error
        return Response({"id": campaign.pk, "state": "paused"})
