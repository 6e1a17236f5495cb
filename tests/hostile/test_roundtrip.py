"""Whatever text is written comes back as it was, or is refused in words. Never a fault of ours."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import transaction

from tests.hostile.paths import API, NO_LIMIT, Ground, Path, Values
from tests.hostile.paths_of_forms import FORMS
from tests.hostile.paths_of_office import OFFICE
from tests.hostile.strings import LONG, NAUGHTY, NUL, SURROGATES, XSS

BOTH = pytest.mark.parametrize("paths", [[*API, *OFFICE], FORMS], ids=["api", "forms"])
TEXTS = list({text.strip(): text for text in [*NAUGHTY, *XSS] if len(text) <= 2000}.values())
SHARE = 16  # each path takes every sixteenth text, its neighbour another sixteenth; with FAULTS=long all of them
_ALERT = re.compile(r'role="alert".*?</div>|class="error.*?</(?:ul|p|div)>', re.DOTALL)
TAKEN, REFUSED = {200, 201, 302}, {400, 422}


def told(wrong: list[tuple]) -> str:
    return "\n".join(ascii(one) for one in wrong)


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def said(path: Path, ground: Ground, values: Values) -> tuple[int, str, Values]:
    """Status, what was said where it was refused, and what is there now."""
    with transaction.atomic():
        response = path.sends(ground, values)
        if response.status_code not in TAKEN:
            transaction.set_rollback(True)
            words = response.content.decode()
            return response.status_code, " ".join(_ALERT.findall(words)) or words, {}
        return response.status_code, "", path.reads(ground, response)


@pytest.mark.faults
@BOTH
def test_text_comes_back_as_it_was(paths, ground):
    wrong = []
    for place, path in enumerate(paths):
        texts = TEXTS if LONG else TEXTS[place % SHARE :: SHARE]
        with undone():
            for number, text in enumerate(texts):
                sent = {}
                for name, most in path.fields.items():
                    fits = len(text) <= most and path.kept(name, text)
                    sent[name] = text if fits else f"fits {number}"
                status, words, read = said(path, ground, sent)
                if status not in TAKEN:
                    wrong.append((path.url, text, status, words[-300:]))
                for name in read:
                    if read[name] != path.kept(name, sent[name]):
                        wrong.append((path.url, name, text, read[name]))
    assert not wrong, told(wrong)


@BOTH
def test_what_cannot_be_kept_is_refused_in_words(paths, ground):
    """Each field by itself: too long, empty, and what PostgreSQL has no place for."""
    wrong = []
    for path in paths:
        for name, most in path.fields.items():
            bad = [*NUL, *(SURROGATES if path.is_api else []), *(["x" * (most + 1)] if most < NO_LIMIT else [])]
            bad += [] if name in path.may_be_empty else ["", " \t\n"]
            for number, text in enumerate(bad):
                sent = dict.fromkeys(path.fields, f"fits {number}") | {name: text}
                with undone():
                    status, words, _read = said(path, ground, sent)
                if status not in REFUSED or len(words) < 20:
                    wrong.append((path.url, name, text[:20], len(text), status, words[-200:]))
    assert not wrong, told(wrong)


@BOTH
def test_the_longest_that_may_be_is_kept(paths, ground):
    wrong = []
    for path in paths:
        sent = {name: ("😍ä" * most)[: min(most, 50_000)] for name, most in path.fields.items()}
        with undone():
            status, words, read = said(path, ground, sent)
        if status not in TAKEN or read != sent:
            wrong.append((path.url, status, words[-300:], [name for name in read if read[name] != sent[name]]))
    assert not wrong, told(wrong)
