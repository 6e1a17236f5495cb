"""Finds texts that name a person."""

import json
import re

from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from apps.core.registry import Person

# A shorter name, such as the id "42", stands in many texts that are about something else; it counts when it is quoted.
SHORTEST = 5


def pattern(person: Person) -> str:
    """A regular expression of PostgreSQL; the names are whole words, in any case."""
    long = [re.escape(name) for name in person.names if len(name) >= SHORTEST]
    quoted = [re.escape(json.dumps(name, ensure_ascii=False)) for name in person.names if 0 < len(name) < SHORTEST]
    words = [rf"(^|[^[:alnum:]])({'|'.join(long)})($|[^[:alnum:]])"] if long else []
    return "|".join([*words, *quoted])


def rows_naming[Q_: QuerySet](person: Person, rows: Q_, *columns: str) -> Q_:  # type: ignore[type-arg]
    """Those of the rows that name the person in one of the columns, of whatever type."""
    found = pattern(person)
    if not found:
        return rows.none()
    as_text = {f"{column}_text": Cast(column, TextField()) for column in columns}
    wanted = Q()
    for name in as_text:
        wanted |= Q(**{f"{name}__iregex": found})
    return rows.alias(**as_text).filter(wanted)
