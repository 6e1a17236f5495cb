from functools import cache
from typing import Any

from django.http import HttpRequest

from apps.staff.models import Notice, User

MOST_COUNTED = 99


def notices(request: HttpRequest) -> dict[str, Any]:
    """How many notices the user has not read: one bounded count, made when a page asks for it."""

    @cache
    def unread() -> int:
        user = getattr(request, "user", None)
        if not isinstance(user, User):
            return 0
        return Notice.objects.for_user(user).unread()[: MOST_COUNTED + 1].count()

    return {"unread_notices": unread, "most_counted_notices": MOST_COUNTED}
