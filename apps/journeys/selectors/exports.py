"""Which map of a journey goes out: its draft or one of its versions, as the JSON of the import without keys."""

from typing import Any

from django.utils.translation import gettext as _

from apps.journeys.models import PICTURE, Journey, MapImage
from apps.journeys.selectors.drafts import export_text


def state_of(number: int | None) -> str:
    return _("Draft") if number is None else _("Version %(number)d") % {"number": number}


def text_of(journey: Journey, number: int | None) -> dict[str, Any] | None:
    """Pictures stand in the text. None where there is no such version."""
    if number is None:
        return export_text(journey)
    version = journey.versions.filter(number=number).first()
    return None if version is None else _plain(version.snapshot)


def _plain(snapshot: dict[str, Any]) -> dict[str, Any]:
    named = {card["image"] for card in snapshot["cards"] if card.get("image")}
    images = MapImage.objects.filter(digest__in=[name.removeprefix(PICTURE) for name in named])
    pictures = {image.name: image.data_uri for image in images}
    stages = [{**_keyless(stage), "steps": [_keyless(step) for step in stage["steps"]]} for stage in snapshot["stages"]]
    cards = [_card(card, pictures) for card in snapshot["cards"]]
    return {**snapshot, "stages": stages, "cards": cards}


def _card(card: dict[str, Any], pictures: dict[str, str]) -> dict[str, Any]:
    found = _keyless(card)
    if "image" in found:
        found["image"] = pictures.get(found["image"], "")
    return {name: value for name, value in found.items() if name != "image" or value}


def _keyless(part: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in part.items() if name != "key"}
