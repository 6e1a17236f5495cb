"""What the addresses of the map editor name."""

from apps.journeys import wire
from apps.journeys.actions import drafts
from apps.journeys.models import Card, Lane, MapImage
from tests.journeys.maps import SHOP


def of_editor() -> dict[str, dict]:
    """On a map of its own: restoring a version makes the parts of a map anew."""
    journey = drafts.import_text(text=wire.read(SHOP | {"name": "Drawn"}))
    pk = {"pk": journey.pk}
    card = Card.objects.filter(lane__journey=journey).earliest("pk")
    spare = Lane.objects.create(journey=journey, kind="note", name="To be deleted", position=90)
    image = MapImage.objects.create(digest="0" * 64, content=b"", content_type="image/png", width=1, height=1)
    part = {**pk, "kind": "card", "part": card.pk}
    names = ("map_edit", "map_undo", "map_redo", "map_news", "journey_scope")
    return {
        "api_card_list": pk, "api_card_detail": {**pk, "key": card.key},
        **dict.fromkeys(names, pk), "map_image": {"digest": image.digest},
        "cell_detail": {**pk, "step": card.step_id, "lane": card.lane_id},
        "emotion_set": {**pk, "step": card.step_id}, "part_create": {**pk, "kind": "lane"},
        "part_edit": part, "part_move": part, "part_duplicate": part,
        "part_delete": {**pk, "kind": "lane", "part": spare.pk},
    }  # fmt: skip
