"""Templates of marketers: Liquid with limits over plain values. No Django template ever sees their text."""

from functools import lru_cache
from typing import Any

from liquid import BoundTemplate, Environment, StrictDefaultUndefined
from liquid.exceptions import LiquidError

MAX_SOURCE = 64 * 1024


class TemplateError(ValueError):
    """The template cannot be read or filled; the text says why."""


class _Environment(Environment):
    context_depth_limit = 20
    loop_iteration_limit = 10_000
    local_namespace_limit = 100_000
    output_stream_limit = 1_000_000


_environment = _Environment(undefined=StrictDefaultUndefined)


def check(source: str) -> None:
    _parsed(source)


def fill(source: str, values: dict[str, Any]) -> str:
    try:
        return _parsed(source).render(**values)
    except LiquidError as error:
        raise TemplateError(_said(error)) from error


@lru_cache(maxsize=500)
def _parsed(source: str) -> BoundTemplate:
    if len(source) > MAX_SOURCE:
        raise TemplateError(f"The text is longer than {MAX_SOURCE:,} characters.")
    try:
        return _environment.from_string(source)
    except LiquidError as error:
        raise TemplateError(_said(error)) from error


def _said(error: LiquidError) -> str:
    return str(error).splitlines()[0][:200]
