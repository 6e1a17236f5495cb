"""The builder: recipes, edits of the draft, conflicts, publication with a choice for who is on the way."""

import html

import pytest

from apps.campaigns import recipes, wire
from apps.campaigns.actions import campaigns, drafts, running
from apps.campaigns.models import Campaign, Enrolment, Message
from apps.journeys.models import StageEntry
from apps.staff.enums import Role
from tests.factories import CustomerFactory, campaign, enrolled, published_shop, staff, surveys_and_sites
from tests.hostile.strings import NAUGHTY

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(now):
    surveys_and_sites()
    return published_shop(now)


@pytest.fixture
def marketer(client):
    client.force_login(staff(Role.MARKETER))
    return client


@pytest.fixture
def made(shop, now):
    return campaign(now)


def steps(made: Campaign) -> list[str]:
    made.refresh_from_db()
    return [wire.kind_of(raw) for raw in wire.walk(made.draft["steps"])]


def post(client, url: str, made: Campaign, status: int = 200, **data: object):
    made.refresh_from_db()
    response = client.post(url, {"revision": made.revision, **data}, headers={"HX-Request": "true"})
    assert response.status_code == status, response.content.decode()[:2000]
    return response.content.decode()


@pytest.mark.parametrize("recipe", recipes.RECIPES, ids=lambda one: one.key)
def test_each_recipe_is_active_in_five_clicks(marketer, shop, recipe):
    assert marketer.get("/campaigns/").status_code == 200
    page = marketer.get("/campaigns/new/").content.decode()
    assert f"/campaigns/new/{recipe.key}/" in page
    form = marketer.get(f"/campaigns/new/{recipe.key}/")
    initial = {name: str(form.context["form"][name].value()) for name in form.context["form"].fields}
    answer = marketer.post(f"/campaigns/new/{recipe.key}/", initial)
    made = Campaign.objects.get(name=str(recipe.name))
    assert answer["Location"] == f"/campaigns/{made.pk}/edit/"
    page = marketer.get(f"/campaigns/{made.pk}/publish/").content.decode()
    assert "It cannot run yet" not in page
    marketer.post(f"/campaigns/{made.pk}/publish/")
    made.refresh_from_db()
    assert (made.state, made.version.number) == ("active", 1)


def test_without_a_journey_a_recipe_says_what_is_missing(marketer):
    surveys_and_sites()
    marketer.post("/campaigns/new/thank-you/", {"name": "Thanks"})
    made = Campaign.objects.get()
    assert "stage_entered needs a journey" in marketer.get(f"/campaigns/{made.pk}/edit/").content.decode()
    page = marketer.post(f"/campaigns/{made.pk}/publish/")
    assert page.status_code == 422
    made.refresh_from_db()
    assert made.state == "draft"


@pytest.mark.parametrize("recipe", [*recipes.RECIPES, recipes.EMPTY], ids=lambda one: one.key)
def test_every_page_of_a_draft_that_cannot_run_yet_opens(marketer, recipe):
    marketer.post(f"/campaigns/new/{recipe.key}/", {"name": "First"})
    made = Campaign.objects.get()
    for page in ("", "edit/", "effect/", "customers/", "dry-run/", "publish/"):
        assert marketer.get(f"/campaigns/{made.pk}/{page}").status_code == 200, page
    assert "A draft, so nothing is sent" in marketer.get(f"/campaigns/{made.pk}/").content.decode()


class TestRefusals:
    """Said in the panel, which stays open with what was typed."""

    @pytest.mark.parametrize(("share", "said"), [("-10", "from 0 to 100"), ("", "a number"), ("x", "a number")])
    def test_a_share_that_is_none(self, marketer, made, share, said):
        post(marketer, f"/campaigns/{made.pk}/steps/", made, kind="split", parent="root", way=0, at=0)
        made.refresh_from_db()
        url = f"/campaigns/{made.pk}/edit/?part={made.draft['steps'][0]['key']}"
        typed = {"name-0": "Blue", "percent-0": share, "name-1": "Red", "percent-1": "50"}
        page = post(marketer, url, made, 422, **typed)
        assert said in page
        assert 'value="Blue"' in page

    @pytest.mark.parametrize("part", ["audience", "exit", "goal"])
    def test_a_condition_that_says_nothing_yet(self, marketer, made, part):
        rule = {"rule.join": "all", "rule.0.is": "tagged", "rule.0.value": ""}
        page = post(marketer, f"/campaigns/{made.pk}/edit/?part={part}", made, 422, **rule)
        assert "A condition is not complete" in page
        made.refresh_from_db()
        assert not made.draft.get(part)

    def test_a_sign_that_cannot_be_kept(self, marketer, made):
        rule = {"rule.join": "all", "rule.0.is": "tagged", "rule.0.value": "a\x00b"}
        page = post(marketer, f"/campaigns/{made.pk}/edit/?part=audience", made, 422, **rule)
        assert "cannot be kept" in page
        post(marketer, f"/campaigns/{made.pk}/steps/", made, kind="branch", parent="root", way=0, at=0)
        made.refresh_from_db()
        url = f"/campaigns/{made.pk}/edit/?part={made.draft['steps'][0]['key']}"
        assert "cannot be kept" in post(marketer, url, made, 422, **{"name-0": "a\x00b"})

    def test_an_archived_campaign_opens_its_page(self, marketer, made, now):
        campaigns.archive(campaign=made, now=now)
        for page in ("edit", "publish"):
            assert marketer.get(f"/campaigns/{made.pk}/{page}/")["Location"] == f"/campaigns/{made.pk}/"
        assert "archived" in post(
            marketer,
            f"/campaigns/{made.pk}/edit/?part=settings",
            made,
            422,
            name="Any",
            reentry="once",
            max_lateness_hours=5,
            priority=3,
            holdout_percent=0,
        )

    def test_writing_saves_what_was_typed_first(self, marketer, made):
        key = next(raw["key"] for raw in made.draft["steps"] if "message" in raw)
        url = f"/campaigns/{made.pk}/edit/?part={key}"
        typed = {"channel": "email", "topic": "service", "subject": "New words", "body": "Hello", "then": "write"}
        response = marketer.post(url, {"revision": made.revision, **typed}, headers={"HX-Request": "true"})
        assert response["HX-Redirect"] == f"/campaigns/{made.pk}/messages-of/{key}/"
        made.refresh_from_db()
        assert "New words" in str(made.draft)


class TestBeforeItIsPublished:
    @pytest.fixture
    def made(self, shop, now):
        return campaign(now, active=False)

    def test_a_broadcast_of_the_past_is_refused_and_one_to_come_says_to_how_many(self, marketer, made):
        for number in range(3):
            CustomerFactory(email=f"c{number}@mail.example")
        made.draft |= {"trigger": {"on": "schedule", "at": "2001-01-01T10:00"}, "journey": None}
        made.save()
        url = f"/campaigns/{made.pk}/publish/"
        assert "3 customers are in the audience now" in marketer.get(url).content.decode()
        refused = marketer.post(url)
        assert (refused.status_code, "this time has passed" in refused.content.decode()) == (422, True)
        made.refresh_from_db()
        assert (made.state, made.version) == ("draft", None)

    def test_one_that_went_out_long_ago_can_be_resumed(self, marketer, made, now):
        made.draft |= {"trigger": {"on": "schedule", "at": f"{now:%Y}-12-31T10:00"}, "journey": None}
        made.save()
        campaigns.activate(campaign=made, include_present=False, now=now)
        enrolled(Campaign.objects.get(), CustomerFactory(), now)
        campaigns.pause(campaign=made)
        campaigns.activate(campaign=made, include_present=False, now=now.replace(year=now.year + 1))
        assert Campaign.objects.get().state == "active"

    def test_a_name_that_nobody_has_is_told(self, marketer, made):
        step = next(raw for raw in made.draft["steps"] if "message" in raw)
        step["message"]["body"] = "Hi {{ customer.frist_name }}"
        made.save()
        CustomerFactory(traits={"plan": "gold"})
        page = html.unescape(marketer.get(f"/campaigns/{made.pk}/publish/").content.decode())
        assert "Look at these first" in page
        assert "Whoever has no customer.frist_name gets no message" in page

    def test_only_who_would_be_let_in_is_counted_as_already_there(self, marketer, made, shop, now):
        made.draft["reentry"] = "once"
        made.save()
        for number in range(2):
            entered = CustomerFactory(email=f"c{number}@mail.example")
            StageEntry.objects.create(
                customer=entered, journey=shop, stage_key=shop.current_version.snapshot["stages"][0]["key"],
                lap=1, entered_at=now, origin="live",
            )  # fmt: skip
        made.draft["trigger"]["stage"] = shop.current_version.snapshot["stages"][0]["name"]
        made.save()
        url = f"/campaigns/{made.pk}/publish/"
        assert "2 customers are already there" in marketer.get(url).content.decode()
        marketer.post(url)
        enrolled(Campaign.objects.get(), entered, now)
        assert "1 customer is already there" in marketer.get(url).content.decode()

    def test_publishing_a_paused_one_says_what_that_means(self, marketer, made, now):
        campaigns.activate(campaign=made, include_present=False, now=now)
        campaigns.pause(campaign=made)
        assert "Publishing makes it active again" in marketer.get(f"/campaigns/{made.pk}/publish/").content.decode()


class TestEdits:
    def test_a_step_is_added_moved_duplicated_deleted_and_all_taken_back(self, marketer, made):
        url = f"/campaigns/{made.pk}/steps/"
        before = steps(made)
        post(marketer, url, made, kind="task", parent="root", way=0, at=1)
        assert steps(made) == [before[0], "task", *before[1:]]
        key = made.draft["steps"][1]["key"]
        post(marketer, f"{url}{key}/", made, act="down")
        assert steps(made)[2] == "task"
        post(marketer, f"{url}{key}/", made, act="duplicate")
        assert steps(made)[2:4] == ["task", "task"]
        post(marketer, f"{url}{key}/", made, act="delete")
        assert steps(made).count("task") == 1
        post(marketer, f"/campaigns/{made.pk}/undo/", made)
        assert steps(made).count("task") == 2

    def test_an_older_revision_is_a_conflict_and_changes_nothing(self, marketer, made):
        post(marketer, f"/campaigns/{made.pk}/steps/", made, kind="exit", parent="root", way=0, at=0)
        kinds = steps(made)
        old = {"revision": made.revision - 1, "kind": "exit", "parent": "root", "way": 0, "at": 0}
        answer = marketer.post(f"/campaigns/{made.pk}/steps/", old, headers={"HX-Request": "true"})
        assert answer.status_code == 409
        assert steps(made) == kinds

    def test_a_conflict_keeps_what_was_typed(self, marketer, made):
        made.refresh_from_db()
        revision = made.revision
        drafts.set_part(campaign=made, values={"priority": 7}, revision=revision)
        data = {"revision": revision, "name": "Typed", "reentry": "once", "max_lateness_hours": 5, "priority": 3,
                "holdout_percent": 0}  # fmt: skip
        answer = marketer.post(f"/campaigns/{made.pk}/edit/?part=settings", data, headers={"HX-Request": "true"})
        assert answer.status_code == 409
        assert 'value="Typed"' in answer.content.decode()
        made.refresh_from_db()
        assert (made.name, made.draft["priority"]) == ("Thank you", 7)

    def test_the_trigger_by_form(self, marketer, made):
        url = f"/campaigns/{made.pk}/edit/?part=trigger"
        post(marketer, url, made, on="event", event="Order Completed", path="total", operator=">", value="100",
             key="order_id")  # fmt: skip
        made.refresh_from_db()
        assert made.draft["trigger"] == {
            "on": "event", "event": "Order Completed", "where": [["properties.total", ">", 100]],
            "key": "properties.order_id",
        }  # fmt: skip
        assert "does" in marketer.get(url).content.decode()
        wire.read(made.draft)

    @pytest.mark.parametrize(
        ("data", "part"),
        [
            ({"on": "scored", "kind": "nps", "low": 0, "high": 6}, {"on": "scored", "kind": "nps", "from": 0, "to": 6}),
            ({"on": "date", "trait": "birthday", "offset_days": -3, "clock_at": "09:30", "yearly": "on"},
             {"on": "date", "trait": "birthday", "offset_days": -3, "at": "09:30", "yearly": True}),
            ({"on": "schedule", "at": "2026-12-01T10:00", "clock": "customer", "every": "week"},
             {"on": "schedule", "at": "2026-12-01T10:00", "clock": "customer", "every": "week"}),
            ({"on": "step_reached", "journey": "Web shop", "step": "Buys"}, {"on": "step_reached", "step": "Buys"}),
            ({"on": "manual"}, {"on": "manual"}),
        ],
    )  # fmt: skip
    def test_triggers_of_every_kind(self, marketer, made, data, part):
        post(marketer, f"/campaigns/{made.pk}/edit/?part=trigger", made, **data)
        made.refresh_from_db()
        assert made.draft["trigger"] == part
        wire.read(made.draft)

    def test_a_wait_for_something_keeps_what_is_in_its_other_way(self, marketer, made):
        url = f"/campaigns/{made.pk}/steps/"
        post(marketer, url, made, kind="wait", parent="root", way=0, at=0)
        made.refresh_from_db()
        key = made.draft["steps"][0]["key"]
        rule = {"rule.join": "all", "rule.0.is": "did", "rule.0.event": "Order Completed"}
        edit = f"/campaigns/{made.pk}/edit/?part={key}"
        post(marketer, edit, made, how="for", hours=4, **rule)
        post(marketer, url, made, kind="exit", parent=key, way=0, at=0)
        post(marketer, edit, made, how="for", hours=5, **rule)
        made.refresh_from_db()
        wait = made.draft["steps"][0]["wait"]
        assert wait["for"] == {"did": {"event": "Order Completed"}}
        assert (wait["at_most"], [wire.kind_of(one) for one in wait["else"]]) == ({"hours": 5}, ["exit"])
        wire.read(made.draft)

    def test_a_split_whose_shares_do_not_add_up_is_told_and_kept(self, marketer, made):
        post(marketer, f"/campaigns/{made.pk}/steps/", made, kind="split", parent="root", way=0, at=0)
        made.refresh_from_db()
        key = made.draft["steps"][0]["key"]
        edit = f"/campaigns/{made.pk}/edit/?part={key}"
        page = post(marketer, edit, made, **{"name-0": "Short", "percent-0": "30", "name-1": "Long", "percent-1": "30"})
        assert "must add up to 100" in page
        post(marketer, edit, made, status=422, **{"percent-0": "many"})
        made.refresh_from_db()
        assert [way["percent"] for way in made.draft["steps"][0]["split"]["ways"]] == [30, 30]

    def test_an_archived_campaign_is_not_changed(self, marketer, made, now):
        campaigns.archive(campaign=made, now=now)
        page = post(marketer, f"/campaigns/{made.pk}/steps/", made, 422, kind="exit", parent="root", way=0, at=0)
        assert "archived" in page


@pytest.mark.parametrize("text", NAUGHTY[:40], ids=lambda text: ascii(text[:12]))
def test_what_is_typed_comes_back_as_it_was(marketer, made, text):
    said = " ".join(text.split())[:150]
    if not said or "\x00" in said or "{" in said:
        return
    post(marketer, f"/campaigns/{made.pk}/edit/?part=trigger", made, on="event", event=said)
    post(marketer, f"/campaigns/{made.pk}/edit/?part=exit", made, **{
        "rule.join": "all", "rule.0.is": "did", "rule.0.event": said})  # fmt: skip
    made.refresh_from_db()
    assert (made.draft["trigger"]["event"], made.draft["exit"]["did"]["event"]) == (said, said)
    page = marketer.get(f"/campaigns/{made.pk}/edit/?part=trigger")
    assert page.status_code == 200
    assert page.context["editor"].form["event"].value() == said


class TestPublishing:
    @pytest.mark.parametrize(
        ("decision", "version", "state"), [("stay", 1, "active"), ("move", 2, "active"), ("exit", 1, "exited")]
    )
    def test_who_stands_at_a_step_stays_moves_or_exits(self, marketer, made, now, decision, version, state):
        run = enrolled(made, CustomerFactory(), now)
        running.run_due(now=now)
        wait = made.draft["steps"][1]["key"]
        drafts.add_step(campaign=made, raw={"task": {"title": "Call"}}, place=drafts.Place("root", 0, 0), revision=None)
        drafts.delete_step(campaign=made, key=Campaign.objects.get().draft["steps"][0]["key"], revision=None)
        drafts.set_part(campaign=made, values={"priority": 8}, revision=None)
        page = marketer.get(f"/campaigns/{made.pk}/publish/").content.decode()
        assert f'name="decide-{wait}"' in page
        marketer.post(f"/campaigns/{made.pk}/publish/", {f"decide-{wait}": decision})
        run.refresh_from_db()
        made.refresh_from_db()
        assert (run.version.number, run.state, made.version.number) == (version, state, 2)

    def test_a_run_that_moves_does_no_step_twice(self, made, now):
        run = enrolled(made, CustomerFactory(), now)
        running.run_due(now=now)
        message, wait, review = Campaign.objects.get().draft["steps"]
        drafts.edit(campaign=made, revision=None, change=lambda d: d.update(steps=[wait, message, review]))
        campaigns.activate(
            campaign=made, include_present=False, now=now, decisions={wait["key"]: campaigns.Decision.MOVE}
        )
        run.refresh_from_db()
        running.run_due(now=run.due_at)
        kinds = list(Message.objects.order_by("pk").values_list("step__kind", flat=True))
        assert kinds == ["message", "review_request"]

    def test_what_is_in_force_waits_for_the_publication(self, made, now):
        drafts.set_part(campaign=made, values={"priority": 9}, revision=None)
        made.refresh_from_db()
        assert (made.priority, made.has_news) == (5, True)
        campaigns.activate(campaign=made, include_present=False, now=now)
        made.refresh_from_db()
        assert (made.priority, made.has_news, made.version.number) == (9, False, 2)

    def test_activating_again_without_news_makes_no_version(self, made, now):
        campaigns.pause(campaign=made)
        campaigns.activate(campaign=made, include_present=False, now=now)
        assert made.versions.count() == 1
        assert not Enrolment.objects.exists()


class TestByHand:
    @pytest.fixture
    def by_hand(self, shop, now):
        return campaign(now, journey=None, trigger={"on": "manual"}, reentry="every_time")

    def test_whoever_goes_by_the_value_is_enrolled(self, marketer, by_hand):
        ann = CustomerFactory(email="ann@mail.example")
        for who in ("nobody@mail.example", "ann@mail.example"):
            marketer.post(f"/campaigns/{by_hand.pk}/enrol/", {"who": who})
        assert Enrolment.objects.get().customer == ann

    def test_by_the_api_the_same_key_enrols_once(self, marketer, by_hand):
        ids = [CustomerFactory().pk, CustomerFactory().pk, 10**9]
        url, body = f"/api/campaigns/{by_hand.pk}/enrol/", {"customers": ids, "key": "spring"}
        answers = [marketer.post(url, body, content_type="application/json").json()["enrolled"] for _ in range(2)]
        assert answers == [2, 0]
        assert marketer.post(url, {"customers": []}, content_type="application/json").status_code == 400

    def test_other_campaigns_take_nobody_by_hand(self, marketer, made):
        url = f"/api/campaigns/{made.pk}/enrol/"
        assert (
            marketer.post(url, {"customers": [CustomerFactory().pk]}, content_type="application/json").status_code
            == 409
        )

    def test_all_that_failed_is_sent_again(self, marketer, made, now):
        enrolled(made, CustomerFactory(), now)
        running.run_due(now=now)
        Message.objects.update(state="failed", reason="550")
        marketer.post("/campaigns/outbox/replay/")
        assert list(Message.objects.values_list("state", "attempt")) == [("queued", 1)]
