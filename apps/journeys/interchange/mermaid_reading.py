"""Reads a Mermaid `journey` diagram. Our own comes back exactly; from one of somewhere else a map is made as well as it
can be, with remarks in words on what was guessed, changed or left out."""

import re
from collections import Counter
from typing import Any

import orjson
from django.utils.translation import gettext as _

from apps.journeys.enums import LaneKind, StageKind
from apps.journeys.interchange.kinds import guess
from apps.journeys.interchange.mermaid import MARK, NEUTRAL, decode, score_of
from apps.journeys.wire_values import MapError, is_number

_FRONT = re.compile(r"\A\s*^---[ \t]*$(.*?)^---[ \t]*$", re.MULTILINE | re.DOTALL)
_FRONT_TITLE = re.compile(r"^\s*title\s*:\s*[\"']?(.*?)[\"']?\s*$", re.MULTILINE)
_DIRECTIVE = re.compile(r"%%\{.*?\}%%", re.DOTALL)
_DESCRIPTION = re.compile(r"^[ \t]*accDescr\s*\{[^}]*\}", re.MULTILINE | re.IGNORECASE)
_COMMENT = re.compile(r"#(?!\w+;).*", re.ASCII)
_LAST_CODE = re.compile(r"#\w+;$", re.ASCII)
_SCORE = re.compile(r"[+-]?(?:\d{1,9}(?:\.\d*)?|\.\d+)", re.ASCII)
_MOST_DIRECTIVES, _MOST_LINES = 50, 8_000
_NAME, _STAGE_NAME, _STEP_NAME, _PERSONA_NAME = 200, 100, 150, 100  # how long each may be


def read(text: str) -> tuple[dict[str, Any], list[str]]:
    """A journey in the JSON of the import, and remarks. Raises MapError, with the number of the line."""
    return _Reader().read(text)


class _Reader:
    def __init__(self) -> None:
        self.head: dict[str, Any] = {}
        self.name, self.is_ours = "", False
        self.stages: list[dict[str, Any]] = []
        self.lanes: list[dict[str, Any]] = []
        self.cards: list[dict[str, Any]] = []
        self.steps: set[str] = set()
        self.actors: list[tuple[str, list[str]]] = []
        self.remarks: list[str] = []
        self.line, self.score = 0, 0.0

    def read(self, text: str) -> tuple[dict[str, Any], list[str]]:
        lines = self._plain(text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")).split("\n")
        first = next((place for place, line in enumerate(lines) if line.strip() and not _is_comment(line)), None)
        if first is None:
            raise MapError(_("This is empty: a Mermaid journey begins with the word “journey”."))
        begin = re.match(r"\s*journey\b(.*)", lines[first], re.IGNORECASE)
        if begin is None:
            words = _("Line %(n)d: this is no Mermaid journey, which begins with the word “journey”.")
            raise MapError(words % {"n": first + 1})
        lines[first] = begin[1]
        for self.line, line in enumerate(lines, 1):
            self._read_line(line.strip())
        return self._whole(), self.remarks

    def _plain(self, text: str) -> str:
        """Without what is not about the journey; lines keep their numbers."""
        if front := _FRONT.match(text):
            title = _FRONT_TITLE.search(front[1])
            self.name = title[1] if title else ""
            text = _only_ends(front) + text[front.end() :]
        if text.count("%%{") > _MOST_DIRECTIVES or text.lower().count("accdescr") > _MOST_DIRECTIVES:
            raise MapError(_("This has more settings than a diagram needs. Leave the lines with %%{ and accDescr out."))
        if text.count("\n") > _MOST_LINES:
            raise MapError(_("This has more than %(n)d lines. Make a smaller map of it.") % {"n": _MOST_LINES})
        bare = _DESCRIPTION.sub(_only_ends, _DIRECTIVE.sub(_only_ends, text))
        if bare != text:
            self.remarks.append(_("Settings and descriptions for screen readers have no place on a map; left out."))
        return bare

    # --- Lines

    def _read_line(self, line: str) -> None:
        if line.startswith("%"):
            if found := re.match(rf"%%\s*{MARK}(\w+)\s+(.*)", line):
                self._read_note(found[1], found[2])
            return
        line = _COMMENT.sub("", line).strip()
        if line.endswith(";") and not _LAST_CODE.search(line):
            line = line[:-1].rstrip()
        if not line:
            return
        word = re.match(r"(title|section)(?:\s+(.*))?$|acc(?:Title|Descr)\s*:", line, re.IGNORECASE)
        if word is None:
            self._read_step(line)
        elif word[1] is None:
            self._remark(_("Titles for screen readers have no place on a map; left out."))
        elif word[1].lower() == "title":
            self.name = decode(word[2] or "").strip()
        else:
            self._begin_stage(decode(word[2] or "").strip())

    def _begin_stage(self, name: str) -> None:
        taken = {stage["name"] for stage in self.stages}
        self.stages.append({"name": self._own(name or _("Stage"), taken, _STAGE_NAME, _("stage")), "steps": []})

    def _read_step(self, line: str) -> None:
        name, colon, rest = line.partition(":")
        pieces = rest.split(":")
        if not colon or not name.strip():
            raise self._error(_("“%(line)s” is no step. Write it as “Name: score: who”.") % {"line": line[:60]})
        if not self.stages:
            self._begin_stage(_("Start"))
            self._remark(_("steps stand before the first section; they are in a stage “Start”."))
        said = self._own(decode(name).strip() or "?", self.steps, _STEP_NAME, _("step"))
        self.steps.add(said)
        self.score = self._score(pieces[0].strip())
        self.stages[-1]["steps"].append({"name": said, "emotion": self.score - NEUTRAL, "match": []})
        who = pieces[1].split(",") if len(pieces) > 1 else []
        self.actors.append((said, [actor for one in who if (actor := decode(one).strip()[:_PERSONA_NAME])]))

    def _score(self, score: str) -> float:
        if not _SCORE.fullmatch(score):
            raise self._error(_("the score “%(score)s” is no number from 1 to 5.") % {"score": score[:20]})
        value = min(5.0, max(1.0, float(score)))
        if value != float(score):
            words = {"score": score, "value": f"{value:g}"}
            self._remark(_("the score %(score)s is outside 1 to 5 and is taken as %(value)s.") % words)
        return value

    def _own(self, name: str, taken: set[str], length: int, what: str) -> str:
        """A name that fits and that no other has."""
        if len(name) > length:
            self._remark(_("a name has more than %(n)d characters and is cut.") % {"n": length})
        found, number = name[:length].strip(), 1
        while found in taken:
            number += 1
            end = f" ({number})"
            found = f"{name[: length - len(end)].strip()}{end}"
        if number > 1:
            words = {"what": what, "name": name[:length], "found": found}
            self._remark(_("there is a %(what)s “%(name)s” already, so this one is “%(found)s”.") % words)
        return found

    # --- What we wrote ourselves

    def _read_note(self, what: str, said: str) -> None:
        try:
            values = orjson.loads(said)
        except orjson.JSONDecodeError as error:
            raise self._error(_("what follows “%(what)s” is not valid JSON.") % {"what": MARK + what}) from error
        if not isinstance(values, dict):
            raise self._error(_("what follows “%(what)s” must be an object in braces.") % {"what": MARK + what})
        steps = self.stages[-1]["steps"] if self.stages else []
        if (what == "stage" and not self.stages) or (what in {"step", "card"} and not steps):
            raise self._error(_("there is nothing above that “%(what)s” could be about.") % {"what": MARK + what})
        self._keep(what, values)

    def _keep(self, what: str, values: dict[str, Any]) -> None:
        if what == "map":
            self.head, self.is_ours = values, True
        elif what == "lane":
            self.lanes.append(values)
        elif what == "stage":
            self.stages[-1] |= values | {name: self.stages[-1][name] for name in ("name", "steps")}
        elif what == "step":
            _fill(self.stages[-1]["steps"][-1], values, score=self.score)
        elif what == "card":
            self.cards.append({**values, "step": self.stages[-1]["steps"][-1]["name"]})

    # --- The whole

    def _whole(self) -> dict[str, Any]:
        if not self.stages:
            raise MapError(_("There is no section and no step here. Add a line such as “section Awareness”."))
        if not self.name:
            self.name = _("Imported map")
            self.remarks.append(_("The diagram has no title; the map is called “%(name)s”.") % {"name": self.name})
        self._guess_kinds()
        if not self.is_ours:
            self._use_actors()
        self.line = 1
        name = self._own(self.name, set(), _NAME, "")
        rest = {"stages": self.stages, "lanes": self.lanes, "cards": self.cards}
        return {**self.head, "name": name, **rest}

    def _guess_kinds(self) -> None:
        has_lapsed, guessed = any(stage.get("kind") == StageKind.LAPSED for stage in self.stages), []
        for place, stage in enumerate(self.stages):
            if "kind" not in stage:
                kind = guess(stage["name"], is_first=place == 0, may_lapse=not has_lapsed)
                has_lapsed = has_lapsed or kind == StageKind.LAPSED
                stage["kind"] = kind.value
                guessed.append(f"“{stage['name']}” – {kind.label}")
        if guessed:
            words = {"kinds": ", ".join(guessed)}
            self.remarks.append(_("Kinds of stages are guessed by their names: %(kinds)s.") % words)

    def _use_actors(self) -> None:
        """The one who acts most is the persona; where there are several, a lane says who takes part in each step."""
        counts = Counter(actor for _step, actors in self.actors for actor in dict.fromkeys(actors))
        if not counts:
            return
        persona = counts.most_common(1)[0][0]
        self.head["persona"] = persona
        if len(counts) == 1:
            self.remarks.append(_("The actor “%(who)s” is the persona.") % {"who": persona})
            return
        lane = _("Who takes part")
        self.lanes.append({"kind": LaneKind.NOTE.value, "name": lane})
        self.cards += [{"step": step, "lane": lane, "text": ", ".join(who)[:1000]} for step, who in self.actors if who]
        words = {"all": ", ".join(counts), "who": persona, "lane": lane}
        self.remarks.append(
            _("The actors are %(all)s. “%(who)s” is the persona; the lane “%(lane)s” names all.") % words
        )

    def _remark(self, words: str) -> None:
        self.remarks.append(_("Line %(n)d: %(words)s") % {"n": self.line, "words": words})

    def _error(self, words: str) -> MapError:
        return MapError(_("Line %(n)d: %(words)s") % {"n": self.line, "words": words})


def _fill(step: dict[str, Any], values: dict[str, Any], *, score: float) -> None:
    """Whoever changed the score of an exported step meant its emotion: the score wins then."""
    is_said = "emotion" in values
    emotion = values.pop("emotion", None)
    step |= values | {"name": step["name"]}
    if is_said and (score_of(emotion) == score if emotion is None or is_number(emotion) else True):
        step["emotion"] = emotion
    if step.get("emotion") is None:
        step.pop("emotion", None)


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith("%%")


def _only_ends(found: re.Match[str]) -> str:
    return "\n" * found[0].count("\n")
