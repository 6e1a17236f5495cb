from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.core.enums import JobState
from apps.core.models import Job
from apps.staff import mails
from apps.staff.enums import NoticeKind
from apps.staff.models import Notice, User

LEASE = timedelta(minutes=10)
_AT_ONCE = 500


def tell(*, user_ids: Iterable[int], kind: NoticeKind, key: str, text: str, url: str = "", now: datetime) -> None:
    """Idempotent by `key`: nobody is told the same thing twice. People who want mail get it within minutes."""
    people = User.objects.filter(pk__in=set(user_ids), is_active=True).values_list("pk", "wants_mail")
    Notice.objects.bulk_create(
        (
            Notice(
                user_id=pk,
                kind=kind,
                key=key[:100],
                text=text[:500],
                url=url[:500],
                created_at=now,
                mail_due_at=now if wants_mail and settings.EMAIL_URL else None,
            )
            for pk, wants_mail in people
        ),
        ignore_conflicts=True,
    )


def tell_admins(*, kind: NoticeKind, key: str, text: str, url: str = "", now: datetime) -> None:
    ids = User.objects.admins().values_list("pk", flat=True)
    tell(user_ids=ids, kind=kind, key=key, text=text, url=url, now=now)


def tell_of_job(job: Job) -> None:
    """Whoever started a job hears how it ended."""
    if job.user_id is None or job.finished_at is None:
        return
    words = {
        JobState.DONE: _("Done: %(title)s"),
        JobState.FAILED: _("Failed: %(title)s. %(error)s"),
        JobState.CANCELLED: _("Cancelled: %(title)s"),
    }
    tell(
        user_ids=[job.user_id],
        kind=NoticeKind.JOB,
        key=f"job:{job.pk}",
        text=words[JobState(job.state)] % {"title": job.title, "error": job.error},
        url=reverse("job_detail", kwargs={"pk": job.pk}),
        now=job.finished_at,
    )


def mark_read(*, notice: Notice, now: datetime) -> None:
    Notice.objects.unread().filter(pk=notice.pk).update(read_at=now, mail_due_at=None)


def mark_all_read(*, user: User, now: datetime) -> int:
    return Notice.objects.for_user(user).unread().update(read_at=now, mail_due_at=None)


def mail_due(*, now: datetime) -> int:
    """One mail a person with all that is new; returns how many went out. A mail that was not taken is tried again when
    the lease is over, and so is one whose sender died."""
    sent = 0
    for user, due in _claim(now).items():
        lines = [
            f"- {notice.text}" + (f"\n  {settings.PUBLIC_URL}{notice.url}" if notice.url else "") for notice in due
        ]
        subject = due[0].text[:150] if len(due) == 1 else _("%(n)s new notices") % {"n": len(due)}
        foot = _("All notices: %(link)s") % {"link": f"{settings.PUBLIC_URL}{reverse('notice_list')}"}
        if mails.send(to=user.email, subject=subject, text="\n".join([*lines, "", foot])):
            # Only what this worker claimed: another may have it by now.
            Notice.objects.filter(pk__in=[n.pk for n in due], mail_due_at=now + LEASE).update(mail_due_at=None)
            sent += 1
    return sent


@transaction.atomic
def _claim(now: datetime) -> dict[User, list[Notice]]:
    due = Notice.objects.filter(mail_due_at__lte=now, user__is_active=True).select_related("user")
    found: dict[User, list[Notice]] = {}
    for notice in due.select_for_update(of=("self",), skip_locked=True).order_by("mail_due_at", "pk")[:_AT_ONCE]:
        found.setdefault(notice.user, []).append(notice)
    claimed = [notice.pk for notices in found.values() for notice in notices]
    Notice.objects.filter(pk__in=claimed).update(mail_due_at=now + LEASE)
    return found
