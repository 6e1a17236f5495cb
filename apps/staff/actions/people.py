from datetime import datetime

from allauth.usersessions.models import UserSession
from django.contrib.auth.models import Group
from django.db import transaction
from django.utils.translation import gettext as _

from apps.staff.actions import roles
from apps.staff.enums import Role
from apps.staff.models import ApiKey, Department, User


class NotAllowed(ValueError):
    """The change would lock people out; the text says why."""


@transaction.atomic
def change(
    *, user: User, name: str, role: Role, department: Department | None, is_active: bool, by: User | None
) -> None:
    """Disabling ends the user's sessions. Raises NotAllowed."""
    # Two admins who demote each other at once wait here for one another.
    Group.objects.select_for_update(no_key=True).get(name=Role.ADMIN.value)
    user = User.objects.select_for_update(no_key=True, of=("self",)).get(pk=user.pk)
    if not is_active and user == by:
        raise NotAllowed(_("You cannot disable yourself. Ask another admin."))
    stays_admin = is_active and (role is Role.ADMIN or user.is_superuser)
    if not stays_admin and not User.objects.admins().exclude(pk=user.pk).exists():
        raise NotAllowed(_("This is the only admin. Make somebody else an admin first."))
    was_active = user.is_active
    user.name, user.department, user.is_active = name, department, is_active
    user.save(update_fields=["name", "department", "is_active"])
    if user.roles != [role]:
        roles.give_role(user=user, role=role)
    if was_active and not is_active:
        end_sessions(user=user)


def end_sessions(*, user: User) -> None:
    for session in UserSession.objects.filter(user=user):
        session.end()


def keys_that_stop(user: User, *, now: datetime) -> int:
    """API keys that work only while their owner may sign in."""
    return ApiKey.objects.active(now).filter(owner=user).count()


@transaction.atomic
def change_own(*, user: User, name: str, time_zone: str, wants_mail: bool) -> None:
    user.name, user.time_zone, user.wants_mail = name, time_zone, wants_mail
    user.save(update_fields=["name", "time_zone", "wants_mail"])
