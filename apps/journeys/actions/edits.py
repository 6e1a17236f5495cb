"""Every act on a draft is one edit: the rows it made, changed and took away, each as before and after. That is what
undo and redo apply; an act needs to know nothing of it but `edit`."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, transaction
from django.db.models import CharField, F, ForeignKey, Model, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext as _

from apps.journeys.models import Card, Journey, Lane, MapEdit, Stage, Step
from apps.journeys.selectors import edits as selectors
from apps.staff.models import User

type Row = dict[str, Any]
type Picture = dict[tuple[str, int], Row]
type Turn = tuple[dict[str, Any], Row | None, Row | None]  # a change, what it is turned from and to

_TABLES: dict[str, tuple[type[Model], str]] = {  # parents first; where a row names its journey
    "journey": (Journey, "pk"),
    "stage": (Stage, "journey"),
    "step": (Step, "stage__journey"),
    "lane": (Lane, "journey"),
    "card": (Card, "step__stage__journey"),
}
_PARENTS = {"step": [("stage", "stage_id")], "card": [("step", "step_id"), ("lane", "lane_id")]}
_NOT_DRAWN = {"current_version_id", "created_at"}
_PLACE = {"position", "stage_id", "step_id", "lane_id"}
_KEPT = 500  # edits of a map; older ones cannot be undone


class Conflict(ValueError):
    """Somebody else has changed since what this would put back; the text says what."""


class NothingToDo(ValueError):
    """There is no edit of this person to take back or to do again."""


@contextmanager
def edit(*, journey_id: int, label: str, by: User | None, now: datetime) -> Iterator[Journey]:
    """One transaction, one edit; edits of one map wait for each other. What raises leaves no trace. Raises
    Conflict when somebody was faster with a name."""
    try:
        with transaction.atomic():
            journey = Journey.objects.select_for_update(of=("self",), no_key=True).get(pk=journey_id)
            before = _look(journey_id)
            yield journey
            changes = _differences(before, _look(journey_id))
            if changes:
                _count(changes)
                edit = MapEdit.objects.create(journey=journey, by=by, at=now, label=label[:200], changes=changes)
                MapEdit.objects.filter(journey=journey, pk__in=_beyond(edit)).delete()
    except IntegrityError as error:
        raise Conflict(_("Another part of this map has this name by now, or it has its lapsed stage.")) from error


def _beyond(edit: MapEdit) -> list[int]:
    rows = MapEdit.objects.filter(journey=edit.journey_id).order_by("-pk")
    return list(rows.values_list("pk", flat=True)[_KEPT : _KEPT + 100])


def _look(journey_id: int) -> Picture:
    found: Picture = {}
    for table, (model, path) in _TABLES.items():
        for row in model._default_manager.filter(**{path: journey_id}).values():  # noqa: SLF001
            found[table, row["id"]] = {name: value for name, value in row.items() if name not in _NOT_DRAWN}
    return found


def _differences(before: Picture, after: Picture) -> list[dict[str, Any]]:
    """Parents first."""
    order = list(_TABLES)
    keys = [key for key in before.keys() | after.keys() if before.get(key) != after.get(key)]
    keys.sort(key=lambda key: (order.index(key[0]), key[1]))
    return [
        {"table": table, "id": pk, "before": _plain(before.get((table, pk))), "after": _plain(after.get((table, pk)))}
        for table, pk in keys
    ]


def _plain(row: Row | None) -> Row | None:
    """As JSON keeps it."""
    plain: Row | None = json.loads(json.dumps(row, cls=DjangoJSONEncoder))
    return plain


def _count(changes: list[dict[str, Any]]) -> None:
    """A row whose content changed has another revision; who still edits the old one is told (actions.parts)."""
    for change in changes:
        before, after = change["before"], change["after"]
        if before and after and any(before[name] != after[name] for name in after.keys() - _PLACE):
            _model(change).filter(pk=change["id"]).update(revision=F("revision") + 1)
            after["revision"] += 1


def _model(change: dict[str, Any]) -> Any:
    return _TABLES[change["table"]][0]._default_manager  # noqa: SLF001


# --- Back and forth


def undo(*, journey_id: int, by: User, now: datetime) -> MapEdit:
    """Takes back the last edit of this person. Raises NothingToDo, Conflict."""
    return _turn(journey_id, by, now, is_back=True)


def redo(*, journey_id: int, by: User, now: datetime) -> MapEdit:
    """Raises NothingToDo, Conflict."""
    return _turn(journey_id, by, now, is_back=False)


def _turn(journey_id: int, by: User, now: datetime, *, is_back: bool) -> MapEdit:
    found = None
    try:
        with transaction.atomic():
            Journey.objects.select_for_update(of=("self",), no_key=True).get(pk=journey_id)
            tools = selectors.tools(journey_id=journey_id, by=by)
            found = tools.undo if is_back else tools.redo
            if found is None:
                raise NothingToDo(
                    _("There is nothing to take back.") if is_back else _("There is nothing to do again.")
                )
            _apply(journey_id, found.changes, is_back=is_back)
            found.undone_at = now if is_back else None
            found.save(update_fields=["undone_at"])
            return found
    except (Conflict, IntegrityError) as error:
        # What cannot be turned stays as it is; the next Undo goes on with what was done before.
        if found is not None:
            MapEdit.objects.filter(pk=found.pk).delete()
        taken = _("A name that this needs is taken by something else now.")
        said = str(error) if isinstance(error, Conflict) else taken
        raise Conflict(_("%(what)s It stays as it is.") % {"what": said}) from error


def _apply(journey_id: int, changes: list[dict[str, Any]], *, is_back: bool) -> None:
    here = _look(journey_id)
    turns = [(one, one["after"], one["before"]) if is_back else (one, one["before"], one["after"]) for one in changes]
    for change, source, _target in turns:
        _check_unchanged(change, source, here.get((change["table"], change["id"])))
    _check_empty(turns, here)
    gone = [change for change, _source, target in reversed(turns) if target is None]
    _delete(change for change in gone if change["table"] == "card")  # whose keys may come back in other rows
    _free_names(turns)
    for change, source, target in turns:
        if target is not None:
            _put(change, source, target, here.get((change["table"], change["id"]), {}))
    _delete(change for change in gone if change["table"] != "card")  # what moved out of them is elsewhere by now


def _delete(changes: Iterable[dict[str, Any]]) -> None:
    for change in changes:
        _model(change).filter(pk=change["id"]).delete()


def _check_unchanged(change: dict[str, Any], source: Row | None, current: Row | None) -> None:
    """What the edit left is still there; a place may have shifted."""
    if (source is None) != (current is None):
        raise Conflict(_("Somebody else has changed this part of the map since."))
    if source is None or current is None:
        return
    plain = _plain(current) or {}
    other = change["before"] if source is change["after"] else change["after"]
    touched = {name for name in source if other is None or source[name] != other[name]} - {"position", "revision"}
    if any(plain[name] != source[name] for name in touched):
        words = {"what": source.get("name") or source.get("text", "")}
        raise Conflict(_("“%(what)s” has been changed by somebody else since.") % words)


def _check_empty(turns: list[Turn], here: Picture) -> None:
    """Nothing of others goes with what is taken away."""
    gone = {(change["table"], change["id"]) for change, _source, target in turns if target is None}
    moved = {(change["table"], change["id"]): (source, target) for change, source, target in turns if source and target}
    for (table, pk), row in here.items():
        source, target = moved.get((table, pk), (row, row))
        columns = _PARENTS.get(table, [])
        parents = [(parent, (row if source[name] == target[name] else target)[name]) for parent, name in columns]
        if (table, pk) not in gone and any(parent in gone for parent in parents):
            words = {"what": row.get("name") or row.get("text", "")}
            raise Conflict(_("“%(what)s” has been put there since and would go too.") % words)


def _free_names(turns: list[Turn]) -> None:
    """Names and kinds that are unique may have been swapped."""
    for table, model in (("stage", Stage), ("lane", Lane)):
        ids = [change["id"] for change, source, target in turns if change["table"] == table and source]
        name = Concat(Value("~"), Cast("pk", CharField()))
        model._default_manager.filter(pk__in=ids).update(name=name, kind="")  # noqa: SLF001


def _put(change: dict[str, Any], source: Row | None, target: Row, current: Row) -> None:
    model = _TABLES[change["table"]][0]
    if source is None:
        model._default_manager.bulk_create([model(**_alive(model, target))])  # noqa: SLF001
        return
    values = {name: value for name, value in target.items() if value != source[name] and name != "revision"}
    if change["table"] in {"stage", "lane"}:  # freed before; a colleague may have given others since
        values = {"name": current["name"], "kind": current["kind"], **values}
    _model(change).filter(pk=change["id"]).update(**_alive(model, values), revision=F("revision") + 1)


def _alive(model: type[Model], values: Row) -> Row:
    """Without people, touchpoints and pictures that have gone since."""
    found = dict(values)
    for field in model._meta.concrete_fields:  # noqa: SLF001 - Django's public _meta
        value = found.get(field.attname)
        if not isinstance(field, ForeignKey) or value is None or not field.null:
            continue
        if not field.related_model._default_manager.filter(pk=value).exists():  # noqa: SLF001
            found[field.attname] = None
    return found
