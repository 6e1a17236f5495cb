from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.api import Conflict, whole
from apps.journeys import wire
from apps.journeys.actions import cards, parts
from apps.journeys.models import Card, Journey
from apps.journeys.selectors.drafts import card_text, cards_of
from apps.journeys.serializers_parts import CardChangeSerializer, CardSerializer
from apps.staff.enums import Act
from apps.staff.permissions import api_may, writer


class CardList(APIView):
    permission_classes = [api_may(Act.SEE_MAPS, to_write=Act.DESIGN)]

    @extend_schema(operation_id="card_list", responses=CardSerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        """The cards of the draft, in the order of the map."""
        return whole(request, [_card(card) for card in cards_of(get_object_or_404(Journey, pk=pk))])

    @extend_schema(operation_id="card_create", request=CardSerializer, responses={201: CardSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Puts a card at the end of its cell."""
        journey = get_object_or_404(Journey, pk=pk)
        try:
            card = cards.add(journey=journey, said=_said(request), by=writer(request), now=timezone.now())
        except wire.MapError as error:
            raise ValidationError({"detail": str(error)}) from error
        return Response(_card(card), status=201)


class CardDetail(APIView):
    permission_classes = [api_may(Act.SEE_MAPS, to_write=Act.DESIGN)]

    @extend_schema(operation_id="card_change", request=CardChangeSerializer, responses=CardSerializer)
    def patch(self, request: Request, pk: int, key: str) -> Response:
        """Changes what is said. 409 with the card as it stands when somebody was faster."""
        card = _found(pk, key)
        said = _said(request)
        revision = said.pop("revision", None)
        if not isinstance(revision, int) or isinstance(revision, bool):
            raise ValidationError({"revision": "Say the revision of the card that you change; GET the cards for it."})
        try:
            cards.change(card=card, said=said, revision=revision, by=writer(request), now=timezone.now())
        except wire.MapError as error:
            raise ValidationError({"detail": str(error)}) from error
        except parts.Stale as stale:
            raise _stale(stale) from stale
        return Response(_card(_found(pk, key)))

    @extend_schema(
        operation_id="card_delete",
        parameters=[OpenApiParameter("revision", int, required=True)],
        request=None,
        responses={204: None},
    )
    def delete(self, request: Request, pk: int, key: str) -> Response:
        """409 with the card as it stands when somebody has changed it since that revision."""
        said = request.query_params.get("revision", "")
        if not said.isdecimal() or len(said) > 9:
            raise ValidationError({"revision": "Say the revision of the card that you delete; GET the cards for it."})
        try:
            parts.delete(part=_found(pk, key), revision=int(said), by=writer(request), now=timezone.now())
        except parts.Stale as stale:
            raise _stale(stale) from stale
        return Response(status=204)


def _found(pk: int, key: str) -> Card:
    return get_object_or_404(cards_of(get_object_or_404(Journey, pk=pk)), key=key)


def _stale(stale: parts.Stale) -> Conflict:
    theirs = stale.theirs
    return Conflict({"detail": str(stale), "card": _card(theirs) if isinstance(theirs, Card) else None})


def _said(request: Request) -> dict[str, Any]:
    if not isinstance(request.data, dict):
        raise ValidationError({"detail": "Send a JSON object."})
    return dict(request.data)


def _card(card: Card) -> dict[str, Any]:
    return {**card_text(card, with_keys=True), "revision": card.revision}
