from typing import Any

from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models import Q

from apps.staff.enums import Role
from apps.staff.models import User


def sync_after_migrate(sender: Any, **_kwargs: Any) -> None:
    if sender.label == "staff":
        create_permissions(sender, verbosity=0)
    sync_roles()


@transaction.atomic
def sync_roles() -> None:
    """Groups and their permissions follow the table of apps.staff.enums; idempotent. Admins get every permission, so
    that each model of the admin opens for them."""
    for role in Role:
        group, _created = Group.objects.get_or_create(name=role.value)
        wanted = Q(content_type__app_label="staff", codename__in=[act.value for act in role.acts])
        permissions = Permission.objects.all() if role is Role.ADMIN else Permission.objects.filter(wanted)
        group.permissions.set(permissions)


@transaction.atomic
def give_role(*, user: User, role: Role) -> None:
    """The one role of the user from now on."""
    user.groups.set([Group.objects.get(name=role.value)])
