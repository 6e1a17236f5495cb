"""New maps: from a ready-made set of stages, from the map of an industry, as a copy, or empty. And drafts deleted."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from apps.customers.models import Persona, Segment
from apps.journeys import library, wire
from apps.journeys.actions import drafts
from apps.journeys.models import Journey
from apps.journeys.selectors.drafts import export_text
from apps.staff.models import User
from apps.touchpoints.actions import ingest
from apps.touchpoints.models import Touchpoint


class NameTaken(ValueError):
    """Another map is called so; the text says it."""


class Refused(ValueError):
    """The map stays; the text says why."""


def empty(*, name: str, by: User | None, now: datetime) -> Journey:
    """One stage and the usual lanes. Raises NameTaken."""
    return _create(library.empty_map(), name=name, by=by, now=now)


def from_set(*, key: str, name: str, by: User | None, now: datetime) -> Journey:
    """Raises NameTaken, and KeyError for a set that there is not."""
    return _create(library.map_of_set(key), name=name, by=by, now=now)


@transaction.atomic
def from_template(*, key: str, name: str, by: User | None, now: datetime) -> Journey:
    """With its persona and touchpoints, where none of that name exist. Raises NameTaken, and KeyError for a template
    that there is not."""
    found = library.template(key)
    details = {field: value for field, value in found.persona.items() if field != "name"}
    Persona.objects.get_or_create(name=found.persona["name"], defaults=details)
    Touchpoint.objects.bulk_create([Touchpoint(**one) for one in found.touchpoints], ignore_conflicts=True)
    transaction.on_commit(ingest.forget_cached)
    return _create(found.map, name=name, by=by, now=now)


def copy(*, of: Journey, name: str, by: User | None, now: datetime) -> Journey:
    """The draft of the map, with keys of its own; comments and history stay with the original. Raises NameTaken and,
    for a draft that is not valid, wire.MapError."""
    return _create(_content(of), name=name, by=by, now=now)


def variant(
    *, of: Journey, segment: Segment | None, persona: Persona | None, name: str, by: User | None, now: datetime
) -> Journey:
    """A copy for a segment or a persona that stays linked to its original. Raises as `copy` does."""
    content = _content(of)
    if segment:
        content["segment"] = segment.name
    if persona:
        content["persona"] = persona.name
    return _create(content, name=name, by=by, now=now, variant_of=of)


def _content(journey: Journey) -> dict[str, Any]:
    """With keys, pictures are named and not carried; the keys themselves are not taken over."""
    return export_text(journey, with_keys=True)


@transaction.atomic
def _create(
    content: dict[str, Any], *, name: str, by: User | None, now: datetime, variant_of: Journey | None = None
) -> Journey:
    text = wire.read({**content, "name": name})
    text.owner = by.email if by else None
    try:
        with transaction.atomic():  # who comes second with the name is told by the database
            journey = Journey.objects.create(name=text.name, variant_of=variant_of, created_at=now)
    except IntegrityError as error:
        raise NameTaken(_("There is a map of this name already. Choose another.")) from error
    drafts.write(journey=journey, text=text, names=drafts.Names())
    return journey


def delete(*, journey: Journey) -> None:
    """Raises Refused for a map that was published or that a campaign uses."""
    try:
        with transaction.atomic():
            Journey.objects.filter(pk=journey.pk, current_version=None).exclude(versions__isnull=False).delete()
    except ProtectedError as error:
        text = _("“%(journey)s” stays: a campaign uses it. Delete that first.")
        raise Refused(text % {"journey": journey}) from error
    if Journey.objects.filter(pk=journey.pk).exists():
        text = _("“%(journey)s” stays: it has been published, and customers are measured by it.")
        raise Refused(text % {"journey": journey})
