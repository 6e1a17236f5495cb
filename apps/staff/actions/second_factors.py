from datetime import datetime

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.staff.actions import notices, people
from apps.staff.enums import NoticeKind
from apps.staff.models import User


@transaction.atomic
def remove(*, user: User, by: User, now: datetime) -> None:
    """For somebody who lost the phone and the recovery codes. They are told, in case it was not they who asked."""
    Authenticator.objects.filter(user=user).delete()
    people.end_sessions(user=user)
    notices.tell(
        user_ids=[user.pk],
        kind=NoticeKind.NEED,
        key=f"second-factor:{now.isoformat()}",
        text=_("%(who)s removed your second factor. Set up a new one.") % {"who": by},
        url=reverse("mfa_index"),
        now=now,
    )
