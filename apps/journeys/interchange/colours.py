"""The light theme's colours, from the one place where they stand."""

import re
from functools import cache
from pathlib import Path

from django.contrib.staticfiles import finders

_TOKEN = re.compile(r"--([a-z0-9-]+):\s*light-dark\((#[0-9a-f]{6}),", re.IGNORECASE)


@cache
def light() -> dict[str, str]:
    """Hex values by the names of tokens.css."""
    found = finders.find("css/tokens.css")
    return dict(_TOKEN.findall(Path(str(found)).read_text()))
