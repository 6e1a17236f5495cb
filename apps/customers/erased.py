"""Who was erased, without knowing who: identities are kept as keyed hashes only. The keys are derived from SECRET_KEY
and its fallbacks, so that what an older key wrote is still recognised."""

import hmac
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache

from django.conf import settings

from apps.customers.enums import Choice, IdentityKind
from apps.customers.models import Consent, Customer, ErasedIdentity, Topic

_PURPOSE = b"milepost.erased-identity"
_KIND_OF_CHANNEL = {"email": IdentityKind.EMAIL, "sms": IdentityKind.PHONE, "phone": IdentityKind.PHONE}

type Key = tuple[str, str]  # kind, folded value


def digest(key: Key) -> str:
    return _digest(settings.SECRET_KEY, key)


def _digest(secret: str, key: Key) -> str:
    return hmac.digest(_derived(secret), f"{key[0]}:{key[1]}".encode(), "sha256").hex()


@lru_cache(maxsize=16)
def _derived(secret: str) -> bytes:
    return hmac.digest(secret.encode(), _PURPOSE, "sha256")


def _digests(key: Key) -> list[str]:
    return [_digest(secret, key) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]


def among(keys: Iterable[Key]) -> set[Key]:
    """Those of the keys that belonged to somebody who was erased. One question."""
    by_digest = {one: key for key in keys for one in _digests(key)}
    if not by_digest:
        return set()
    found = ErasedIdentity.objects.filter(digest__in=list(by_digest)).values_list("digest", flat=True)
    return {by_digest[one] for one in found}


def digests(*, channel: str, address: str) -> list[str]:
    """Under which an erased address of that channel would be kept; `address` folded."""
    kind = _KIND_OF_CHANNEL.get(channel)
    return _digests((kind.value, address)) if kind else []


def said_yes_since(erased_at: datetime, *, customer: Customer, channel: str, topic: Topic) -> bool:
    answers = Consent.objects.about(channel=channel, topic=topic).filter(customer=customer, at__gt=erased_at)
    last = answers.order_by("-at", "-id").first()
    return last is not None and last.choice == Choice.IN
