from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.campaigns import selectors, wire
from apps.campaigns.actions import campaigns
from apps.campaigns.models import Campaign
from apps.core.api import Conflict, whole
from apps.staff.enums import Act
from apps.staff.permissions import api_may


class CampaignList(APIView):
    permission_classes = [api_may(Act.SEE_CUSTOMERS)]

    def get(self, request: Request) -> Response:
        rows = Campaign.objects.select_related("journey").order_by("name", "pk")
        return whole([{"id": c.pk, "name": c.name, "state": c.state, "journey": c.journey.name} for c in rows])


class CampaignImport(APIView):
    permission_classes = [api_may(Act.DESIGN)]

    def post(self, request: Request) -> Response:
        try:
            campaign = campaigns.import_text(text=wire.read(request.data))
        except campaigns.WrongState as error:
            raise Conflict({"detail": str(error)}) from error
        except wire.CampaignError as error:
            raise ValidationError({"detail": str(error)}) from error
        return Response({"id": campaign.pk, "name": campaign.name, "state": campaign.state}, status=201)


class CampaignActivate(APIView):
    permission_classes = [api_may(Act.DESIGN)]

    def post(self, request: Request, pk: int) -> Response:
        """`{include_present: false}` -> state, `present` (customers in the trigger's stage now), `enrolled`."""
        campaign = get_object_or_404(Campaign, pk=pk)
        data: Any = request.data
        include = data.get("include_present", False) if isinstance(data, dict) else None
        if not isinstance(include, bool):
            raise ValidationError({"include_present": "Use true or false."})
        present = selectors.present(campaign).count()
        try:
            enrolled = campaigns.activate(campaign=campaign, include_present=include, now=timezone.now())
        except campaigns.WrongState as error:
            raise Conflict({"detail": str(error)}) from error
        return Response({"id": campaign.pk, "state": "active", "present": present, "enrolled": enrolled})


class CampaignPause(APIView):
    permission_classes = [api_may(Act.DESIGN)]

    def post(self, request: Request, pk: int) -> Response:
        campaign = get_object_or_404(Campaign, pk=pk)
        try:
            campaigns.pause(campaign=campaign)
        except campaigns.WrongState as error:
            raise Conflict({"detail": str(error)}) from error
        return Response({"id": campaign.pk, "state": "paused"})
