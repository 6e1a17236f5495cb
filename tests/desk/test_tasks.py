"""Tasks: what a campaign may not ask for first, then the list, the pages and the API."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.campaigns import wire
from apps.campaigns.checking import CampaignError
from apps.core.registry import StepCall
from apps.customers.actions import erasing, merges
from apps.desk.actions import work
from apps.desk.models import Task
from apps.feedback.actions import cases
from apps.staff.actions import departments
from apps.staff.enums import Role
from apps.staff.models import Notice, User
from tests.factories import THANK_YOU, CustomerFactory, campaign, enrolled, published_shop, run_and_deliver, staff
from tests.hostile.forms import form_with

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent() -> User:
    return staff(Role.AGENT)


@pytest.fixture
def ann():
    return CustomerFactory(name="Ann Price")


def made(customer, now, **fields) -> Task:
    values = {"title": "Call them", "due_at": now + timedelta(days=1), **fields}
    return work.create(customer=customer, now=now, **values)


class TestStep:
    @pytest.mark.parametrize(
        ("asked", "said"),
        [
            (None, "object"), ([], "object"), ({}, "title"), ({"title": " "}, "title"), ({"title": "x" * 301}, "title"),
            ({"title": "a\x00"}, "title"), ({"title": "A", "more": 1}, "'more'"), ({"title": "A", "note": 1}, "note"),
            ({"title": "A", "due_hours": 0}, "due_hours"), ({"title": "A", "due_hours": True}, "due_hours"),
            ({"title": "A", "owner": "nobody@staff.example"}, "nobody@staff.example"),
            ({"title": "A", "owner": 1}, "owner"), ({"title": "A", "department": "None"}, "'None'"),
        ],
    )  # fmt: skip
    def test_what_makes_no_sense(self, asked, said):
        with pytest.raises(ValueError, match=said):
            work.check_step(asked)

    def test_the_campaign_says_which_step(self, now):
        published_shop(now)
        with pytest.raises(CampaignError, match=r"Step 1 \(task\): there is no department"):
            wire.read({**THANK_YOU, "steps": [{"task": {"title": "A", "department": "None"}}]})

    def test_a_task_for_each_customer_once_and_one_notice(self, agent, now):
        departments.create(name="Support")
        settings = {"title": "Call them", "owner": agent.email.upper(), "department": "Support", "due_hours": 8}
        work.check_step(settings)
        calls = [StepCall(f"{n}:x", CustomerFactory().pk, "Thank you", settings) for n in range(3)]
        for _ in range(2):
            work.run_step(calls, now)
        tasks = Task.objects.order_by("key")
        assert [(task.title, task.owner, task.campaign) for task in tasks] == [("Call them", agent, "Thank you")] * 3
        assert tasks[0].due_at == cases.due_at(opened_at=now, hours=8)
        assert Notice.objects.get().text == "3 new tasks: Call them"

    def test_an_owner_who_left_owns_nothing(self, agent, ann, now):
        settings = {"title": "Call them", "owner": agent.email}
        User.objects.update(is_active=False)
        work.run_step([StepCall("1:x", ann.pk, "Thank you", settings)], now)
        assert Task.objects.get().owner is None

    def test_by_a_campaign(self, ann, agent, now):
        published_shop(now)
        of = campaign(now, steps=[{"task": {"title": "Call them", "owner": agent.email}}])
        enrolled(of, ann, now)
        run_and_deliver(now)
        task = Task.objects.get()
        assert (task.customer, task.campaign, task.owner) == (ann, "Thank you", agent)

    def test_in_words(self):
        said = work.sentence({"title": "Call them", "department": "Support"})
        assert said == "task “Call them” for Support, due within 16 business hours"


class TestLife:
    def test_done_once_and_taken_up_again(self, ann, agent, now):
        task = made(ann, now)
        assert work.finish(task=task, by=agent, now=now)
        assert not work.finish(task=task, by=None, now=now + timedelta(hours=1))
        task.refresh_from_db()
        assert (task.done_by, task.done_at) == (agent, now)
        assert work.take_up_again(task=task)
        task.refresh_from_db()
        assert (task.done_by, task.done_at) == (None, None)

    def test_the_owner_is_told_but_not_of_their_own(self, ann, agent, now):
        made(ann, now, owner=agent, by=agent)
        assert not Notice.objects.exists()
        made(ann, now, owner=agent)
        assert Notice.objects.get().user == agent

    def test_moves_with_a_merge_and_goes_with_an_erasure(self, ann, now):
        kept = CustomerFactory()
        task = made(ann, now)
        merges.merge(kept=kept, gone=ann, reason="Same", by=None, now=now)
        task.refresh_from_db()
        assert task.customer == kept
        erasing.erase(customer=kept, by=None, reason="Asked for it", now=now)
        assert not Task.objects.exists()

    def test_those_of_my_department_that_nobody_has_are_mine(self, ann, agent, now):
        support = departments.create(name="Support")
        task = made(ann, now, department=support)
        assert list(Task.objects.of(agent)) == []
        agent.department = support
        agent.save()
        assert list(Task.objects.of(agent)) == [task]
        made(ann, now, department=support, owner=staff(Role.AGENT))
        assert list(Task.objects.of(agent)) == [task]


class TestPages:
    @pytest.mark.parametrize(
        "data", [{}, {"title": "A"}, {"title": "A", "due_at": "x"}, {"title": "A", "due_at": "0001-01-01T00:00"},
                 {"title": "A", "due_at": "2026-12-01T10:00", "owner": "0"}],
    )  # fmt: skip
    def test_a_form_that_fails(self, client, agent, ann, data):
        client.force_login(agent)
        assert client.post(reverse("task_create", args=[ann.pk]), data).status_code == 422
        assert not Task.objects.exists()

    def test_a_change_saves_what_the_page_changed_and_tells_the_new_owner(self, client, agent, ann, now):
        client.force_login(agent)
        task, other = made(ann, now), staff(Role.AGENT)
        url = reverse("task_edit", args=[task.pk])
        page = client.get(url)
        assert page.status_code == 200
        form = {name: page.context["form"][name].value() or "" for name in page.context["form"].fields}
        form["due_at"] = f"{timezone.localtime(task.due_at):%Y-%m-%dT%H:%M}"
        assert client.post(url, form | {"title": ""}).status_code == 422
        assert client.post(url, form | {"title": "Write to them", "owner": other.pk}).status_code == 302
        task.refresh_from_db()
        assert (task.title, task.owner) == ("Write to them", other)
        assert "Write to them" in other.notices.get().text
        assert client.post(url, form | {"title": "Write to them", "owner": agent.pk}).status_code == 302
        assert not agent.notices.exists()

    def test_an_open_page_takes_back_nothing_of_others(self, client, agent, ann, now):
        client.force_login(agent)
        gone = staff(Role.AGENT)
        task, url = made(ann, now, owner=gone), ""
        gone.is_active = False
        gone.save()
        url = reverse("task_edit", args=[task.pk])
        open_page = form_with(client.get(url).content.decode(), "title", url).values
        work.change(task=task, values={"note": "Rings at six"}, now=now)
        assert client.post(url, open_page | {"title": "Write to them"}).status_code == 302
        task.refresh_from_db()
        assert (task.title, task.note, task.owner) == ("Write to them", "Rings at six", gone)
        assert task.due_at == now + timedelta(days=1)

    def test_made_by_hand_seen_and_done(self, client, agent, ann):
        client.force_login(agent)
        due = timezone.localtime() + timedelta(days=1)
        data = {"title": "Call them", "note": "About boots", "owner": agent.pk, "due_at": f"{due:%Y-%m-%dT%H:%M}"}
        assert client.post(reverse("task_create", args=[ann.pk]), data).status_code == 302
        task = Task.objects.get()
        for name, args in (("home", []), ("task_list", []), ("customer_detail", [ann.pk])):
            assert "Call them" in client.get(reverse(name, args=args)).content.decode(), name
        url = reverse("task_done", args=[task.pk])
        assert client.post(url, {"back": "/"})["Location"] == "/"
        client.get(reverse("home"))  # with the toast
        assert "Call them" not in client.get(reverse("home")).content.decode()
        assert "Call them" in client.get(reverse("task_list") + "?show=done").content.decode()
        client.post(url, {"again": "1"})
        assert Task.objects.open().exists()

    @pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil", ""])
    def test_leads_back_to_us_only(self, client, agent, ann, now, back):
        client.force_login(agent)
        response = client.post(reverse("task_done", args=[made(ann, now).pk]), {"back": back})
        assert response["Location"] == reverse("task_list")

    def test_marketers_see_and_do_not(self, client, ann, now):
        client.force_login(staff(Role.MARKETER))
        task = made(ann, now)
        assert client.post(reverse("task_done", args=[task.pk])).status_code == 403
        assert Task.objects.open().exists()

    def test_late_ones(self, client, agent, ann):
        client.force_login(agent)
        now = timezone.now()
        made(ann, now, title="Late one", due_at=now - timedelta(hours=1))
        made(ann, now, title="Later one", due_at=now + timedelta(hours=1))
        page = client.get(reverse("task_list") + "?show=late").content.decode()
        assert "Late one" in page
        assert "Later one" not in page

    def test_the_same_number_of_questions(self, client, agent, ann, now, django_assert_max_num_queries):
        client.force_login(agent)
        for _ in range(20):
            made(CustomerFactory(), now, owner=agent, by=agent)
        with django_assert_max_num_queries(14):
            client.get(reverse("task_list"))


class TestApi:
    def post(self, client, **body):
        return client.post(reverse("api_task_list"), body, content_type="application/json")

    @pytest.mark.parametrize(
        "body", [{"title": "A"}, {"customer": 10**9, "title": "A"}, {"customer": None, "title": "A"},
                 {"title": "A", "owner": 10**9}, {"title": "A", "department": "None"},
                 {"title": "A", "due_at": "0001-01-01T00:00:00Z"}, {"title": ""}],
    )  # fmt: skip
    def test_what_makes_no_sense(self, client, agent, ann, body):
        client.force_login(agent)
        body = body if "customer" in body or body == {"title": "A"} else {"customer": ann.pk, **body}
        assert self.post(client, **body).status_code == 400
        assert not Task.objects.exists()

    def test_made_read_changed_and_done(self, client, agent, ann):
        client.force_login(agent)
        departments.create(name="Support")
        response = self.post(client, customer=ann.pk, title="Call them", department="Support")
        assert response.status_code == 201
        one = reverse("api_task_detail", args=[response.json()["id"]])
        changed = client.patch(one, {"title": "Write", "is_done": True}, content_type="application/json").json()
        assert (changed["title"], changed["department"], changed["done_at"] is not None) == ("Write", "Support", True)
        assert client.get(one).json() == changed
        listed = reverse("api_task_list")
        assert client.get(listed, {"show": "open"}).json()["results"] == []
        assert client.get(listed, {"customer": ann.pk, "show": "done"}).json()["results"] == [changed]
        again = client.patch(one, {"is_done": False}, content_type="application/json").json()
        assert again["done_at"] is None
