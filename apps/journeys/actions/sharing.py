from datetime import datetime, timedelta

from django.db.models import Q

from apps.journeys.models import Journey, ShareLink
from apps.staff.models import User

_LOOKED = timedelta(minutes=1)  # a page that is loaded often writes no more often than this


def share(
    *, journey: Journey, name: str, shows_numbers: bool, takes_comments: bool, by: User | None, now: datetime
) -> ShareLink:
    return ShareLink.objects.create(
        journey=journey,
        name=name,
        shows_numbers=shows_numbers,
        takes_comments=takes_comments,
        created_by=by,
        created_at=now,
    )


def revoke(*, link: ShareLink, now: datetime) -> None:
    """For good. Idempotent: the first time stands."""
    ShareLink.objects.filter(pk=link.pk, revoked_at=None).update(revoked_at=now)


def note_opening(*, link: ShareLink, now: datetime) -> None:
    old = Q(last_opened_at=None) | Q(last_opened_at__lt=now - _LOOKED)
    ShareLink.objects.filter(old, pk=link.pk).update(last_opened_at=now)
