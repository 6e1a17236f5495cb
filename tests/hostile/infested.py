"""Hostile text in every text column of every model, past all forms: whatever a page shows of it must stay text."""

import copy
import itertools
import secrets
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

from django.apps import apps
from django.db import models

# What the product itself decides: kinds, keys, codes. Nobody can write them.
OURS = {
    "kind",
    "way",
    "open_channel",
    "key",
    "channel",
    "state",
    "prefix",
    "digest",
    "password",
    "write_key",
    "country",
    "currency",
    "time_zone",
    "origin",
    "role",
    "entry_key",
    "message_id",
    "content_type",
    "space",
    "table",
    "column",
    "provider",
    "shape",
    "secret",
    "default",
    "trigger",
    "reentry",
    "by",
    "status",
    "choice",
    "ownership",
    "sender_email",
}
OURS_IN = {
    "customers.CompanyMember": OURS - {"role"},
    "customers.Persona": OURS - {"role"},
    "core.LastRun": OURS | {"name"},
}
COPIES = {
    "customers.Customer": 30,
    "customers.Company": 30,
    "customers.Segment": 60,
    "customers.Persona": 40,
    "touchpoints.Touchpoint": 60,
    "touchpoints.Source": 60,
    "touchpoints.RefusedItem": 30,
    "touchpoints.SeenEvent": 40,
    "staff.Department": 60,
    "staff.Notice": 40,
    "staff.Invite": 30,
    "core.Job": 30,
    "feedback.Review": 40,
    "feedback.ReviewSite": 20,
    "feedback.Case": 30,
    "journeys.Journey": 30,
    "campaigns.Campaign": 30,
    "campaigns.Suppression": 30,
    "campaigns.Endpoint": 30,
    "customers.Merge": 30,
    "customers.Erasure": 30,
    "staff.ApiKey": 60,
    "customers.Topic": 10,
    "feedback.Survey": 30,
    "core.ColumnMapping": 20,
}


class Packs:
    """The texts, as many at once as a column holds; each call goes on where the last one ended."""

    def __init__(self, texts: list[str]) -> None:
        self._texts = texts
        self._urls = itertools.cycle([text for text in texts if ":" in text[:12] and "<" not in text[:1]] or texts)
        self._packs: dict[int, Iterator[str]] = {}

    def next(self, most: int | None) -> str:
        if (most or 10**6) not in self._packs:
            self._packs[most or 10**6] = itertools.cycle(self._packed(most or 10**6))
        return next(self._packs[most or 10**6])

    def url(self) -> str:
        return next(self._urls)

    def _packed(self, most: int) -> list[str]:
        packs = [""]
        for text in self._texts:
            if len(text) > most:
                continue
            if len(packs[-1]) + len(text) + 1 > most:
                packs.append("")
            packs[-1] = f"{packs[-1]} {text}" if packs[-1] else text
        return packs


def infest(texts: list[str]) -> None:
    packs = Packs(texts)
    for model in apps.get_models():
        if model.__module__.startswith("apps.") and not hasattr(model, "pgh_tracked_model") and not model._meta.proxy:
            _copy(model, COPIES.get(model._meta.label, 0))
            _infest(model, packs)


def _copy(model: type[models.Model], count: int) -> None:
    first = model._default_manager.order_by("pk").first()
    if first is None:
        return
    rows = []
    for number in range(count):
        row = copy.copy(first)
        row.pk, row._state = None, copy.copy(first._state)
        row._state.adding = True
        for field in model._meta.fields:
            if isinstance(field, models.OneToOneField):
                setattr(row, field.attname, None)
            elif isinstance(field, models.CharField) and not field.choices:
                if field.unique or field.name in {"name", "key", "external_id", "email", "address", "event"}:
                    setattr(row, field.attname, f"{secrets.token_hex(5)}@{number}"[: field.max_length])
            elif isinstance(field, models.UUIDField) and field.unique:
                setattr(row, field.attname, uuid4())
        rows.append(row)
    model._default_manager.bulk_create(rows, ignore_conflicts=True)


def _infest(model: type[models.Model], packs: Packs) -> None:
    ours = OURS_IN.get(model._meta.label, OURS)
    texts = [
        f
        for f in model._meta.concrete_fields
        if isinstance(f, models.CharField | models.TextField) and f.name not in ours
    ]
    trees = [
        f
        for f in model._meta.concrete_fields
        if isinstance(f, models.JSONField) and f"{model._meta.label}.{f.name}" in TREES
    ]
    for row in model._default_manager.order_by("pk"):
        changes: dict[str, Any] = {}
        for field in texts:
            text = (
                packs.url()
                if isinstance(field, models.URLField) or field.name == "url"
                else packs.next(field.max_length)
            )
            changes[field.attname] = _once(text, row.pk, field.max_length) if _is_once(model, field) else text
        for field in trees:
            changes[field.attname] = TREES[f"{model._meta.label}.{field.name}"](getattr(row, field.attname), packs)
        if "tags" in {field.name for field in model._meta.fields}:
            changes["tags"] = [packs.next(50) for _ in range(5)]
        if changes:
            model._default_manager.filter(pk=row.pk).update(**changes)


def _is_once(model: type[models.Model], field: models.Field) -> bool:
    together = {name for one in model._meta.constraints for name in getattr(one, "fields", ())}
    return field.unique or field.name in together or field.name in {"email", "name"}


def _once(text: str, pk: Any, most: int | None) -> str:
    end = f" {pk}"
    return text[: (most or 10**6) - len(end)] + end


# --- JSON, in the shape that its readers expect

_NAMES = {
    "name",
    "text",
    "goal",
    "persona",
    "feeling",
    "step",
    "lane",
    "event",
    "subject",
    "body",
    "title",
    "alternative_to",
}


def _map(value: Any, packs: Packs) -> Any:
    """Names in a map or a campaign's step; the same name stays the same everywhere."""
    pack = packs.next(None)

    def changed(inner: Any, key: str) -> Any:
        if isinstance(inner, dict):
            return {name: changed(one, name) for name, one in inner.items()}
        if isinstance(inner, list):
            return [changed(one, key) for one in inner]
        return f"{inner} {pack}" if isinstance(inner, str) and key in _NAMES else inner

    return changed(value, "")


def _message(value: Any, packs: Packs) -> Any:
    """A template that can be filled, so that the preview shows it."""
    plain = packs.next(None).replace("{{", "{ {").replace("{%", "{ %")
    return {key: f"{one} {plain}" if key in {"subject", "body"} else one for key, one in value.items()}


def _draft(value: Any, packs: Packs) -> Any:
    """The words of the steps that people edit."""
    for step in value.get("steps", []):
        if "message" in step:
            step["message"] = _message(step["message"], packs)
    return value


def _free(_value: Any, packs: Packs) -> Any:
    """Traits, properties and the context of an event."""
    page = {name: packs.url() for name in ("url", "referrer", "path")} | {
        "title": packs.next(None),
        "search": packs.next(200),
    }
    return {
        packs.next(80): packs.next(None),
        packs.next(200): [packs.next(100), {packs.next(60): packs.next(60)}],
        "firstName": packs.next(100),
        "name": packs.next(None),
        "product": packs.next(200),
        "note": packs.next(None),
        "comment": packs.next(None),
        "subject": packs.next(None),
        "campaign": {"name": packs.next(90), "source": packs.next(90)},
        "url": packs.url(),
        "referrer": packs.url(),
        "title": packs.next(None),
        "userAgent": packs.next(None),
        "page": page,
        "order_id": packs.next(80),
        "currency": packs.next(50),
        "total": 12.5,
        "site": packs.next(90),
        "topic": packs.next(90),
        "survey": packs.next(90),
        "kind": packs.next(90),
        "user": packs.next(90),
        "root_cause": packs.next(90),
        "stage_name": packs.next(90),
        "event": packs.next(90),
        "plan": packs.next(90),
        "avatar": packs.url(),
        "email": packs.next(90),
        "ip": packs.next(90),
    }


def _rule(_value: Any, packs: Packs) -> Any:
    return {"all": [{"tagged": packs.next(200)}, {"trait": [packs.next(100).replace(".", " "), "=", packs.next(200)]}]}


def _before(value: Any, packs: Packs) -> Any:
    return {
        key: _before(one, packs) if isinstance(one, dict) else packs.next(90) if isinstance(one, str) else one
        for key, one in value.items()
    }


def _header(value: dict[str, Any], packs: Packs) -> dict[str, Any]:
    """The columns of a file, as many as it has."""
    if "header" not in value:
        return value
    header = [packs.next(200) for _ in value["header"]]
    return value | {"header": header, "mapping": dict.fromkeys(header[:1], "email")}


TREES: dict[str, Callable[[Any, Packs], Any]] = {
    "campaigns.Template.settings": _message,
    "campaigns.Campaign.draft": _draft,
    "core.CompanySettings.conversion_rule": _rule,
    "core.Job.result": lambda value, packs: value | {packs.next(60): 3},
    "core.Job.params": _header,
    "core.ColumnMapping.columns": lambda _v, packs: {packs.next(80): "email"},
    "customers.Customer.traits": _free,
    "customers.Company.traits": _free,
    "customers.Persona.traits": lambda _v, packs: [[packs.next(100).replace(".", " "), "=", packs.next(200)]],
    "customers.Persona.rule": _rule,
    "customers.Segment.rule": _rule,
    "customers.Merge.before": _before,
    "customers.Erasure.counts": lambda _v, packs: {packs.next(90): 2},
    "touchpoints.Touchpoint.rules": lambda _v, packs: [
        {
            "event": packs.next(200),
            "url": "/" + packs.next(150),
            "referrer": packs.next(90),
            "utm_source": packs.next(90),
        }
    ],
    "touchpoints.Interaction.properties": _free,
    "touchpoints.Interaction.context": _free,
    "touchpoints.SeenProperty.values": lambda _v, packs: [packs.next(90) for _ in range(5)],
    "feedback.Survey.options": lambda value, packs: [f"{packs.next(80)} {number}" for number in range(len(value))],
    "feedback.Survey.by_answer": lambda value, packs: [
        {**row, "question": packs.next(200), "thanks": packs.next(300), "url": packs.url(), "url_label": packs.next(60)}
        for row in value
    ],
    "feedback.Response.chosen": lambda value, packs: [packs.next(90) for _ in value],
    "journeys.Step.match": lambda value, packs: [{**one, "event": packs.next(200)} for one in value],
    "journeys.MapVersion.snapshot": _map,
    "campaigns.CampaignStep.settings": _message,
    "campaigns.Campaign.audience": _rule,
    "campaigns.Campaign.exit_rule": _rule,
    "campaigns.Campaign.goal_rule": _rule,
}
