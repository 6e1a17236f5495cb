"""Identities, names and terms are compared folded; folding is done here and nowhere else."""

import unicodedata
from functools import lru_cache

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from apps.customers.enums import IdentityKind

# Ids that broken trackers send for everybody; they join nobody.
GENERIC_IDS = frozenset({"", "null", "undefined", "none", "0", "guest", "anonymous", "test"})
MAX_ID_LENGTH = 200
MAX_TERM_LENGTH = 100


def external_id(value: object) -> str | None:
    """A usable id as text, or None for generic ones. Raises ValueError for what is no id."""
    if value is None:
        return None
    if isinstance(value, bool | list | dict):
        raise ValueError("An id must be text or a number.")  # noqa: TRY004 - callers catch one kind
    text = str(value).strip()
    if text.casefold() in GENERIC_IDS:
        return None
    if len(text) > MAX_ID_LENGTH:
        raise ValueError(f"An id may have at most {MAX_ID_LENGTH} characters.")
    return text


def email(value: object) -> str | None:
    """The folded address, or None where it is none."""
    return _email(value.strip()) if isinstance(value, str) and len(value) <= 320 else None


@lru_cache(maxsize=1024)
def _email(value: str) -> str | None:
    """The same address is asked about several times in a row."""
    try:
        found = validate_email(value, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return None
    return found.normalized.lower()


def phone(value: object, *, region: str | None = None) -> str | None:
    """E.164, or None where it is no possible number."""
    if not isinstance(value, str | int):
        return None
    try:
        number = phonenumbers.parse(str(value), region or None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def term(value: str) -> str:
    """Lower case without accents: "Zoë Ångström" is found by "zoe ang"."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", value) if not unicodedata.combining(c))
    return " ".join(plain.casefold().split())[:MAX_TERM_LENGTH]


def name_terms(name: str) -> set[str]:
    """The name from each of its words on, so that any word is found by its beginning."""
    words = term(name).split(" ")
    return {" ".join(words[start:]) for start in range(min(len(words), 6))} - {""}


def address(*, channel: str, value: str) -> str:
    """The form under which an opt-out of an address is kept."""
    folded = email(value) if channel == "email" else phone(value)
    return folded or value.strip().lower()


def identity(kind: IdentityKind, value: str) -> str | None:
    if kind is IdentityKind.EMAIL:
        return email(value)
    if kind is IdentityKind.PHONE:
        return phone(value)
    return external_id(value)
