from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from apps.core import links
from apps.core.models import CompanySettings
from apps.staff import mails
from apps.staff.actions import roles
from apps.staff.enums import Role
from apps.staff.models import Department, Invite, User

LIFETIME = timedelta(days=7)


class CannotInvite(ValueError):
    """The text says why."""


class InviteClosed(ValueError):
    """The invitation was used, taken back, or is too old; the text says so."""


@transaction.atomic
def invite(
    *, email: str, name: str, role: Role, department: Department | None, by: User | None, now: datetime
) -> Invite:
    """Whoever was invited before and has not answered gets a new link, and the old one is dead."""
    email = email.strip().lower()
    if User.objects.filter(email__iexact=email).exists():
        raise CannotInvite(_("Somebody with this address belongs to the staff already."))
    Invite.objects.waiting().filter(email__iexact=email).update(revoked_at=now)
    return Invite.objects.create(
        email=email,
        name=name,
        role=role,
        department=department,
        invited_by=by,
        created_at=now,
        expires_at=now + LIFETIME,
    )


def again(*, invite_pk: int, by: User | None, now: datetime) -> Invite:
    old = Invite.objects.get(pk=invite_pk)
    if old.accepted_at is not None:
        raise CannotInvite(_("%(name)s has joined already.") % {"name": old.name or old.email})
    return invite(email=old.email, name=old.name, role=Role(old.role), department=old.department, by=by, now=now)


def revoke(*, invite_pk: int, now: datetime) -> None:
    Invite.objects.waiting().filter(pk=invite_pk).update(revoked_at=now)


def link(invite: Invite) -> str:
    return f"{links.url('invite', 'join', invite.pk)}/"


def send(*, invite: Invite) -> bool:
    """Whether a mail went out; without one, somebody has to hand the link over."""
    if not settings.EMAIL_URL:
        return False
    company = CompanySettings.current()
    inviter = str(invite.invited_by) if invite.invited_by else company.name
    text = _(
        "Hello %(name)s,\n\n%(inviter)s invites you to Milepost, where %(company)s looks after the journeys of its"
        " customers.\n\nChoose a password here, within seven days:\n%(link)s\n\nIf you did not expect this, do"
        " nothing."
    ) % {"name": invite.name or invite.email, "inviter": inviter, "company": company.name, "link": link(invite)}
    return mails.send(to=invite.email, subject=_("Join %(company)s on Milepost") % {"company": company.name}, text=text)


def check(invite: Invite, *, now: datetime) -> None:
    """Raises InviteClosed."""
    if invite.accepted_at is not None:
        raise InviteClosed(_("This invitation has been used. Log in with your e-mail address and password."))
    if invite.revoked_at is not None:
        raise InviteClosed(_("This invitation was taken back or replaced by a newer one."))
    if invite.expires_at <= now:
        raise InviteClosed(_("This invitation is more than seven days old. Ask for a new one."))
    if User.objects.filter(email__iexact=invite.email).exists():
        raise InviteClosed(_("Somebody with this address belongs to the staff already. Log in instead."))


@transaction.atomic
def accept(*, invite_pk: int, name: str, password: str, now: datetime) -> User:
    """The new user. Of two tries at once the second finds the invitation used. Raises InviteClosed."""
    invite = Invite.objects.select_for_update(no_key=True, of=("self",)).get(pk=invite_pk)
    check(invite, now=now)
    user = User.objects.create_user(invite.email, password, name=name, department=invite.department)
    roles.give_role(user=user, role=Role(invite.role))
    invite.accepted_at, invite.user = now, user
    invite.save(update_fields=["accepted_at", "user"])
    return user
