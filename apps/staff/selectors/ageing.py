"""Rows of staff whose time is over."""

from datetime import datetime, timedelta

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef, QuerySet

from apps.staff.models import Notice


def expired_sessions(now: datetime) -> QuerySet[Session]:
    return Session.objects.filter(expire_date__lt=now)


def devices_without_session(now: datetime) -> QuerySet[UserSession]:
    found: QuerySet[UserSession] = UserSession.objects.filter(
        ~Exists(Session.objects.filter(pk=OuterRef("session_key")))
    )
    return found


def read_notices(now: datetime) -> QuerySet[Notice]:
    return Notice.objects.filter(read_at__lt=now - timedelta(days=90))
