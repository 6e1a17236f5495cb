import hashlib
import secrets
from datetime import datetime, timedelta

from apps.staff.enums import Scope
from apps.staff.models import ApiKey, User

_STALE = timedelta(minutes=1)


class UnknownScope(ValueError):
    pass


def create(*, name: str, scopes: list[str], owner: User | None = None) -> str:
    """The key in full; it cannot be read again. A name that exists gets a new key in place of the old one."""
    unknown = sorted(set(scopes) - set(Scope.values))
    if unknown or not scopes:
        raise UnknownScope(f"Unknown scope {', '.join(unknown) or '(none)'}. Use some of: {', '.join(Scope.values)}.")
    prefix = secrets.token_hex(4)
    key = f"mp_{prefix}_{secrets.token_urlsafe(32)}"
    ApiKey.objects.update_or_create(
        name=name,
        defaults={
            "prefix": prefix,
            "digest": _digest(key),
            "scopes": scopes,
            "owner": owner,
            "revoked_at": None,
        },
    )
    return key


def find(*, key: str, now: datetime) -> ApiKey | None:
    parts = key.split("_", 2)
    if len(parts) != 3:
        return None
    found = ApiKey.objects.active().select_related("owner").filter(prefix=parts[1]).first()
    if found is None or not secrets.compare_digest(found.digest, _digest(key)):
        return None
    if found.owner is not None and not found.owner.is_active:
        return None
    if found.last_used_at is None or now - found.last_used_at > _STALE:
        ApiKey.objects.filter(pk=found.pk).update(last_used_at=now)
    return found


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
