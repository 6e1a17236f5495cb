"""Mails put together by hand, read by Python's own parser."""

from dataclasses import replace
from email import message_from_bytes, policy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.campaigns.channels import Outgoing, mime

PLAIN = Outgoing(
    identity="a" * 32, sender_name="The shop", sender="shop@fernhill.example", recipient="ann@mail.example",
    recipient_name="Ann Price", subject="Thank you", text="Hello\n.\n..\nFrom me", html="<p>Hello</p>",
    unsubscribe_url="https://fernhill.example/u/token",
)  # fmt: skip
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)


def read(outgoing: Outgoing):
    wire = mime.build(outgoing)
    assert all(len(line) <= 998 for line in wire.split(b"\r\n"))
    assert wire.count(b"\n") == wire.count(b"\r\n")
    return message_from_bytes(wire, policy=policy.default)


def test_what_was_said_is_what_is_read():
    mail = read(PLAIN)
    assert mail["From"] == "The shop <shop@fernhill.example>"
    assert mail["To"] == "Ann Price <ann@mail.example>"
    assert (mail["Subject"], mail["Message-ID"]) == ("Thank you", f"<{'a' * 32}@fernhill.example>")
    assert mail["List-Unsubscribe"] == "<https://fernhill.example/u/token>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail.get_body(["plain"]).get_content().splitlines() == PLAIN.text.splitlines()
    assert mail.get_body(["html"]).get_content().strip() == PLAIN.html
    assert not mail.defects


@settings(deadline=None)
@given(subject=TEXT, name=TEXT, text=TEXT.map(lambda text: f"{text}!"))
def test_hostile_words_stay_where_they_are(subject, name, text):
    mail = read(replace(PLAIN, subject=subject, recipient_name=name, sender_name=name, text=text))
    assert sorted(mail.keys()) == sorted(read(PLAIN).keys())
    shown = " ".join("".join(c if c.isprintable() else " " for c in subject).split())
    assert " ".join(str(mail["Subject"]).split()) == shown
    assert mail["To"].addresses[0].addr_spec == "ann@mail.example"
    assert len(mail["To"].addresses) == 1
    assert mail.get_body(["plain"]).get_content().splitlines() == text.splitlines()


@pytest.mark.parametrize(
    "address",
    ["", "ann", "@mail.example", "ann@", "ann@mail.example\r\nBcc: x@y.example", "ann,bob@mail.example",
     "a b@c.example", "ann@mail.example>", "änn@mail.example", "ann@mail example"],
)  # fmt: skip
def test_what_no_header_can_hold_is_refused(address):
    with pytest.raises((ValueError, UnicodeError)):
        mime.build(replace(PLAIN, recipient=address))


def test_an_international_domain_goes_as_ascii():
    assert mime.address("ann@bücher.example") == "ann@xn--bcher-kva.example"


def test_a_long_subject_is_folded_and_an_encoded_word_in_it_is_not_believed():
    for subject in ("x" * 1200, "=?utf-8?q?Bcc=3A_x?="):
        assert str(read(replace(PLAIN, subject=subject))["Subject"]).replace(" ", "") == subject.replace(" ", "")
