"""What an interaction is asked by its own fields: event, who did it, channel, touchpoint and properties. One language
with two evaluations, in Python for the fold (fits) and in SQL for rules and lists (condition), that agree."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from django.db.models import Q
from django.utils.translation import gettext as _

from apps.core import rules
from apps.core.comparison import RuleError, check_comparison, compare, value_at
from apps.touchpoints.enums import By, Channel

KEYS = ("event", "by", "channel", "touchpoint", "where")
ANYBODY = "any"
_PROPERTIES = "properties."
_MAX_WHERE = 20


class Asked(Protocol):
    """An interaction as far as a pattern looks at it; `touchpoint` is a name."""

    @property
    def event(self) -> str: ...
    @property
    def by(self) -> str: ...
    @property
    def channel(self) -> str: ...
    @property
    def touchpoint(self) -> str | None: ...
    @property
    def properties(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Pattern:
    """All that is said must hold; what is not said may be anything."""

    event: str | None
    by: str
    channel: str | None
    touchpoint: str | None
    where: tuple[tuple[str, str, Any], ...]

    def fits(self, interaction: Asked) -> bool:
        if self.event is not None and interaction.event != self.event:
            return False
        if self.by not in {ANYBODY, interaction.by}:
            return False
        if self.channel is not None and interaction.channel != self.channel:
            return False
        if self.touchpoint is not None and interaction.touchpoint != self.touchpoint:
            return False
        return all(
            compare(operator, value_at(interaction.properties, path), value) for path, operator, value in self.where
        )

    def condition(self) -> Q:
        """On touchpoints.Interaction."""
        found = Q()
        if self.event is not None:
            found &= Q(event=self.event)
        if self.by != ANYBODY:
            found &= Q(by=self.by)
        if self.channel is not None:
            found &= Q(channel=self.channel)
        if self.touchpoint is not None:
            found &= Q(touchpoint__name=self.touchpoint)
        for path, operator, value in self.where:
            found &= rules.json_condition("properties", path, operator, value)
        return found

    def sentence(self) -> str:
        parts = [self.event or str(_("any interaction"))]
        if self.by == ANYBODY:
            parts.append(str(_("by anybody")))
        elif self.by != By.CUSTOMER:
            parts.append(str(_("by %(who)s") % {"who": By(self.by).label}))
        if self.channel is not None:
            parts.append(str(_("on %(channel)s") % {"channel": Channel(self.channel).label}))
        if self.touchpoint is not None:
            parts.append(str(_("at %(touchpoint)s") % {"touchpoint": self.touchpoint}))
        if self.where:
            said = [rules.comparison_sentence(*one) for one in self.where]
            parts.append(str(_("with %(conditions)s") % {"conditions": f" {_('and')} ".join(said)}))
        return " ".join(parts)


def read(entry: Mapping[str, Any]) -> Pattern:
    """An entry that was checked."""
    return Pattern(
        event=entry.get("event"),
        by=entry.get("by", By.CUSTOMER.value),
        channel=entry.get("channel"),
        touchpoint=entry.get("touchpoint"),
        where=tuple(
            (path.removeprefix(_PROPERTIES), operator, value) for path, operator, value in entry.get("where", [])
        ),
    )


def check(entry: Mapping[str, Any], *, where: str) -> None:
    """Raises RuleError for a key of KEYS that says something wrong; other keys are the caller's."""
    for name in ("event", "touchpoint"):
        value = entry.get(name, "-")
        if not isinstance(value, str) or not value.strip() or len(value) > 200 or "\x00" in value:
            raise RuleError(f"{where}: {name} must be a text that is not empty, of at most 200 characters.")
    _one_of(entry, "channel", Channel.values, where)
    _one_of(entry, "by", [*By.values, ANYBODY], where)
    conditions = entry.get("where", [])
    if not isinstance(conditions, list) or len(conditions) > _MAX_WHERE:
        raise RuleError(f"{where}: where must be a list of at most {_MAX_WHERE} conditions.")
    for condition in conditions:
        check_comparison(condition, where=where, prefix=_PROPERTIES)


def _one_of(entry: Mapping[str, Any], name: str, values: list[str], where: str) -> None:
    if name in entry and entry[name] not in values:
        raise RuleError(f"{where}: unknown {name} {entry[name]!r}. Use one of: {', '.join(values)}.")
