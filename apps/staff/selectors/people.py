from allauth.mfa.models import Authenticator
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from apps.staff.models import Department, Invite, User

SECOND_FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]


def staff(*, text: str = "") -> QuerySet[User]:
    """With department, roles and whether they have a second factor."""
    factors = Authenticator.objects.filter(user=OuterRef("pk"), type__in=SECOND_FACTORS)
    found = User.objects.select_related("department").prefetch_related("groups")
    if text:
        found = found.filter(Q(name__icontains=text) | Q(email__icontains=text))
    return found.annotate(has_second_factor=Exists(factors))


def waiting_invites() -> list[Invite]:
    """Bounded: whoever was invited and has not answered."""
    rows = Invite.objects.waiting().select_related("department", "invited_by")
    return list(rows.order_by("-created_at", "-pk")[:100])


def departments() -> QuerySet[Department]:
    """By name, with how many people are in each."""
    return Department.objects.annotate(people=Count("users")).order_by("name", "pk")
