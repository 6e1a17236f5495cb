"""The addresses of other systems and chat rooms that campaigns call."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.campaigns import selectors_names
from apps.campaigns.channels import Outcome, Outgoing, choosing, webhook
from apps.campaigns.models import Endpoint
from apps.campaigns.models_sending import make_secret
from apps.core import destinations
from apps.core import outgoing as http

TEST_TYPE = "milepost.test"
TEST_SECONDS = 5.0
OVERLAP = timedelta(days=1)
_FIELDS = {"name", "url", "shape"}


class NameTaken(Exception):
    """There is another endpoint of that name, or campaigns call it by the old one; the text says which."""


class BadAddress(Exception):
    """The address is none that may be called; the text says why."""


@dataclass(frozen=True)
class Tried:
    """What became of a test call: the status of the answer, if there was one, and what it means. Never what it said."""

    status: int | None
    text: str
    is_well: bool


def create(*, name: str, url: str, shape: str) -> Endpoint:
    """Its secret is shown once. Raises NameTaken or BadAddress."""
    return _save(Endpoint(), name=name, url=url, shape=shape)


def change(*, endpoint: Endpoint, **fields: Any) -> Endpoint:
    """Any of name, url, shape; an empty url keeps the one that is. Raises NameTaken or BadAddress."""
    if not fields.get("url"):
        fields.pop("url", None)
    return _save(endpoint, **fields)


def _save(endpoint: Endpoint, **fields: Any) -> Endpoint:
    if endpoint.pk and fields.get("name", endpoint.name) != endpoint.name:
        _refuse_other_name(endpoint)
    if "url" in fields:
        _check(fields["url"])
    for name in _FIELDS & set(fields):
        setattr(endpoint, name, fields[name])
    try:
        with transaction.atomic():
            endpoint.save(update_fields=sorted(_FIELDS & set(fields)) if endpoint.pk else None)
    except IntegrityError as error:
        raise NameTaken(_("There is an endpoint of this name.")) from error
    return endpoint


def _refuse_other_name(endpoint: Endpoint) -> None:
    holders = selectors_names.calling(endpoint.name)
    if holders:
        said = _("Its name must stay “%(name)s”, because these call it: %(holders)s.")
        raise NameTaken(said % {"name": endpoint.name, "holders": ", ".join(holders)})


def _check(url: str) -> None:
    try:
        destinations.check(url)
    except destinations.Refused as error:
        raise BadAddress(str(error)) from error


def rotate(*, endpoint: Endpoint, now: datetime) -> Endpoint:
    """A new secret, shown once; calls are signed with it from now on, and for a day with the old one too."""
    endpoint.previous_secret, endpoint.previous_until = endpoint.secret, now + OVERLAP
    endpoint.secret = make_secret()
    endpoint.save(update_fields=["secret", "previous_secret", "previous_until"])
    return endpoint


def switch(*, endpoint: Endpoint, is_active: bool) -> None:
    """Calls of an endpoint that is off are skipped, with that as the reason."""
    Endpoint.objects.filter(pk=endpoint.pk).update(is_active=is_active, stopped_because="")


def stop(*, endpoint: Endpoint, reason: str) -> None:
    """It asked to be called no more (410). An admin can switch it on again."""
    Endpoint.objects.filter(pk=endpoint.pk, is_active=True).update(is_active=False, stopped_because=reason[:300])


def try_out(*, endpoint: Endpoint, now: datetime) -> Tried:
    """Calls it once with a signed event that tells of nobody. One that is off may be tried before it is switched on."""
    called = choosing.webhook_channel(endpoint)
    try:
        answer = called.call(_test_call(now), deadline_seconds=TEST_SECONDS)
    except (http.OutgoingError, ValueError) as error:
        return Tried(None, str(error), is_well=False)
    result = webhook.judge(answer, now=now)
    if isinstance(result, webhook.Gone):
        stop(endpoint=endpoint, reason=result.detail)
    return Tried(answer.status, result.detail, is_well=result.outcome is Outcome.SENT)


def _test_call(now: datetime) -> Outgoing:
    text = _("This is a test call from Milepost.")
    return Outgoing(
        identity=f"test-{uuid4().hex}",
        sender_name="",
        sender="",
        recipient="",
        recipient_name="",
        subject="",
        text=text,
        html="",
        unsubscribe_url="",
        payload={"type": TEST_TYPE, "timestamp": now.isoformat(), "data": {"text": text}},
    )
