"""What people say on a map and the links that share it, for the walk."""

from datetime import datetime

from apps.core import links
from apps.journeys.models import Card, Comment, Journey, ShareLink


def of_together(journey: Journey, now: datetime) -> dict[str, dict]:
    pk, key = {"pk": journey.pk}, Card.objects.filter(step__stage__journey=journey).latest("pk").key
    comment = Comment.objects.create(journey=journey, card_key=key, text="Why?", guest_name="Guest", at=now)
    link = ShareLink.objects.create(journey=journey, name="Workshop", takes_comments=True, created_at=now)
    spare = ShareLink.objects.create(journey=journey, name="Spare", created_at=now)
    token = {"token": links.sign("map", link.pk)}
    return {
        "card_comments": {**pk, "key": key}, "comment_change": {**pk, "comment": comment.pk}, "comment_list": pk,
        "share_links": pk, "share_link_revoke": {"pk": spare.pk}, "map_present": pk, "api_comment_list": pk,
        "api_share_link_list": pk, "api_share_link_revoke": {"pk": spare.pk}, "map_shared": token,
        "map_shared_card": {**token, "key": key}, "map_shared_image": {**token, "digest": "0"},
    }  # fmt: skip
