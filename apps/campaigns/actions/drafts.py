"""Edits of a campaign's draft: each under a lock, against the revision that the editor saw. A draft may be incomplete;
what is in force changes only when it is published."""

import copy
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import transaction

from apps.campaigns import checking, wire, wire_steps
from apps.campaigns.actions import campaigns
from apps.campaigns.checking import CampaignError
from apps.campaigns.enums import CampaignState, TriggerKind
from apps.campaigns.models import Campaign


class Outdated(CampaignError):
    """Somebody changed the draft meanwhile; `campaign` is as it is now."""

    def __init__(self, campaign: Campaign) -> None:
        super().__init__("Somebody changed this campaign while you were editing. Look at it again, then save.")
        self.campaign = campaign


@dataclass(frozen=True)
class Place:
    """Where a step stands: in the list of the campaign itself (wire.ROOT), or in that of a way of another step; `at` is
    its place there."""

    parent: str
    way: int
    at: int


type Change = Callable[[dict[str, Any]], None]


@transaction.atomic
def create(*, text: dict[str, Any]) -> Campaign:
    """A new draft; its name is made free where it is taken."""
    name = checking.text(text, "name", "The campaign")
    taken = set(Campaign.objects.filter(name__startswith=name[:190]).values_list("name", flat=True))
    free = next(one for n in range(1, len(taken) + 2) if (one := name if n == 1 else f"{name[:190]} {n}") not in taken)
    draft = copy.deepcopy({**text, "name": free})
    for raw in wire.walk(draft.setdefault("steps", [])):
        raw.setdefault("key", str(uuid.uuid4()))
    kind = draft.get("trigger", {}).get("on", TriggerKind.MANUAL.value)
    return Campaign.objects.create(name=free, draft=draft, trigger=kind, revision=1)


@transaction.atomic
def edit(*, campaign: Campaign, revision: int | None, change: Change) -> Campaign:
    """Runs `change` on the draft. Raises Outdated, WrongState, and what `change` raises."""
    campaign = campaigns.lock(campaign)
    if campaign.state == CampaignState.ARCHIVED:
        raise campaigns.WrongState("An archived campaign cannot be changed. Copy it instead.")
    if revision is not None and revision != campaign.revision:
        raise Outdated(campaign)
    before = copy.deepcopy(campaign.draft)
    change(campaign.draft)
    if campaign.draft == before:
        return campaign
    if _has_nul(campaign.draft):
        raise CampaignError("A text holds a sign that cannot be kept (NUL). Type it again.")
    campaign.name = checking.text(campaign.draft, "name", "The campaign")
    if Campaign.objects.exclude(pk=campaign.pk).filter(name=campaign.name).exists():
        raise CampaignError(f'There is another campaign named "{campaign.name}".')
    campaign.revision += 1
    campaign.save(update_fields=["draft", "name", "revision"])
    return campaign


def _has_nul(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_has_nul(part) for pair in value.items() for part in pair)
    if isinstance(value, list):
        return any(map(_has_nul, value))
    return isinstance(value, str) and "\x00" in value


def change_step(
    *, campaign: Campaign, key: str, settings: dict[str, Any], revision: int | None, is_whole: bool = False
) -> Campaign:
    """New settings of a step; the steps inside its ways stay. `is_whole`: what is not complete is refused."""

    def change(draft: dict[str, Any]) -> None:
        raw = step_of(draft, key)
        kind = wire.kind_of(raw)
        if is_whole:
            _check_whole({"key": key, kind: copy.deepcopy(settings)})
        inner = wire.lists_of(raw)
        raw[kind] = settings
        for (_name, steps), (_same, now) in zip(inner, wire.lists_of(raw), strict=False):
            now[:] = steps

    return edit(campaign=campaign, revision=revision, change=change)


def _check_whole(raw: dict[str, Any]) -> None:
    try:
        wire_steps.read([raw])
    except CampaignError as error:  # "Step 1 (message): …", which it is not in its campaign
        raise CampaignError(str(error).partition(": ")[2] or str(error)) from error


def set_part(*, campaign: Campaign, values: dict[str, Any], revision: int | None) -> Campaign:
    """Some of the campaign's own fields; None takes one away."""

    def change(draft: dict[str, Any]) -> None:
        for name, value in values.items():
            if value is None:
                draft.pop(name, None)
            else:
                draft[name] = value

    return edit(campaign=campaign, revision=revision, change=change)


def add_step(*, campaign: Campaign, raw: dict[str, Any], place: Place, revision: int | None) -> str:
    """Returns the key of the new step."""
    key = str(uuid.uuid4())

    def change(draft: dict[str, Any]) -> None:
        if sum(1 for _ in wire.walk(draft["steps"])) >= wire.MOST_STEPS:
            raise CampaignError(f"A campaign may have at most {wire.MOST_STEPS} steps.")
        _list_at(draft, place).insert(place.at, {**copy.deepcopy(raw), "key": key})

    edit(campaign=campaign, revision=revision, change=change)
    return key


def move_step(*, campaign: Campaign, key: str, by: int, revision: int | None) -> Campaign:
    """Up (−1) or down (+1) in its list; at the end of the list it stays."""

    def change(draft: dict[str, Any]) -> None:
        siblings, at = _siblings(draft, key)
        to = min(max(at + by, 0), len(siblings) - 1)
        siblings.insert(to, siblings.pop(at))

    return edit(campaign=campaign, revision=revision, change=change)


def delete_step(*, campaign: Campaign, key: str, revision: int | None) -> Campaign:
    """With everything inside its ways."""

    def change(draft: dict[str, Any]) -> None:
        siblings, at = _siblings(draft, key)
        del siblings[at]

    return edit(campaign=campaign, revision=revision, change=change)


def duplicate_step(*, campaign: Campaign, key: str, revision: int | None) -> Campaign:
    """The same once more behind it, with keys of its own."""

    def change(draft: dict[str, Any]) -> None:
        siblings, at = _siblings(draft, key)
        twin = copy.deepcopy(siblings[at])
        for raw in wire.walk([twin]):
            raw["key"] = str(uuid.uuid4())
        siblings.insert(at + 1, twin)

    return edit(campaign=campaign, revision=revision, change=change)


def copy_campaign(*, campaign: Campaign) -> Campaign:
    text = copy.deepcopy(campaign.draft)
    for raw in wire.walk(text.get("steps", [])):
        raw["key"] = str(uuid.uuid4())
    return create(text=text)


def undo(*, campaign: Campaign, revision: int | None) -> Campaign:
    """The draft as it was before the last edit; once more brings it back. What it was stands in the audit."""
    events = apps.get_model("campaigns", "CampaignEvent")
    earlier = events.objects.filter(pgh_obj_id=campaign.pk, revision__lt=campaign.revision)
    last = earlier.order_by("-revision", "-pgh_id").values_list("draft", flat=True).first()
    if last is None:
        raise CampaignError("There is nothing to take back.")

    def change(draft: dict[str, Any]) -> None:
        draft.clear()
        draft.update(last)

    return edit(campaign=campaign, revision=revision, change=change)


def step_of(draft: dict[str, Any], key: str) -> dict[str, Any]:
    found = next((raw for raw in wire.walk(draft.get("steps", [])) if raw.get("key") == key), None)
    if found is None:
        raise CampaignError("This step is gone. Somebody may have deleted it.")
    return found


def _list_at(draft: dict[str, Any], place: Place) -> list[dict[str, Any]]:
    if place.parent == wire.ROOT:
        return draft["steps"]  # type: ignore[no-any-return]
    lists = wire.lists_of(step_of(draft, place.parent))
    if not 0 <= place.way < len(lists):
        raise CampaignError("This way is gone. Somebody may have deleted it.")
    return lists[place.way][1]


def _siblings(draft: dict[str, Any], key: str) -> tuple[list[dict[str, Any]], int]:
    """The list in which the step stands, and where."""
    lists = [draft["steps"]]
    for raw in wire.walk(draft["steps"]):
        lists += [steps for _name, steps in wire.lists_of(raw)]
    for steps in lists:
        for at, raw in enumerate(steps):
            if raw.get("key") == key:
                return steps, at
    raise CampaignError("This step is gone. Somebody may have deleted it.")
