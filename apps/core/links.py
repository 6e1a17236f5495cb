"""Signed links: each kind has a salt of its own, so that a survey link cannot unsubscribe and none can log in."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpResponse


class BadLink(Exception):
    """The token was changed, cut off, made for another kind of link or has expired."""


LIFETIMES: dict[str, timedelta | None] = {
    "survey": timedelta(days=90),
    "unsubscribe": None,
    "preferences": None,
    "click": None,
    "open": None,
    "invite": timedelta(days=7),
    "map": None,
    "subscribe": None,
    "confirm": timedelta(hours=72),
    "open_survey": None,
}
# These stand in print and on web sites: the token is the same whenever it is made.
LASTING = {"open_survey", "subscribe"}


def sign(kind: str, value: Any) -> str:
    if kind not in LIFETIMES:
        raise ValueError(f"unknown kind of link: {kind}")
    if kind in LASTING:
        return signing.Signer(salt=f"milepost.link.{kind}").sign_object(value)
    return signing.dumps(value, salt=f"milepost.link.{kind}")


def read(kind: str, token: str) -> Any:
    try:
        if kind in LASTING:
            return signing.Signer(salt=f"milepost.link.{kind}").unsign_object(token)
        return signing.loads(token, salt=f"milepost.link.{kind}", max_age=LIFETIMES[kind])
    except (signing.BadSignature, ValueError) as error:
        raise BadLink from error


def url(kind: str, prefix: str, value: Any) -> str:
    return f"{settings.PUBLIC_URL}/{prefix}/{sign(kind, value)}"


def private(response: HttpResponse, *, is_guarded: bool = False) -> HttpResponse:
    """For the pages behind links: the token stands in the address, so nobody else is told it and no cache keeps it.
    `is_guarded`: it has a form with a CSRF token, for which a browser must tell us our own origin."""
    response["Referrer-Policy"] = "same-origin" if is_guarded else "no-referrer"
    response["Cache-Control"] = "no-store"
    return response
