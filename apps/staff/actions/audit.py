from typing import Any

import pghistory.models
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Model
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from apps.core import registry
from apps.staff.selectors.audit import AnyField, tracked


class CannotUndo(ValueError):
    """The text says what stands in the way."""


@transaction.atomic
def undo(*, event: pghistory.models.Event) -> Model:
    """Puts back the fields that a change changed, or makes again what was deleted; is itself in the audit.
    Raises CannotUndo."""
    model = tracked(type(event))
    if model._meta.label not in registry.undoable:
        raise CannotUndo(_("Changes of this kind are put right on their own page."))
    row, put_back = _made_again(event, model) if event.pgh_label == "delete" else _put_back(event, model)
    try:
        with transaction.atomic():
            _check(row, put_back)
            row.save(force_insert=row._state.adding)
    except ValidationError as error:
        raise CannotUndo(_in_words(error)) from error
    except IntegrityError as error:
        raise CannotUndo(_("Something else depends on what is there now.")) from error
    return row


def _check(row: Model, put_back: list[AnyField]) -> None:
    """Like full_clean, but what stays as it was is not asked about again."""
    names = {field.name for field in put_back}
    row.clean_fields(exclude={field.name for field in row._meta.fields} - names)
    row.clean()
    row.validate_unique()
    row.validate_constraints()


def _put_back(event: Any, model: type[Model]) -> tuple[Model, list[AnyField]]:
    previous = type(event).objects.filter(pgh_obj_id=event.pgh_obj_id, pgh_id__lt=event.pgh_id).order_by("-pgh_id")
    before = previous.first()
    if event.pgh_label != "update" or before is None:
        raise CannotUndo(_("What it was before is not known."))
    row = model._default_manager.select_for_update(no_key=True, of=("self",)).filter(pk=event.pgh_obj_id).first()
    if row is None:
        raise CannotUndo(_("It has been deleted since."))
    changed = [field for field in _fields(event, model) if _value(before, field) != _value(event, field)]
    kept = [field for field in changed if field.name in registry.undoable[model._meta.label]]
    if kept:
        raise CannotUndo(_("%(fields)s: change it on its own page.") % {"fields": _names(kept)})
    newer = [field for field in changed if _value(row, field) != _value(event, field)]
    if newer:
        raise CannotUndo(_("%(fields)s has been changed again since. Undo that first.") % {"fields": _names(newer)})
    for field in changed:
        setattr(row, field.attname, _value(before, field))
    return row, changed


def _made_again(event: Any, model: type[Model]) -> tuple[Model, list[AnyField]]:
    known = _fields(event, model)
    secret = [f for f in model._meta.concrete_fields if f not in known and not (f.null or f.blank or f.has_default())]
    if secret:
        raise CannotUndo(_("Its secret is not kept in the audit. Make a new one."))
    if model._default_manager.filter(pk=_value(event, model._meta.pk)).exists():
        raise CannotUndo(_("It is there again already."))
    row = model(**{field.attname: _value(event, field) for field in known})
    return row, [field for field in known if _value(event, field) not in field.empty_values]


def _fields(event: Any, model: type[Model]) -> list[AnyField]:
    names = {field.name for field in event._meta.fields}
    return [field for field in model._meta.concrete_fields if field.name in names]


def _value(row: Any, field: Any) -> Any:
    return getattr(row, field.attname)


def _names(fields: list[AnyField]) -> str:
    return ", ".join(capfirst(str(field.verbose_name)) for field in fields)


def _in_words(error: ValidationError) -> str:
    if not hasattr(error, "error_dict"):
        return " ".join(error.messages)
    return " ".join(text for texts in error.message_dict.values() for text in texts)
