"""Which campaigns use a thing by its name, so that it is not renamed under them."""

from typing import Any

from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext as _

from apps.campaigns import wire
from apps.campaigns.enums import CampaignState
from apps.campaigns.models import Campaign, CampaignVersion, Enrolment


def asking_by(survey: str) -> list[str]:
    """The campaigns, in words, that name the survey in a step or in their trigger."""
    return _naming("survey", survey)


def calling(endpoint: str) -> list[str]:
    """The campaigns, in words, that name the endpoint in a step."""
    return _naming("endpoint", endpoint)


def _naming(setting: str, name: str) -> list[str]:
    """As they are in force, as they are being written, and as runs on the way began."""
    live = Campaign.objects.exclude(state=CampaignState.ARCHIVED).order_by("name")
    on_the_way = Enrolment.objects.active().filter(version=OuterRef("pk"))
    versions = CampaignVersion.objects.filter(Q(pk=F("campaign__version")) | Exists(on_the_way), campaign__in=live)
    texts: dict[int, list[dict[str, Any]]] = {campaign.pk: [campaign.draft] for campaign in live}
    for campaign_id, text in versions.values_list("campaign", "text"):
        texts[campaign_id].append(text)
    return [
        _("the campaign “%(campaign)s”") % {"campaign": campaign}
        for campaign in live
        if any(_names(text, setting, name) for text in texts[campaign.pk])
    ]


def _names(text: dict[str, Any], setting: str, name: str) -> bool:
    steps = wire.walk(text.get("steps", []))
    parts = [text.get("trigger") or {}, *(raw[wire.kind_of(raw)] for raw in steps)]
    return any(isinstance(part, dict) and part.get(setting) == name for part in parts)
