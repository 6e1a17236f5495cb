import hashlib
import secrets
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.staff.enums import Scope
from apps.staff.models import ApiKey, User

_STALE = timedelta(minutes=1)
OVERLAP = timedelta(hours=24)


class UnknownScope(ValueError):
    pass


class NameTaken(ValueError):
    pass


class KeyIsOff(ValueError):
    """The key was revoked or renewed already."""


def create(*, name: str, scopes: list[str], owner: User | None = None) -> str:
    """The key in full; it cannot be read again. A name that exists gets a new key in place of the old one."""
    prefix, key = _make()
    ApiKey.objects.current().update_or_create(
        name=name,
        defaults={
            "prefix": prefix,
            "digest": _digest(key),
            "scopes": _checked(scopes),
            "owner": owner,
            "revoked_at": None,
        },
    )
    return key


@transaction.atomic
def create_new(*, name: str, scopes: list[str], owner: User, now: datetime) -> tuple[ApiKey, str]:
    """The row and the key in full. Raises NameTaken; the name of a revoked key is free again."""
    ApiKey.objects.current().filter(name=name).exclude(revoked_at=None).update(expires_at=now)
    prefix, key = _make()
    row = ApiKey(name=name, prefix=prefix, digest=_digest(key), scopes=_checked(scopes), owner=owner, created_at=now)
    try:
        row.validate_constraints()
    except ValidationError as error:
        raise NameTaken(" ".join(error.messages)) from error
    row.save(force_insert=True)
    return row, key


@transaction.atomic
def renew(*, key_pk: int, now: datetime) -> tuple[ApiKey, str]:
    """A new key of the same name and scopes; the old one works until OVERLAP is over. Raises KeyIsOff."""
    old = ApiKey.objects.select_for_update(no_key=True, of=("self",)).get(pk=key_pk)
    if old.revoked_at is not None or old.expires_at is not None:
        raise KeyIsOff(_("This key was revoked or renewed already."))
    old.expires_at = now + OVERLAP
    old.save(update_fields=["expires_at"])
    prefix, key = _make()
    new = ApiKey.objects.create(
        name=old.name, prefix=prefix, digest=_digest(key), scopes=old.scopes, owner=old.owner, created_at=now
    )
    return new, key


def revoke(*, key_pk: int, now: datetime) -> None:
    ApiKey.objects.filter(pk=key_pk, revoked_at=None).update(revoked_at=now)


def find(*, key: str, now: datetime) -> ApiKey | None:
    parts = key.split("_", 2)
    if len(parts) != 3:
        return None
    found = ApiKey.objects.active(now).select_related("owner").filter(prefix=parts[1]).first()
    if found is None or not secrets.compare_digest(found.digest, _digest(key)):
        return None
    if found.owner is not None and not found.owner.is_active:
        return None
    if found.last_used_at is None or now - found.last_used_at > _STALE:
        ApiKey.objects.filter(pk=found.pk).update(last_used_at=now)
    return found


def _checked(scopes: list[str]) -> list[str]:
    unknown = sorted(set(scopes) - set(Scope.values))
    if unknown or not scopes:
        raise UnknownScope(f"Unknown scope {', '.join(unknown) or '(none)'}. Use some of: {', '.join(Scope.values)}.")
    return scopes


def _make() -> tuple[str, str]:
    prefix = secrets.token_hex(4)
    return prefix, f"mp_{prefix}_{secrets.token_urlsafe(32)}"


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
