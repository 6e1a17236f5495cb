from collections.abc import Mapping
from typing import IO, Any

import orjson
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser


class StrictJSONParser(JSONParser):
    """JSON as its standard says it (no NaN, no lone surrogate), and no NUL, which PostgreSQL keeps nowhere."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        try:
            found = orjson.loads(stream.read())
        except (orjson.JSONDecodeError, RecursionError) as error:
            raise ParseError(f"The body is not valid JSON: {error}") from error
        if _has_nul(found):
            raise ParseError("The character NUL (\\u0000) cannot be kept. Take it out.")
        return found


def _has_nul(root: Any) -> bool:
    waiting = [root]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str) and "\x00" in value:
            return True
        if isinstance(value, dict):
            waiting += [*value, *value.values()]
        elif isinstance(value, list):
            waiting += value
    return False
