"""What belongs to one person: their jobs, notices, second factors and sessions, and nobody else's."""

import re

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.test import Client
from django.urls import reverse

from apps.core import jobs
from apps.core.enums import FileRole, JobState
from apps.core.models import Job
from apps.staff.actions import notices
from apps.staff.enums import NoticeKind, Role
from apps.staff.models import Notice
from tests.factories import staff
from tests.staff.conftest import PASSWORD, log_in, with_password

pytestmark = pytest.mark.django_db
HANDLE = "0" * 64


@pytest.fixture(autouse=True)
def _no_tries_of_other_tests(settings, request) -> None:
    """Sign-ins are counted in the cache, by address and by name."""
    cache = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": request.node.nodeid}
    settings.CACHES = {"default": cache}


def signed_in(user) -> Client:
    """By password, and sure that it is they, as the pages of second factors want it."""
    client = Client()
    assert log_in(client, user).status_code == 302
    assert client.post(reverse("account_reauthenticate"), {"password": PASSWORD}).status_code == 302
    return client


def job_of(user) -> Job:
    job = jobs.start(kind="export", title=f"Export of {user.pk}", user_id=user.pk, params={"exporter": "improvements"})
    jobs.write_file(job=job, role=FileRole.RESULT, name="a.csv", content_type="text/csv", chunks=[b"a"])
    return job


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AGENT, Role.MARKETER])
def test_jobs(client, role):
    me = staff(role)
    client.force_login(me)
    mine, theirs = job_of(me), job_of(staff(role))
    for job, status in ((mine, 200), (theirs, 403)):
        assert client.get(reverse("job_detail", args=[job.pk])).status_code == status
        assert client.get(reverse("api_job_detail", args=[job.pk])).status_code == status
    assert [row["id"] for row in client.get(reverse("api_job_list")).json()["results"]] == [mine.pk]
    page = client.get(reverse("job_list")).content.decode()
    assert (mine.title in page, theirs.title in page) == (True, False)
    assert client.get(reverse("job_file", args=[theirs.pk, "result"])).status_code == 403
    assert client.post(reverse("job_cancel", args=[theirs.pk])).status_code == 403
    assert client.post(reverse("api_job_cancel", args=[theirs.pk])).status_code == 403
    theirs.refresh_from_db()
    assert (theirs.state, theirs.cancel_asked_at) == (JobState.QUEUED, None)
    assert client.post(reverse("api_job_cancel", args=[mine.pk])).status_code == 200


def test_the_file_of_ones_own_job(client):
    me = staff(Role.MARKETER)
    client.force_login(me)
    response = client.get(reverse("job_file", args=[job_of(me).pk, "result"]))
    assert (response.status_code, response.getvalue()) == (200, b"a")


def test_an_admin_sees_the_jobs_of_all(client):
    client.force_login(staff(Role.ADMIN))
    theirs = job_of(staff(Role.AGENT))
    assert client.get(reverse("job_detail", args=[theirs.pk])).status_code == 200
    assert [row["id"] for row in client.get(reverse("api_job_list")).json()["results"]] == [theirs.pk]


@pytest.mark.parametrize("role", list(Role))
def test_notices(client, role, now):
    me, other = staff(role), staff(Role.AGENT)
    for user in (me, other):
        notices.tell(user_ids=[user.pk], kind=NoticeKind.NEED, key="x", text=f"For {user.pk} only", url="/", now=now)
    client.force_login(me)
    page = client.get(reverse("notice_list")).content.decode()
    assert (f"For {me.pk} only" in page, f"For {other.pk} only" in page) == (True, False)
    assert client.post(reverse("notice_open", args=[Notice.objects.get(user=other).pk])).status_code == 404
    assert client.post(reverse("notice_read_all")).status_code == 302
    assert Notice.objects.get(user=other).read_at is None
    assert Notice.objects.get(user=me).read_at is not None
    assert client.post(reverse("notice_open", args=[Notice.objects.get(user=me).pk])).status_code == 302


def key_of(user, name: str) -> Authenticator:
    return Authenticator.objects.create(
        user=user, type=Authenticator.Type.WEBAUTHN, data={"name": name, "credential": {}}
    )


@pytest.mark.parametrize("role", [Role.AGENT, Role.ADMIN])
def test_second_factors(role):
    me, other = with_password(role), staff(Role.AGENT)
    client = signed_in(me)
    mine, theirs = key_of(me, "My key"), key_of(other, "Their key")
    page = client.get(reverse("mfa_list_webauthn")).content.decode()
    assert ("My key" in page, "Their key" in page) == (True, False)
    for name in ("mfa_remove_webauthn", "mfa_edit_webauthn"):
        assert client.get(reverse(name, args=[mine.pk])).status_code == 200, name
        assert client.get(reverse(name, args=[theirs.pk])).status_code == 404, name
        assert client.post(reverse(name, args=[theirs.pk]), {"name": "Taken"}).status_code == 404, name
    theirs.refresh_from_db()
    assert theirs.data["name"] == "Their key"
    assert client.post(reverse("mfa_remove_webauthn", args=[mine.pk])).status_code == 302
    assert list(Authenticator.objects.values_list("pk", flat=True)) == [theirs.pk]


def test_recovery_codes_are_ones_own():
    me, other = with_password(Role.AGENT), with_password(Role.AGENT)
    Authenticator.objects.create(user=other, type=Authenticator.Type.TOTP, data={"secret": "x"})
    Authenticator.objects.create(
        user=other, type=Authenticator.Type.RECOVERY_CODES, data={"migrated_codes": ["AAAA1111"], "used_mask": 0}
    )
    client = signed_in(me)
    for name in ("mfa_view_recovery_codes", "mfa_download_recovery_codes", "mfa_deactivate_totp"):
        response = client.get(reverse(name))
        assert response.status_code in {302, 404}, name
        assert b"AAAA1111" not in response.content
    client.post(reverse("mfa_deactivate_totp"))
    assert Authenticator.objects.filter(user=other).count() == 2


def test_sessions():
    me, other = with_password(Role.AGENT), with_password(Role.ADMIN)
    mine, mine_elsewhere, theirs = signed_in(me), signed_in(me), signed_in(other)
    page = mine.get(reverse("usersessions_list")).content.decode()
    assert len(re.findall(r"127\.0\.0\.1", page)) == 2
    assert mine.post(reverse("usersessions_list")).status_code == 302
    assert mine_elsewhere.get("/").status_code == 302
    assert (mine.get("/").status_code, theirs.get("/").status_code) == (200, 200)
    assert UserSession.objects.filter(user=other).count() == 1
