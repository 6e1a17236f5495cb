"""A map that somebody brings becomes a draft. Over one that exists it is one edit, which can be taken back."""

from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.customers.models import Persona
from apps.journeys.actions import drafts
from apps.journeys.actions.edits import edit
from apps.journeys.enums import StageKind
from apps.journeys.models import Journey, MapEdit
from apps.journeys.selectors.drafts import export_text
from apps.journeys.selectors.versions import Difference, compare
from apps.journeys.wire import JourneyText
from apps.staff.models import User

NOT_THERE = -1


class Moved(Exception):
    """Somebody has edited the draft since it was looked at."""


@dataclass(frozen=True)
class Preview:
    """What an import would make or change. `seen` is the draft's last edit, 0 for none, NOT_THERE without a draft."""

    text: JourneyText
    existing: Journey | None
    seen: int
    changes: list[Difference] = field(default_factory=list)
    new_personas: list[str] = field(default_factory=list)

    @property
    def outline(self) -> list[tuple[str, str, list[str]]]:
        """Each stage's name, kind in words and names of steps."""
        return [
            (stage.name, str(StageKind(stage.kind).label), [step.name for step in stage.steps])
            for stage in self.text.stages
        ]


def try_out(*, text: JourneyText) -> Preview:
    """Does all and takes it back. Raises MapError."""
    known = set(Persona.objects.filter(name__in=_personas(text)).values_list("name", flat=True))
    with transaction.atomic():
        existing = Journey.objects.select_for_update(of=("self",), no_key=True).filter(name=text.name).first()
        before = export_text(existing, with_keys=True) if existing else None
        written = existing or Journey(name=text.name)
        drafts.write(journey=written, text=text, names=drafts.Names())
        changes = compare(before, export_text(written, with_keys=True)) if before else []
        seen = last_edit(existing)
        transaction.set_rollback(True)
    return Preview(
        text=text,
        existing=existing,
        seen=seen,
        changes=changes,
        new_personas=[name for name in _personas(text) if name not in known],
    )


def _personas(text: JourneyText) -> list[str]:
    return list(dict.fromkeys(name for name in (text.persona, *(lane.persona for lane in text.lanes)) if name))


def last_edit(journey: Journey | None) -> int:
    if journey is None:
        return NOT_THERE
    row = MapEdit.objects.filter(journey=journey).order_by("-pk").first()
    return row.pk if row else 0


@transaction.atomic
def import_map(*, text: JourneyText, by: User | None, now: datetime, seen: int | None = None) -> Journey:
    """The journey of that name, made or its draft replaced. `seen` is from the preview. Raises MapError, Moved."""
    journey = Journey.objects.filter(name=text.name).first()
    if journey is None:
        return drafts.import_text(text=text)
    with edit(journey_id=journey.pk, label=_("Import"), by=by, now=now) as locked:
        if seen is not None and seen != last_edit(locked):
            raise Moved
        drafts.write(journey=locked, text=text, names=drafts.Names())
    return locked
