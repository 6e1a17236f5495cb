from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.api import Conflict, paged, whole
from apps.feedback import open_link
from apps.feedback import selectors_surveys as selectors
from apps.feedback.actions import surveys
from apps.feedback.models import Survey
from apps.feedback.serializers_surveys import ResponseSerializer, ShownSurveySerializer, SurveySerializer
from apps.staff.enums import Act
from apps.staff.permissions import api_may


class SurveyList(APIView):
    permission_classes = [api_may(Act.SEE_MAPS, to_write=Act.DESIGN)]

    @extend_schema(operation_id="survey_list", responses=ShownSurveySerializer(many=True))
    def get(self, request: Request) -> Response:
        """All surveys by name, the archived too, with the number of answers and the score of each."""
        return whole(request, shown(Survey.objects.all()))

    @extend_schema(operation_id="survey_create", request=SurveySerializer, responses={201: ShownSurveySerializer})
    def post(self, request: Request) -> Response:
        """Adds a survey. 409 when there is one of that name."""
        given = SurveySerializer(data=request.data)
        given.is_valid(raise_exception=True)
        return Response(_save(Survey(), given.validated_data), status=201)


class SurveyDetail(APIView):
    permission_classes = [api_may(Act.SEE_MAPS, to_write=Act.DESIGN)]

    @extend_schema(operation_id="survey_read", responses=ShownSurveySerializer)
    def get(self, request: Request, pk: int) -> Response:
        """One survey."""
        return Response(_one(get_object_or_404(Survey, pk=pk)))

    @extend_schema(operation_id="survey_change", request=SurveySerializer, responses=ShownSurveySerializer)
    def patch(self, request: Request, pk: int) -> Response:
        """Changes what is given. 409 when the kind would change and there are answers, or the name is taken."""
        survey = get_object_or_404(Survey, pk=pk)
        given = SurveySerializer(survey, data=request.data, partial=True)
        given.is_valid(raise_exception=True)
        return Response(_save(survey, given.validated_data))


class SurveyResponses(APIView):
    permission_classes = [api_may(Act.SEE_CUSTOMERS)]

    @extend_schema(operation_id="survey_responses", responses=ResponseSerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        """The answers to a survey, the latest first; `customer` is null where nobody knows who answered."""
        rows = selectors.answers(get_object_or_404(Survey, pk=pk))
        return paged(
            request, rows, time_field="answered_at", render=lambda page: list(ResponseSerializer(page, many=True).data)
        )


def _save(survey: Survey, values: dict[str, Any]) -> dict[str, Any]:
    name = values.get("name", survey.name)
    if Survey.objects.filter(name=name).exclude(pk=survey.pk).exists():
        raise Conflict({"name": "There is a survey of this name."})
    is_archived = values.pop("is_archived", survey.archived_at is not None)
    for field, value in values.items():
        setattr(survey, field, value)
    survey.archived_at = (survey.archived_at or timezone.now()) if is_archived else None
    survey.is_open = survey.is_open and not is_archived
    try:
        surveys.save(survey=survey)
    except surveys.Fixed as error:
        raise Conflict({error.field: str(error)}) from error
    except surveys.SurveyError as error:
        raise ValidationError({error.field: str(error)}) from error
    return _one(survey)


def _one(survey: Survey) -> dict[str, Any]:
    return shown(Survey.objects.filter(pk=survey.pk))[0]


def shown(found: QuerySet[Survey]) -> list[dict[str, Any]]:
    rows = []
    for line in selectors.lines(found):
        survey: Any = line.survey
        survey.answers, survey.score = line.n, line.score
        survey.is_archived = survey.archived_at is not None
        survey.open_url = open_link.of(survey).url if survey.takes_open_answers else ""
        rows.append(survey)
    return list(ShownSurveySerializer(rows, many=True).data)
