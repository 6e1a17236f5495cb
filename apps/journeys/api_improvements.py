from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.api import page_size
from apps.journeys.enums import CardStatus
from apps.journeys.forms_improvements import FilterForm
from apps.journeys.selectors import improvements as selectors
from apps.journeys.selectors.effects import Effect, Share
from apps.journeys.serializers_improvements import ImprovementSerializer
from apps.staff.enums import Act
from apps.staff.permissions import api_may

_PARAMETERS = [
    OpenApiParameter("q", description="Part of the text."),
    OpenApiParameter("kind", enum=["pain", "opportunity"]),
    OpenApiParameter("journey", type=int),
    OpenApiParameter("department", type=int, description="Of the stage."),
    OpenApiParameter("owner", description="Id of a user, or none."),
    OpenApiParameter("status", enum=[selectors.NOBODY, *CardStatus.values]),
    OpenApiParameter("overdue", enum=["1"]),
    OpenApiParameter("sort", enum=list(selectors.SORTS)),
    OpenApiParameter("cursor"),
    OpenApiParameter("page_size", type=int),
]


class ImprovementList(APIView):
    permission_classes = [api_may(Act.SEE_MAPS)]

    @extend_schema(parameters=_PARAMETERS, responses=ImprovementSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Pain points and opportunities of all drafts, the highest score first; then what is not estimated, then
        opportunities, then what is solved or dropped."""
        form = FilterForm(request.query_params)
        if not form.is_valid():
            raise ValidationError({name: [str(error) for error in errors] for name, errors in form.errors.items()})
        now, size = timezone.now(), page_size(request)
        weights = selectors.weighed(form.filters(), now=now)
        start = _start(request.query_params.get("cursor", ""), weights)
        page = weights[start : start + size]
        has_more = len(weights) > start + size
        results = [_shown(row) for row in selectors.improvements(page, now=now)]
        return Response({"results": results, "next": _next(request, page[-1].pk) if has_more else None})


def _start(cursor: str, weights: list[selectors.Weight]) -> int:
    """A cursor is the id of the last row of the page before."""
    if not cursor:
        return 0
    for place, one in enumerate(weights, 1):
        if str(one.pk) == cursor:
            return place
    raise ValidationError({"cursor": "That page does not exist. Start from the first one."})


def _next(request: Request, pk: int) -> str:
    query = request.query_params.copy()
    query["cursor"] = str(pk)
    return f"{request.build_absolute_uri(request.path)}?{query.urlencode()}"


def _shown(row: selectors.Improvement) -> dict[str, Any]:
    card, stage, weight = row.card, row.card.step.stage, row.weight
    return {
        **{name: getattr(card, name) for name in _PLAIN},
        "id": card.pk,
        "kind": weight.kind,
        "journey_id": stage.journey_id,
        "journey": stage.journey.name,
        "stage": stage.name,
        "step": card.step.name,
        "department": stage.department and stage.department.name,
        "visited": weight.visited,
        "affected": weight.affected,
        "score": weight.score,
        "quadrant": weight.quadrant,
        "owner": str(card.owner) if card.owner else None,
        "is_overdue": row.is_overdue,
        "effect": _effect(row.effect) if row.effect else None,
    }


_PLAIN = (
    "key", "text", "severity", "frequency", "effort", "impact", "status", "due_on", "evidence", "evidence_n",
    "solved_at",
)  # fmt: skip


def _effect(effect: Effect) -> dict[str, Any]:
    low, high = effect.interval or (None, None)
    return {
        "before": _share(effect.before),
        "after": _share(effect.after),
        "difference": effect.difference,
        "low": low,
        "high": high,
        "verdict": effect.verdict,
    }


def _share(one: Share) -> dict[str, Any]:
    low, high = one.interval or (None, None)
    return {"n": one.n, "went_on": one.went_on, "share": one.share, "low": low, "high": high}
