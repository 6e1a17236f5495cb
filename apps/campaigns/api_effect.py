from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.campaigns import effect_json, selectors_effect, selectors_why
from apps.campaigns import serializers_effect as serializers
from apps.campaigns.actions import dry_runs
from apps.campaigns.checking import CampaignError
from apps.campaigns.models import Campaign, Message
from apps.campaigns.reasons import Asked, RunLine, Why
from apps.customers.models import Customer
from apps.staff.enums import Act
from apps.staff.permissions import api_may, writer

MOST_DAYS = 3650


class CustomerWhy(APIView):
    permission_classes = [api_may(Act.SEE_CUSTOMERS)]

    @extend_schema(
        responses=serializers.WhySerializer,
        parameters=[OpenApiParameter("campaign", str, required=True, description="Its name.")],
    )
    def get(self, request: Request, pk: int) -> Response:
        """Why this customer got the messages of a campaign, or did not: every gate with its inputs and verdict."""
        customer = get_object_or_404(Customer.objects.select_related("merged_into"), pk=pk)
        name = request.query_params.get("campaign", "")
        campaign = None
        if "\x00" not in name:
            campaign = Campaign.objects.select_related("journey", "version").filter(name=name).first()
        if campaign is None:
            raise ValidationError({"campaign": f"There is no campaign {name!r}." if name else "Say which campaign."})
        return Response(_why(selectors_why.why(customer.merged_into or customer, campaign, now=timezone.now())))


class CampaignEffect(APIView):
    permission_classes = [api_may(Act.SEE_CUSTOMERS)]

    @extend_schema(
        responses=serializers.CampaignEffectSerializer,
        parameters=[OpenApiParameter("days", int, description="Runs that began since; all without it.")],
    )
    def get(self, request: Request, pk: int) -> Response:
        """What became of the messages, of the goal and of revenue: per step, way, tone, channel and hour, and beside
        those held out."""
        campaign = get_object_or_404(Campaign.objects.select_related("version"), pk=pk)
        days = request.query_params.get("days", "")
        if days and not (days.isascii() and days.isdecimal() and 0 < int(days[:5]) <= MOST_DAYS and len(days) < 5):
            raise ValidationError({"days": f"Use a whole number from 1 to {MOST_DAYS}."})
        since = selectors_effect.window(int(days) if days else None, now=timezone.now())
        return Response(effect_json.effect(selectors_effect.effect(campaign, since=since)))


class CampaignDryRun(APIView):
    permission_classes = [api_may(Act.SEE_CUSTOMERS, to_write=Act.DESIGN)]

    @extend_schema(responses=serializers.DryRunResultSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """The latest dry run: its state, and its result as far as it has come; no job before the first."""
        job = dry_runs.latest(get_object_or_404(Campaign, pk=pk))
        if job is None:
            return Response({"job": None, "campaign": pk, "state": None, "percent": None, "result": {}})
        return Response({"job": job.pk, "campaign": pk, "state": job.state, "percent": job.percent,
                         "result": job.result})  # fmt: skip

    @extend_schema(request=None, responses={201: serializers.DryRunSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Plays the draft through over the last 90 days; nothing is sent. The result: GET the same
        address."""
        campaign = get_object_or_404(Campaign, pk=pk)
        by = writer(request)
        try:
            job = dry_runs.start(campaign=campaign, user_id=by.pk if by else None, now=timezone.now())
        except CampaignError as error:
            raise ValidationError({"detail": str(error)}) from error
        return Response({"job": job.pk, "campaign": campaign.pk, "state": job.state}, status=201)


def _why(found: Why) -> dict[str, Any]:
    return {
        "customer": found.customer.pk,
        "campaign": found.campaign.name,
        "answer": found.answer,
        "state": found.campaign.state,
        "enrolled": found.is_enrolled,
        "causes": [{"at": line.at, "reason": line.reason} for line in found.causes],
        "audience": {"rule": found.audience.sentence, "fits": found.audience.fits},
        "exit": {"rule": found.exit.sentence, "fits": found.exit.fits},
        "goal": {"rule": found.goal.sentence, "fits": found.goal.fits},
        "runs": [_run(line) for line in found.runs],
        "messages": [_message(message) for message in found.messages],
        "gates": _gates(found.asked[0]) if found.asked else [],
    }


def _run(line: RunLine) -> dict[str, Any]:
    run = line.run
    return {
        "id": run.pk,
        "state": run.state,
        "cause_at": run.cause_at,
        "held_out": run.is_held_out,
        "due_at": run.due_at if line.stands_at else None,
        "exit_reason": run.exit_reason,
        "goal_reached_at": run.goal_reached_at,
        "steps": [{"step": step.number, "what": step.text, "way": step.way, "at": step.at} for step in line.steps],
        "gates": _gates(line.next) if line.next is not None else [],
    }


def _message(message: Message) -> dict[str, Any]:
    return {
        "id": message.pk,
        "step": message.step.position + 1,
        "channel": message.channel,
        "state": message.state,
        "reason": message.reason,
        "due_at": message.due_at,
        "sent_at": message.sent_at,
        "verdicts": message.verdicts,
    }


def _gates(asked: Asked) -> list[dict[str, Any]]:
    return [
        {"gate": line.gate, "verdict": line.verdict, "reason": line.reason, "until": line.until, "inputs": line.inputs}
        for line in asked.lines
    ]
