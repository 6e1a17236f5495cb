"""A cell that a spreadsheet would take for a formula gets a leading apostrophe when it goes out, and loses it when it
comes in: what was exported comes back as it was."""

import re

# OWASP, "CSV injection". A cell that already has apostrophes before such a sign gets one more, so that taking one off
# gives back what was there.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_PROTECTED = re.compile(r"'+[=+\-@\t\r]")
_PLAIN_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")


def protect(text: str) -> str:
    return f"'{text}" if _FORMULA.match(text) and not _PLAIN_NUMBER.fullmatch(text) else text


def restore(text: str) -> str:
    return text[1:] if _PROTECTED.match(text) else text
