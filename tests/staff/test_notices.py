"""Notices: told once, read when opened, mailed together to those who want it."""

from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse

from apps.core import registry
from apps.core.enums import JobState
from apps.core.models import Change, Job
from apps.staff.actions import needs, notices
from apps.staff.enums import NoticeKind, Role
from apps.staff.models import Notice
from apps.touchpoints.enums import SourceKind
from apps.touchpoints.models import RefusedItem, Source
from tests.factories import UserFactory, staff

pytestmark = pytest.mark.django_db


def tell(*users, now, key="x", text="Look at this", url="/customers/"):
    notices.tell(user_ids=[user.pk for user in users], kind=NoticeKind.MENTION, key=key, text=text, url=url, now=now)


@pytest.fixture
def mailing(settings):
    settings.EMAIL_URL = "smtp://127.0.0.1:2525"


def test_nobody_is_told_twice(now):
    user = UserFactory()
    for text in ("first", "second"):
        tell(user, now=now, text=text)
    tell(user, user, now=now, key="y")
    assert sorted(Notice.objects.values_list("key", "text")) == [("x", "first"), ("y", "Look at this")]


def test_somebody_who_is_disabled_or_gone_is_not_told(now):
    notices.tell(user_ids=[UserFactory(is_active=False).pk, 999999], kind=NoticeKind.JOB, key="x", text="x", now=now)
    assert not Notice.objects.exists()


def test_only_admins_who_may_sign_in_are_told(now):
    admin = staff(Role.ADMIN)
    for other in (staff(Role.MARKETER), staff(Role.ADMIN)):
        other.is_active = other.role is not Role.ADMIN
        other.save()
    notices.tell_admins(kind=NoticeKind.NEED, key="x", text="x", now=now)
    assert [notice.user for notice in Notice.objects.all()] == [admin]


def test_opening_marks_as_read_and_goes_there(client, now):
    user, other = staff(Role.AGENT), staff(Role.AGENT)
    tell(user, other, now=now)
    client.force_login(user)
    mine, theirs = Notice.objects.get(user=user), Notice.objects.get(user=other)
    assert "notice-text" in client.get("/notices/").content.decode()
    assert not Notice.objects.exclude(read_at=None).exists(), "a look at the list marks nothing"
    assert client.get(reverse("notice_open", kwargs={"pk": mine.pk})).status_code == 405
    assert client.post(reverse("notice_open", kwargs={"pk": mine.pk}))["Location"] == "/customers/"
    assert client.post(reverse("notice_open", kwargs={"pk": theirs.pk})).status_code == 404
    assert [notice.user for notice in Notice.objects.unread()] == [other]


@pytest.mark.parametrize("url", ["https://evil.example/", "//evil.example", "javascript:alert(1)", ""])
def test_a_notice_leads_nowhere_else(client, now, url):
    user = staff(Role.AGENT)
    tell(user, now=now, url=url)
    client.force_login(user)
    response = client.post(reverse("notice_open", kwargs={"pk": Notice.objects.get().pk}))
    assert response["Location"] == "/notices/"


def test_the_bell_counts_what_is_new(client, now):
    user = staff(Role.AGENT)
    client.force_login(user)
    assert "nav-count" not in client.get("/notices/").content.decode()
    for n in range(3):
        tell(user, now=now, key=str(n))
    assert client.get("/account/").content.decode().count("nav-count") == 2
    assert client.post("/notices/read/").status_code == 302
    assert "nav-count" not in client.get("/account/").content.decode()


def test_the_count_is_bounded(client, now):
    user = staff(Role.AGENT)
    client.force_login(user)
    for n in range(101):
        tell(user, now=now, key=str(n))
    assert "99+" in client.get("/account/").content.decode()


def test_the_list_is_paged_and_needs_the_same_queries(client, now, django_assert_max_num_queries):
    user = staff(Role.AGENT)
    client.force_login(user)
    tell(user, now=now)
    with django_assert_max_num_queries(9) as few:
        client.get("/notices/")
    for n in range(60):
        tell(user, now=now + timedelta(minutes=n), key=str(n), text=f"Number {n}")
    with django_assert_max_num_queries(len(few.captured_queries)):
        page = client.get("/notices/").content.decode()
    assert page.index("Number 59") < page.index("Number 58")
    assert page.count("notice-text") == 50
    cursor = page.split("?cursor=")[1].split('"')[0]
    assert client.get(f"/notices/?cursor={cursor}").content.decode().count("notice-text") == 11
    assert client.get("/notices/?cursor=nonsense")["Location"] == "/notices/"


def test_one_mail_lists_all_that_is_new(now, mailing):
    wants, does_not = UserFactory(wants_mail=True), UserFactory()
    tell(wants, does_not, now=now, text="Ann mentioned you")
    tell(wants, now=now, key="y", text="The import is done", url="")
    assert notices.mail_due(now=now) == 1
    assert notices.mail_due(now=now + timedelta(days=1)) == 0
    (sent,) = mail.outbox
    assert (sent.to, sent.subject) == ([wants.email], "2 new notices")
    assert "- Ann mentioned you\n  http" in sent.body
    assert "- The import is done" in sent.body


def test_what_was_read_is_not_mailed(now, mailing):
    user = UserFactory(wants_mail=True)
    tell(user, now=now)
    notices.mark_all_read(user=user, now=now)
    assert notices.mail_due(now=now) == 0


def test_without_a_mail_server_nothing_waits(now, settings):
    settings.EMAIL_URL = ""
    tell(UserFactory(wants_mail=True), now=now)
    assert Notice.objects.get().mail_due_at is None


def test_a_mail_that_was_not_taken_is_tried_again(now, mailing, settings):
    good = settings.MAILERS
    settings.MAILERS = {
        "default": {
            "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "OPTIONS": {"host": "127.0.0.1", "port": 9, "timeout": 2},
        }
    }
    tell(UserFactory(wants_mail=True), now=now)
    assert notices.mail_due(now=now) == 0
    settings.MAILERS = good
    assert notices.mail_due(now=now + timedelta(minutes=1)) == 0, "the lease is not over"
    assert notices.mail_due(now=now + notices.LEASE) == 1


@pytest.mark.parametrize(
    ("state", "text"),
    [(JobState.DONE, "Done: Import of orders"), (JobState.CANCELLED, "Cancelled: Import of orders"),
     (JobState.FAILED, "Failed: Import of orders. No such column")],
)  # fmt: skip
def test_whoever_started_a_job_hears_how_it_ended(now, state, text):
    user = UserFactory()
    job = Job.objects.create(kind="x", title="Import of orders", user=user, state=state, finished_at=now,
                             error="No such column" if state == JobState.FAILED else "")  # fmt: skip
    for handler in [*registry.job_end_handlers, *registry.job_end_handlers]:
        handler(job)
    notice = Notice.objects.get()
    assert (notice.user, notice.kind, notice.text) == (user, NoticeKind.JOB, text)
    assert notice.url == reverse("job_detail", kwargs={"pk": job.pk})


def test_a_job_of_nobody_tells_nobody(now):
    notices.tell_of_job(Job.objects.create(kind="x", title="x", state=JobState.DONE, finished_at=now))
    assert not Notice.objects.exists()


def test_an_old_queue_needs_somebody_once_a_day(now):
    staff(Role.ADMIN)
    change = Change.objects.create(customer_id=1, origin="live")
    Change.objects.filter(pk=change.pk).update(created_at=now - timedelta(minutes=4))
    needs.look(now=now)
    assert not Notice.objects.exists()
    for minutes in (2, 3, 60):
        needs.look(now=now + timedelta(minutes=minutes))
    assert [notice.key for notice in Notice.objects.all()] == [f"queue:pipeline:{now:%Y-%m-%d}"]
    needs.look(now=now + timedelta(days=1))
    assert Notice.objects.count() == 2


def test_refused_items_need_somebody(now):
    staff(Role.ADMIN)
    source = Source.objects.create(name="Web shop", kind=SourceKind.SERVER)
    RefusedItem.objects.create(source=source, received_at=now - timedelta(days=2), reason="no id", item="{}")
    needs.look(now=now)
    assert not Notice.objects.exists()
    RefusedItem.objects.create(source=source, received_at=now - timedelta(hours=2), reason="no id", item="{}")
    for _time in range(2):
        needs.look(now=now)
    notice = Notice.objects.get()
    assert "Web shop" in notice.text
    assert notice.url == f"/sources/{source.pk}/"
