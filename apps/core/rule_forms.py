"""The rule builder: a rule as the controls of a form, and back. Names of controls: `PREFIX.PATH.KEY`, where PATH is the
place in the tree ("0.2"), so that a form without JavaScript says everything. Groups say `join` (all, any, none);
conditions say `is` (the predicate) and one control for each of its fields."""

import dataclasses
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.core import rules
from apps.core.comparison import OPERATORS, RuleError

JOINS = [("all", _("all of these hold")), ("any", _("at least one holds")), ("none", _("none of these holds"))]
OPERATOR_LABELS = [
    ("=", _("is")), ("!=", _("is not")), (">", ">"), (">=", "≥"), ("<", "<"), ("<=", "≤"),
    ("in", _("is one of")), ("contains", _("contains")), ("exists", _("is known (true or false)")),
]  # fmt: skip
_MAX_NODES = 400
_MAX_DEPTH = 4  # as deep as the builder offers; deeper rules come by the API and stay editable

type Conditions = Mapping[str, Sequence[rules.Field]]
"""What conditions can ask, by name, each with its fields."""


def registered() -> Conditions:
    return {name: predicate.fields for name, predicate in rules.predicates().items()}


@dataclass
class Row:
    """One comparison: name, operator, value as they stand in the form."""

    path: str = ""
    operator: str = "="
    value: str = ""
    suggestions: list[str] = dataclasses.field(default_factory=list)


@dataclass
class Control:
    """One field of a condition with what is typed in it."""

    field: rules.Field
    name: str
    value: str = ""
    rows: list[Row] = dataclasses.field(default_factory=list)
    choices: list[tuple[str, Any]] = dataclasses.field(default_factory=list)
    list_id: str = ""


@dataclass
class Node:
    """A group (`join` and `children`) or a condition (`predicate` and `controls`); `name` is its place in the form."""

    name: str
    depth: int
    join: str = ""
    children: list["Node"] = dataclasses.field(default_factory=list)
    predicate: str = ""
    controls: list[Control] = dataclasses.field(default_factory=list)
    error: str = ""

    @property
    def may_nest(self) -> bool:
        return self.depth < _MAX_DEPTH


# --- From a rule to the form


def from_rule(rule: dict[str, Any], *, prefix: str, conditions: Conditions | None = None) -> Node:
    """The whole rule as one group, whatever its shape. `conditions` instead of those that apps registered."""
    known = conditions or registered()
    node = _node(rule, prefix, 0, known)
    if node.join:
        return node
    inner = _node(rule, f"{prefix}.0", 1, known)
    return Node(prefix, 0, join="all", children=[inner] if rule else [])


def _node(rule: dict[str, Any], name: str, depth: int, known: Conditions) -> Node:
    for key, value in rule.items():
        if key in {"all", "any"}:
            return Node(name, depth, join=key, children=_children(value, name, depth, known))
        if key == "not":
            inner = value if next(iter(value), "") == "any" else {"any": [value]}
            return Node(name, depth, join="none", children=_children(inner["any"], name, depth, known))
        return _condition(Node(name, depth, predicate=key), value, known[key])
    return Node(name, depth, join="all")


def _children(inner: list[dict[str, Any]], name: str, depth: int, known: Conditions) -> list[Node]:
    return [_node(one, f"{name}.{number}", depth + 1, known) for number, one in enumerate(inner)]


def _condition(node: Node, value: Any, fields: Sequence[rules.Field]) -> Node:
    known = value if isinstance(value, dict) else {"": value}
    for one in fields:
        control = Control(one, f"{node.name}.{one.name or 'value'}")
        _fill(control, known.get(one.name))
        node.controls.append(_with_choices(control, known))
    return node


def _fill(control: Control, value: Any) -> None:
    kind = control.field.kind
    if kind == "comparison":
        control.rows = [_row(value)] if value else [Row()]
    elif kind == "comparisons":
        control.rows = [_row(one) for one in value or []]
    elif value is not None:
        control.value = str(value)


def _row(comparison: list[Any]) -> Row:
    path, operator, value = comparison
    if operator == "in":
        return Row(path.removeprefix("properties."), operator, ", ".join(map(_typed, value)))
    return Row(path.removeprefix("properties."), operator, _typed(value))


def _typed(value: Any) -> str:
    """As somebody types it; text that would be read as something else stands in quotes."""
    if isinstance(value, str) and _value(value) == value and "," not in value:
        return value
    return json.dumps(value, ensure_ascii=False)


def _with_choices(control: Control, known: dict[str, Any]) -> Control:
    if control.field.choices is not None:
        control.choices = list(control.field.choices(known))
        control.list_id = f"list-{control.name}".replace(".", "-")
    if control.field.values is not None:
        for row in control.rows:
            row.suggestions = list(control.field.values(known, row.path))
    if control.field.kind == "choice" and control.value and control.value not in dict(control.choices):
        control.choices.append((control.value, control.value))  # gone since; checking says so
    return control


# --- From the form to a rule

_PART = re.compile(r"\d{1,3}")
_LISTED = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^,"])+')


def read(data: Mapping[str, Any], *, prefix: str, op: str = "", conditions: Conditions | None = None) -> Node:
    """What is typed, after the operation that was asked for: "add:NAME", "group:NAME", "remove:NAME", "row:NAME".
    `conditions` instead of those that apps registered."""
    known = conditions or registered()
    keys = [key for key in data if key.startswith(f"{prefix}.")]
    if len(keys) > _MAX_NODES * 10:
        raise RuleError("The rule has too many conditions.")
    if any("\x00" in str(data[key]) for key in keys):
        raise RuleError(str(_("A condition holds a sign that cannot be kept. Type it again.")))
    root = _read(data, keys, prefix, 0, known)
    action, _colon, target = op.partition(":")
    if action in _OPERATIONS and target:
        _OPERATIONS[action](root, target, known)
    return _renamed(root, prefix, 0)


def _read(data: Mapping[str, Any], keys: list[str], name: str, depth: int, known: Conditions) -> Node:
    join = str(data.get(f"{name}.join", ""))
    if join or depth == 0:
        inner = [key for key in keys if key.startswith(f"{name}.")]
        places = {part for key in inner if _PART.fullmatch(part := key[len(name) + 1 :].split(".", 1)[0])}
        children = [_read(data, inner, f"{name}.{place}", depth + 1, known) for place in sorted(places, key=int)]
        return Node(name, depth, join=join if join in dict(JOINS) else "all", children=children)
    return _read_condition(data, name, depth, known)


def _read_condition(data: Mapping[str, Any], name: str, depth: int, known: Conditions) -> Node:
    predicate = str(data.get(f"{name}.is", ""))
    node = Node(name, depth, predicate=predicate if predicate in known else next(iter(known)))
    typed: dict[str, Any] = {}
    for one in known[node.predicate]:
        control = Control(one, f"{name}.{one.name or 'value'}")
        if one.kind in {"comparison", "comparisons"}:
            control.rows = _rows(data, control.name) or ([Row()] if one.kind == "comparison" else [])
        else:
            control.value = str(data.get(control.name, "")).strip()
            typed[one.name] = control.value
        node.controls.append(control)
    for control in node.controls:
        _with_choices(control, typed)
    return node


def _rows(data: Mapping[str, Any], name: str) -> list[Row]:
    found = []
    for number in range(50):
        base = f"{name}.{number}"
        if f"{base}.path" not in data:
            break
        operator = str(data.get(f"{base}.operator", "="))
        row = Row(str(data[f"{base}.path"]).strip(), operator if operator in OPERATORS else "=")
        row.value = str(data.get(f"{base}.value", ""))
        found.append(row)
    return found


def _renamed(node: Node, name: str, depth: int) -> Node:
    """Places counted anew after an operation."""
    for control in node.controls:
        control.name = name + control.name[len(node.name) :]
        control.list_id = f"list-{control.name}".replace(".", "-")
    node.name, node.depth = name, depth
    for number, child in enumerate(node.children):
        _renamed(child, f"{name}.{number}", depth + 1)
    return node


def _find(root: Node, name: str) -> Node | None:
    if root.name == name:
        return root
    return next((found for child in root.children if (found := _find(child, name))), None)


def _add(root: Node, name: str, known: Conditions) -> None:
    group = _find(root, name)
    if group is not None and group.join:
        group.children.append(_read_condition({}, f"{name}.{len(group.children) + 900}", group.depth + 1, known))


def _add_group(root: Node, name: str, known: Conditions) -> None:
    group = _find(root, name)
    if group is not None and group.join and group.may_nest:
        inner = Node(f"{name}.999", group.depth + 1, join="any")
        group.children.append(inner)
        _add(inner, inner.name, known)


def _remove(root: Node, name: str, known: Conditions) -> None:
    root.children = [child for child in root.children if child.name != name]
    for child in root.children:
        _remove(child, name, known)


def _add_row(root: Node, name: str, known: Conditions) -> None:
    """Another comparison in the condition whose control has this name."""
    for child in root.children:
        for control in child.controls:
            if control.name == name:
                control.rows.append(Row())
        _add_row(child, name, known)


def _remove_row(root: Node, name: str, known: Conditions) -> None:
    place, _dot, number = name.rpartition(".")
    for child in root.children:
        for control in child.controls:
            if control.name == place and number.isdecimal() and int(number) < len(control.rows):
                del control.rows[int(number)]
        _remove_row(child, name, known)


_OPERATIONS: dict[str, Callable[[Node, str, Conditions], None]] = {
    "add": _add,
    "group": _add_group,
    "remove": _remove,
    "row": _add_row,
    "unrow": _remove_row,
}


def to_rule(root: Node) -> dict[str, Any]:
    """The rule that the form says; conditions in which nothing is typed yet are left out. Not checked."""
    parts = [part for child in root.children if (part := _part(child))]
    if not parts:
        return {}
    if root.join == "none":
        return {"not": parts[0] if len(parts) == 1 else {"any": parts}}
    return parts[0] if len(parts) == 1 else {root.join: parts}


def is_complete(root: Node) -> bool:
    """Whether every condition says something, so that to_rule leaves none out."""
    return all(is_complete(child) if child.join else bool(_part(child)) for child in root.children)


def _part(node: Node) -> dict[str, Any]:
    if node.join:
        return to_rule(node)
    value: dict[str, Any] = {}
    for control in node.controls:
        said = _said(control, node.predicate)
        if said is not None:
            value[control.field.name] = said
    if not value or any(c.field.is_required and c.field.name not in value for c in node.controls):
        return {}
    return {node.predicate: value.get("", value) if "" in value else value}


def _said(control: Control, predicate: str) -> Any:
    kind = control.field.kind
    if kind in {"comparison", "comparisons"}:
        prefix = "" if kind == "comparison" else "properties."
        said = [
            [prefix + row.path.removeprefix(prefix), row.operator, _expected(row)] for row in control.rows if row.path
        ]
        return (said[0] if kind == "comparison" else said) if said else None
    if not control.value:
        return None
    if kind == "number":
        return int(control.value) if re.fullmatch(r"-?\d{1,9}", control.value) else control.value
    return control.value


def _expected(row: Row) -> Any:
    if row.operator == "in":
        return _list(row.value)
    if row.operator == "exists":
        return row.value.strip().lower() not in {"false", "no", "0"}
    if row.operator == "contains":
        value = _value(row.value)
        return value if isinstance(value, str) else row.value.strip()
    return _value(row.value)


def _list(text: str) -> list[Any]:
    """Values between commas; a comma inside quotes belongs to its value."""
    return [_value(part) for part in _LISTED.findall(text) if part.strip()]


def _value(text: str) -> Any:
    """A number, true, false, null or quoted text as JSON says it; anything else is the text itself."""
    stripped = text.strip()
    try:
        value = json.loads(stripped, parse_constant=lambda name: name)
    except (ValueError, RecursionError):
        return stripped
    return value
