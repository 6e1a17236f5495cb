import zoneinfo
from datetime import datetime
from typing import Any, ClassVar, Self

import pghistory
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import OuterRef
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.staff.enums import Act, NoticeKind, Role, Scope


def check_time_zone(value: str) -> None:
    if value not in zoneinfo.available_timezones():
        raise ValidationError(_("Write a time zone such as Europe/Berlin."))


@pghistory.track()
class Department(models.Model):
    """A team of staff, responsible for stages, party to handoffs."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    description = models.CharField(_("what it does"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("department")
        verbose_name_plural = _("departments")

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    def admins(self) -> "models.QuerySet[User]":
        """Who may administer and may sign in."""
        groups = models.Exists(User.groups.through.objects.filter(user=OuterRef("pk"), group__name=Role.ADMIN.value))
        return self.filter(models.Q(groups) | models.Q(is_superuser=True), is_active=True)

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


@pghistory.track(exclude=["password", "last_login"])
class User(AbstractBaseUser, PermissionsMixin):
    """A member of staff who signs in."""

    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=200, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True, validators=[check_time_zone])
    department = models.ForeignKey(
        Department, verbose_name=_("department"), null=True, blank=True, on_delete=models.SET_NULL, related_name="users"
    )
    wants_mail = models.BooleanField(_("notices by e-mail too"), default=False)
    is_active = models.BooleanField(_("may sign in"), default=True)
    joined_at = models.DateTimeField(_("joined"), default=timezone.now, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        permissions = [(act.value, str(act.label)) for act in Act]
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_any_case")]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def is_staff(self) -> bool:
        """May open the admin."""
        return self.is_active and (self.is_superuser or self.has_perm(Act.ADMINISTER.permission))

    @property
    def roles(self) -> list[Role]:
        names = {group.name for group in self.groups.all()}
        return [role for role in Role if role in names]

    @property
    def role(self) -> Role | None:
        """The one that counts: the last of several."""
        return self.roles[-1] if self.roles else None

    def get_full_name(self) -> str:
        return str(self)

    def get_short_name(self) -> str:
        return self.name.split(" ")[0] or self.email


@pghistory.track(pghistory.InsertEvent(), pghistory.DeleteEvent(), obj_field=None)
class UserRole(User.groups.through):  # type: ignore[name-defined,misc]  # made by Django
    """Only so that the audit sees who got and lost which role."""

    class Meta:
        proxy = True
        verbose_name = _("role of a user")
        verbose_name_plural = _("roles of users")


class InviteQuerySet(models.QuerySet["Invite"]):
    def waiting(self) -> Self:
        """Neither used nor taken back; some are too old."""
        return self.filter(accepted_at=None, revoked_at=None)


@pghistory.track()
class Invite(models.Model):
    """A person asked to join the staff; the link in the mail makes the user."""

    email = models.EmailField(_("e-mail"))
    name = models.CharField(_("name"), max_length=200, blank=True)
    role = models.CharField(_("role"), max_length=10, choices=Role.choices)
    department = models.ForeignKey(
        Department, verbose_name=_("department"), null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    invited_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)
    user = models.OneToOneField(User, null=True, on_delete=models.SET_NULL, related_name="+", editable=False)

    objects = InviteQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation to the staff")
        verbose_name_plural = _("invitations to the staff")
        constraints = [
            models.UniqueConstraint(
                Lower("email"), condition=models.Q(accepted_at=None, revoked_at=None), name="invite_once_a_person"
            )
        ]

    def __str__(self) -> str:
        return self.email


class NoticeQuerySet(models.QuerySet["Notice"]):
    def for_user(self, user: User) -> Self:
        return self.filter(user=user)

    def unread(self) -> Self:
        return self.filter(read_at=None)


class Notice(models.Model):
    """Something that a member of staff should know: a mention, a handoff, a finished job, a thing that needs somebody.
    `key` makes telling the same thing twice impossible."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=8, choices=NoticeKind.choices)
    key = models.CharField(max_length=100)
    text = models.CharField(max_length=500)
    url = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    mail_due_at = models.DateTimeField(null=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="notice_once")]
        indexes = [
            models.Index(fields=["user", "-created_at", "-id"], name="notice_latest"),
            models.Index(fields=["user"], name="notice_unread", condition=models.Q(read_at=None)),
            models.Index(fields=["mail_due_at"], name="notice_mail", condition=models.Q(mail_due_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.text


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def active(self, now: datetime) -> Self:
        return self.filter(models.Q(expires_at=None) | models.Q(expires_at__gt=now), revoked_at=None)

    def current(self) -> Self:
        """Without those that a new key takes the place of."""
        return self.filter(expires_at=None)


@pghistory.track(exclude=["digest", "last_used_at"])
class ApiKey(models.Model):
    """A key of the REST API. Only its prefix and its SHA-256 are stored; it is shown once. A renewed key is a row of
    its own, and the old one works beside it until `expires_at`."""

    name = models.CharField(_("name"), max_length=100)
    prefix = models.CharField(max_length=12, unique=True, editable=False)
    digest = models.CharField(max_length=64, editable=False)
    scopes = models.JSONField(_("scopes"), default=list)
    owner = models.ForeignKey(User, verbose_name=_("owner"), null=True, blank=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    expires_at = models.DateTimeField(_("works until"), null=True, blank=True, editable=False)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        constraints = [
            models.UniqueConstraint(
                fields=["name"],
                condition=models.Q(expires_at=None),
                name="api_key_name_once",
                violation_error_message=_("There is a key of this name. Choose another."),
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def acts(self) -> frozenset[Act]:
        return frozenset(act for scope in self.scopes for act in Scope(scope).acts)
