"""What needs somebody: told to admins, once a day a cause."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.core import registry
from apps.core.selectors import queue_gauges
from apps.staff.actions import notices
from apps.staff.enums import NoticeKind

OLD_SECONDS = 300


def look(*, now: datetime) -> None:
    found = [
        _of_queue(name, now) for name, gauge in queue_gauges(now=now).items() if gauge.oldest_seconds > OLD_SECONDS
    ]
    for find in registry.needs.values():
        found += find(now)
    for need in found:
        key = f"{need.key}:{now:%Y-%m-%d}"
        notices.tell_admins(kind=NoticeKind.NEED, key=key, text=need.text, url=need.url, now=now)


def _of_queue(name: str, now: datetime) -> registry.Need:
    text = _("Work waits for more than five minutes in the queue “%(name)s”. Look whether the workers run.")
    return registry.Need(key=f"queue:{name}", text=text % {"name": name}, url=reverse("home"))
