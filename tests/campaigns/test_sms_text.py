"""How a text is split into SMS, against a slow and plain reading of GSM 03.38."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.campaigns.sms_text import _BASIC, _EXTENSION, Encoding, describe, names

GSM = st.text(alphabet=sorted(_BASIC | _EXTENSION), max_size=700)
ANY = st.text(max_size=400) | st.text(alphabet="aé€👋ж[", max_size=400)


def test_the_alphabet_has_all_its_places():
    assert len(_BASIC) == 127  # the 128th is the escape
    assert len(_EXTENSION) == 10


@pytest.mark.parametrize(
    ("text", "encoding", "units", "count", "left"),
    [
        ("", "GSM-7", 0, 0, 160),
        ("a" * 160, "GSM-7", 160, 1, 0),
        ("a" * 161, "GSM-7", 161, 2, 145),
        ("a" * 306, "GSM-7", 306, 2, 0),
        ("a" * 307, "GSM-7", 307, 3, 152),
        ("€" * 80, "GSM-7", 160, 1, 0),
        ("€" * 81, "GSM-7", 162, 2, 143),  # 76 fit the first: an escape stays with its sign
        ("a" * 152 + "€" + "a" * 10, "GSM-7", 164, 2, 141),
        ("ж" * 70, "UCS-2", 70, 1, 0),
        ("ж" * 71, "UCS-2", 71, 2, 63),
        ("👋" * 35, "UCS-2", 70, 1, 0),
        ("👋" * 36, "UCS-2", 72, 2, 61),  # 33 fit the first
        ("a" * 66 + "👋ж" + "a" * 5, "UCS-2", 74, 2, 59),
        ("ç", "UCS-2", 1, 1, 69),  # only the capital is in the alphabet
        ("Ç", "GSM-7", 1, 1, 159),
        ("`", "UCS-2", 1, 1, 69),
        ("\t", "UCS-2", 1, 1, 69),
        ("don’t", "UCS-2", 5, 1, 65),
    ],
)
def test_known_texts(text, encoding, units, count, left):
    found = describe(text)
    assert (found.encoding.value, found.units, found.count, found.left) == (encoding, units, count, left)


def test_the_characters_that_cost_are_named_once_in_order():
    assert describe("don’t – “don’t” 👋").culprits == ("’", "–", "“", "”", "👋")
    assert describe("plain €").culprits == ()


def slowly(text: str) -> tuple[str, int, int]:
    """Cut into segments one by one."""
    is_gsm = all(c in _BASIC or c in _EXTENSION for c in text)
    pieces = [["esc", c] if is_gsm and c in _EXTENSION else [c] for c in text]
    if not is_gsm:
        pieces = [[text[i]] * (len(text[i].encode("utf-16-le", "surrogatepass")) // 2) for i in range(len(text))]
    units = sum(len(piece) for piece in pieces)
    alone, joined = (160, 153) if is_gsm else (70, 67)
    if units <= alone:
        return ("GSM-7" if is_gsm else "UCS-2"), units, 1 if text else 0
    segments: list[list[str]] = [[]]
    for piece in pieces:
        if len(segments[-1]) + len(piece) > joined:
            segments.append([])
        segments[-1].extend(piece)
    assert all(segments)
    return ("GSM-7" if is_gsm else "UCS-2"), units, len(segments)


@given(GSM | ANY)
def test_any_text_is_counted_as_by_hand(text):
    found = describe(text)
    assert (found.encoding.value, found.units, found.count) == slowly(text)
    assert (found.encoding is Encoding.UCS2) == bool(found.culprits)
    assert 0 <= found.left <= found.encoding.alone


@given(GSM | ANY, st.sampled_from("a€ж👋"))
def test_more_text_is_never_less(text, more):
    assert describe(text + more).count >= describe(text).count


@given(GSM)
def test_what_is_left_fits(text):
    found = describe(text)
    assert describe(text + "a" * found.left).count == max(found.count, 1)
    assert describe(text + "a" * (found.left + 1)).count == max(found.count, 1) + 1


@pytest.mark.parametrize(
    ("text", "brand", "is_there"),
    [
        ("Acme: your order is ready", "Acme", True), ("ACME\n shop says hi", "Acme Shop", True),
        ("Your Acme.", "acme", True), ("Acmeville is near", "Acme", False), ("Hello", "Acme", False),
        ("Hello", "", False), ("Hello", "  ", False),
        ("Ａｃｍｅ writes", "Acme", True), ("Straße & Co: hi", "STRASSE & CO", True), ("a+b? yes", "a+b?", True),
    ],
)  # fmt: skip
def test_the_brand_is_named(text, brand, is_there):
    assert names(text, brand) is is_there
