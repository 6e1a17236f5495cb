"""Templates of marketers: Liquid with limits over plain values. No Django template ever sees their text. What fills a
template for HTML is escaped where it is put out, whatever filters it went through; only what a template wrote itself
stays mark-up."""

import re
from collections.abc import Mapping
from functools import lru_cache
from io import StringIO
from typing import Any, TextIO

from liquid import BoundTemplate, Environment, FalsyStrictUndefined, Markup, RenderContext, escape
from liquid.builtin.content import ContentNode
from liquid.builtin.output import Output, OutputNode
from liquid.builtin.tags.capture_tag import CaptureNode, CaptureTag
from liquid.exceptions import LiquidError
from liquid.stringify import to_liquid_string

MAX_SOURCE = 64 * 1024
_WRITES_PAST_US = ("echo", "cycle", "increment", "decrement", "tablerow", "include", "render", "liquid", "ifchanged")


_PUT_OUT = re.compile(r"\{\{-?\s*([^}|]*?)\s*(?:\|[^}]*)?-?\}\}")


class TemplateError(ValueError):
    """The template cannot be read or filled; the text says why."""


def in_words(source: str) -> str:
    """For whoever reads what a message says and not how it is filled: {{ customer.first_name | … }} is [first name]."""
    return _PUT_OUT.sub(lambda found: f"[{found[1].rpartition('.')[2].replace('_', ' ')}]", source)


class _Gap(FalsyStrictUndefined):
    """What a customer does not have: it can be asked for and has a default, and cannot be put out without one."""

    force_liquid_default = True


class _Environment(Environment):
    context_depth_limit = 20
    loop_iteration_limit = 10_000
    local_namespace_limit = 100_000
    output_stream_limit = 1_000_000


class _Written(OutputNode):
    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        value = self.expression.evaluate(context)
        return buffer.write(value if type(value) is Markup else escape(to_liquid_string(value, autoescape=False)))


class _Output(Output):
    node_class = _Written


class _Captured(CaptureNode):
    def _assign(self, context: RenderContext, buf: StringIO) -> None:
        context.assign(self.name, Markup(buf.getvalue()))


class _Capture(CaptureTag):
    node_class = _Captured


def _as_it_is(value: object) -> object:
    return value


def _with_breaks(value: object) -> Markup:
    return Markup("<br>").join(Markup(escape(str(value))).splitlines())


def _environment(*, is_html: bool) -> Environment:
    made = _Environment(undefined=_Gap)
    for name in ("safe", "base64_decode", "base64_url_safe_decode"):
        made.filters.pop(name, None)
    if is_html:
        made.add_tag(_Output)
        made.add_tag(_Capture)
        made.filters.update({"escape": _as_it_is, "escape_once": _as_it_is, "newline_to_br": _with_breaks})
        for name in _WRITES_PAST_US:
            made.tags.pop(name, None)
    return made


_plain = _environment(is_html=False)
html = _environment(is_html=True)  # filters may be added to it


def check(source: str) -> None:
    compiled(source)
    unknown = sorted(set(compiled(source, is_html=True).filter_names()) - set(_plain.filters))
    if unknown:
        raise TemplateError(f"unknown filter {unknown[0]!r}")


def fill(source: str, values: Mapping[str, Any]) -> str:
    return filled(compiled(source), values)


def filled(template: BoundTemplate, values: Mapping[str, Any]) -> str:
    if len(template.nodes) == 1 and isinstance(template.nodes[0], ContentNode):
        return str(template.nodes[0])  # nothing to fill
    try:
        return str(template.render(values))
    except LiquidError as error:
        raise TemplateError(_said(error)) from error
    except (ValueError, TypeError, ArithmeticError, RecursionError) as error:  # a filter that met an odd value
        raise TemplateError(f"The template cannot be filled: {type(error).__name__}.") from error


@lru_cache(maxsize=2000)
def compiled(source: str, *, is_html: bool = False) -> BoundTemplate:
    """`is_html`: the source is mark-up already, and may be as large as a mail with its frame."""
    if len(source) > MAX_SOURCE * (8 if is_html else 1):
        raise TemplateError(f"The text is longer than {MAX_SOURCE:,} characters.")
    try:
        return (html if is_html else _plain).from_string(source)
    except (LiquidError, RecursionError) as error:
        raise TemplateError(_said(error)) from error


@lru_cache(maxsize=2000)
def names(source: str, *, is_html: bool = False) -> frozenset[str]:
    """The names that a template takes from outside, such as `customer.plan`."""
    try:
        return frozenset(compiled(source, is_html=is_html).global_variable_paths())
    except LiquidError as error:
        raise TemplateError(_said(error)) from error


def _said(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
