"""The catalogue as staff see and edit it."""

import pytest
from django.urls import reverse

from apps.core.models import Job
from apps.staff.enums import Role
from apps.touchpoints.actions import catalogue, sources
from apps.touchpoints.enums import SourceKind
from apps.touchpoints.models import Interaction, Touchpoint
from tests.factories import published_shop, staff
from tests.journeys.maps import SHOP
from tests.pipeline import drain
from tests.touchpoints.sending import post, track

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def marketer(client):
    client.force_login(staff(Role.MARKETER))
    return client


@pytest.fixture
def source():
    return sources.create(name="Shop", kind=SourceKind.SERVER)


def touchpoint(name: str = "Checkout", *rules: dict, **fields) -> Touchpoint:
    return catalogue.save(touchpoint=Touchpoint(**{"name": name, "channel": "web", "rules": list(rules), **fields}))


def typed(*rules: dict, op: str = "save", **fields) -> dict:
    rows = {f"rule-{n}-{name}": value for n, rule in enumerate(rules) for name, value in rule.items()}
    forms = {"rule-TOTAL_FORMS": str(len(rules)), "rule-INITIAL_FORMS": "0"}
    return {"name": "Checkout", "channel": "web", "ownership": "owned", "op": op, **forms, **rows, **fields}


def text(response) -> str:
    return response.content.decode()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"name": ""}, "This field is required"),
        ({"channel": "pigeon"}, "pigeon"),
        ({"ownership": ""}, "This field is required"),
        ({"rule-0-url": "checkout"}, "/checkout*"),
        ({"rule-0-referrer": "google"}, "google.com"),
        ({"rule-0-channel": "pigeon"}, "pigeon"),
        ({"rule-0-event": "x" * 201}, "at most 200"),
        ({"name": "Taken"}, "Choose another"),
        ({"rule-TOTAL_FORMS": "nonsense"}, "nonsense"),
        ({"rule-0-event": "a\x00b"}, "Null characters"),
    ],
)
def test_a_form_with_mistakes_comes_back_with_what_was_typed(marketer, data, said):
    touchpoint("Taken")
    response = marketer.post(reverse("touchpoint_create"), {**typed({"event": "Typed by me"}), **data})
    assert response.status_code == 422
    assert said in text(response) or said == "nonsense"
    assert "Typed by me" in text(response) or "rule-0-event" in data or "rule-TOTAL_FORMS" in data
    assert Touchpoint.objects.count() == 1


def test_creating(marketer):
    rules = [{"event": "Checkout Started"}, {"url": "https://shop.example/checkout*", "channel": "web"}, {}]
    data = typed(*rules, description="Where they pay", ownership="paid", is_moment_of_truth="on")
    response = marketer.post(reverse("touchpoint_create"), data)
    made = Touchpoint.objects.get()
    assert response["Location"] == reverse("touchpoint_detail", args=[made.pk])
    assert made.rules == [{"event": "Checkout Started"}, {"channel": "web", "url": "/checkout*"}]
    assert (made.ownership, made.is_direct, made.is_moment_of_truth) == ("paid", False, True)
    assert (made.description, made.channel) == ("Where they pay", "web")


def test_the_form_is_filled_by_the_query(marketer):
    query = "?name=Google&channel=search&ownership=earned&referrer=google.com&rules=evil&id=5"
    page = text(marketer.get(reverse("touchpoint_create") + query)).partition("<main")[2]
    assert 'value="Google"' in page
    assert 'value="google.com"' in page
    assert '<option value="search" selected>' in page
    assert "evil" not in page


def test_editing_keeps_the_row(marketer):
    one = touchpoint("Checkout", {"event": "A"})
    page = text(marketer.get(reverse("touchpoint_edit", args=[one.pk])))
    assert 'value="A"' in page
    marketer.post(reverse("touchpoint_edit", args=[one.pk]), typed({"event": "B"}, name="Pay"))
    one.refresh_from_db()
    assert (one.name, one.rules, Touchpoint.objects.count()) == ("Pay", [{"event": "B"}], 1)


def test_rules_are_added_and_removed_without_a_script_and_nothing_is_saved(marketer):
    url = reverse("touchpoint_create")
    added = marketer.post(url, typed({"event": "A", "url": "broken"}, op="add", name="Half typed"))
    page = text(added)
    assert added.status_code == 200
    assert 'name="rule-TOTAL_FORMS" value="2"' in page
    assert 'value="broken"' in page
    assert 'value="Half typed"' in page
    assert "<html" in page
    removed = text(marketer.post(url, typed({"event": "A"}, {"event": "B"}, op="remove-0")))
    assert 'value="B"' in removed
    assert 'value="A"' not in removed
    for op in ("remove-99", "remove-x", "remove-" + "9" * 40, "other", ""):
        assert marketer.post(url, typed({"event": "A"}, op=op)).status_code == 200
    assert marketer.post(url, typed({"event": "A"}, op="add", **{"rule-TOTAL_FORMS": "9" * 30})).status_code == 200
    assert not Touchpoint.objects.exists()


@pytest.mark.parametrize(("target", "inside"), [("rules", 'value="add"'), ("preview", 'id="preview"')])
def test_fragments_are_the_same_as_in_the_page(marketer, target, inside):
    data = typed({"event": "A"}, op="preview")
    url = reverse("touchpoint_create")
    page = text(marketer.post(url, data))
    fragment = text(marketer.post(url, data, headers={**HTMX, "HX-Target": target}))
    assert inside in fragment
    assert "<html" not in fragment
    assert "".join(fragment.split()) in "".join(page.split())


def test_the_preview_counts_what_would_be_there(marketer, source):
    touchpoint("Specific", {"event": "A", "url": "/a"})
    context = {"page": {"path": "/a"}}
    post(marketer, source, "batch", {"batch": [track("A"), track("A", context=context), track("B"), track("A")]})
    page = text(marketer.post(reverse("touchpoint_create"), typed({"event": "A"}, op="preview")))
    assert "It would match 2 of the last 4 interactions." in page
    assert "1 more fit" in page
    page = text(marketer.post(reverse("touchpoint_create"), typed({"url": "/a*"}, {"url": "bad"}, op="preview")))
    assert "It would match 0 of the last 4 interactions." in page
    assert "It would match" not in text(marketer.get(reverse("touchpoint_create")))


def test_the_catalogue_with_its_figures_and_filters(marketer, source, now):
    touchpoint("Checkout", {"event": "A", "url": "/checkout*"}, is_moment_of_truth=True, description="Where they pay")
    touchpoint("Reviews", channel="review_site", ownership="earned", is_direct=False)
    post(marketer, source, "batch", {"batch": [track("A", context={"page": {"path": "/checkout"}}), track("B")]})
    drain(now.replace(year=2100))
    url = reverse("touchpoint_list")
    page = " ".join(text(marketer.get(url)).split())
    assert "the event is “A” and the page is /checkout*" in page
    assert "50% of what customers did lately is at no touchpoint: 1 of the newest 2 interactions." in page
    assert '<td class="num">1</td>' in page
    assert page.index("Checkout") < page.index("Reviews")
    for query, shown in (
        ("q=pay", {"Checkout"}), ("channel=review_site", {"Reviews"}), ("ownership=earned", {"Reviews"}),
        ("truth=1", {"Checkout"}), ("q=nothing", set()), ("channel=x&ownership=y&q=%00", {"Checkout", "Reviews"}),
    ):  # fmt: skip
        rows = marketer.get(f"{url}?{query}").context["groups"]
        assert {row.touchpoint.name for _, group in rows for row in group} == shown, query
    fragment = text(marketer.get(url + "?q=pay", headers={**HTMX, "HX-Target": "catalogue"}))
    assert fragment.strip().startswith('<div id="catalogue">')


def test_the_empty_catalogue_says_what_to_do(marketer, client):
    assert reverse("touchpoint_create") in text(marketer.get(reverse("touchpoint_list")))
    client.force_login(staff(Role.VIEWER))
    page = text(client.get(reverse("touchpoint_list")))
    assert reverse("touchpoint_create") not in page
    assert "A marketer or an admin" in page


@pytest.mark.parametrize("rows", [2, 20])
def test_pages_cost_the_same_at_any_length(marketer, source, rows, django_assert_max_num_queries):
    one = touchpoint("All", {"event": "A"})
    for number in range(rows):
        touchpoint(f"T{number}", {"event": f"E{number}"})
    post(marketer, source, "batch", {"batch": [track("A", user=f"u{number}") for number in range(rows)]})
    marketer.get(reverse("touchpoint_list"))
    for url, most in (
        (reverse("touchpoint_list"), 12),
        (reverse("touchpoint_detail", args=[one.pk]), 14),
        (reverse("touchpoint_unmatched"), 12),
        (reverse("api_touchpoint_list"), 8),
    ):
        with django_assert_max_num_queries(most):
            assert marketer.get(url).status_code == 200


def test_a_touchpoint_shows_customers_only_to_those_who_may_see_them(client, source, now):
    one = touchpoint("Checkout", {"event": "A"})
    post(client, source, "batch", {"batch": [{"type": "identify", "userId": "u1", "traits": {"name": "Ann Price"}}]})
    post(client, source, "batch", {"batch": [track("A")]})
    for role, sees in ((Role.VIEWER, False), (Role.AGENT, True), (Role.MARKETER, True)):
        client.force_login(staff(role))
        page = text(client.get(reverse("touchpoint_detail", args=[one.pk])))
        assert ("Ann Price" in page) is sees
        assert "the event is “A”" in page
        assert (reverse("touchpoint_edit", args=[one.pk]) in page) is (role is Role.MARKETER)
    assert client.get(reverse("touchpoint_detail", args=[one.pk + 1])).status_code == 404


def test_deleting(marketer, source):
    one = touchpoint("Checkout", {"event": "A"})
    post(marketer, source, "batch", {"batch": [track("A")]})
    assert marketer.get(reverse("touchpoint_delete", args=[one.pk])).status_code == 405
    assert Touchpoint.objects.exists()
    response = marketer.post(reverse("touchpoint_delete", args=[one.pk]))
    assert response["Location"] == reverse("touchpoint_list")
    assert not Touchpoint.objects.exists()
    assert Interaction.objects.count() == 1


@pytest.fixture
def step_at_checkout(now, monkeypatch):
    """A published map whose first step matches by the touchpoint."""
    step = SHOP["stages"][0]["steps"][0]
    monkeypatch.setitem(step, "match", [{"touchpoint": "Checkout"}])
    return published_shop(now), step["name"]


def test_what_a_published_step_asks_for_is_neither_deleted_nor_renamed(marketer, step_at_checkout):
    journey, step = step_at_checkout
    one = touchpoint("Checkout", {"event": "A"})
    page = text(marketer.get(reverse("touchpoint_detail", args=[one.pk])))
    assert f"{journey.name}: {step}" in page
    response = marketer.post(reverse("touchpoint_delete", args=[one.pk]), follow=True)
    assert f"It is used by {journey.name}: {step}" in text(response)
    response = marketer.post(reverse("touchpoint_edit", args=[one.pk]), typed({"event": "B"}, name="Pay"))
    assert (response.status_code, "so it must stay" in text(response)) == (422, True)
    one.refresh_from_db()
    assert (one.name, one.rules) == ("Checkout", [{"event": "A"}])
    assert marketer.post(reverse("touchpoint_edit", args=[one.pk]), typed({"event": "B"})).status_code == 302


def test_applying_starts_a_job(marketer):
    one = touchpoint("Checkout", {"event": "A"})
    response = marketer.post(reverse("touchpoint_apply", args=[one.pk]))
    job = Job.objects.get()
    assert response["Location"] == reverse("job_detail", args=[job.pk])
    assert (job.kind, job.title) == ("match_touchpoints", "Match “Checkout” to the last 30 days")


API = "api_touchpoint_list"


@pytest.mark.parametrize(
    ("data", "status", "said"),
    [
        ({}, 400, "required"),
        ([], 400, "dictionary"),
        ({"name": "X", "channel": "pigeon"}, 400, "pigeon"),
        ({"name": "X", "channel": "web", "rules": [{}]}, 400, "at least one condition"),
        ({"name": "X", "channel": "web", "rules": [{"url": "checkout"}]}, 400, "Rule 1"),
        ({"name": "X", "channel": "web", "rules": "all"}, 400, "list"),
        ({"name": "X", "channel": "web", "ownership": "stolen"}, 400, "stolen"),
        ({"name": "Taken", "channel": "web"}, 409, "this name"),
    ],
)
def test_the_api_refuses(marketer, data, status, said):
    touchpoint("Taken")
    response = marketer.post(reverse(API), data, content_type="application/json")
    assert (response.status_code, said in text(response)) == (status, True), text(response)
    assert Touchpoint.objects.count() == 1


def test_the_api_creates_lists_changes_and_deletes(marketer):
    data = {"name": "Checkout", "channel": "web", "rules": [{"url": "https://shop.example/checkout*"}]}
    made = marketer.post(reverse(API), data, content_type="application/json")
    expected = {
        "id": Touchpoint.objects.get().pk, "name": "Checkout", "description": "", "channel": "web",
        "ownership": "owned", "is_direct": True, "is_moment_of_truth": False, "rules": [{"url": "/checkout*"}],
        "interactions": 0,
    }  # fmt: skip
    assert (made.status_code, made.json()) == (201, expected)
    assert marketer.get(reverse(API)).json() == {"results": [expected], "next": None}
    url = reverse("api_touchpoint_detail", args=[expected["id"]])
    changed = marketer.patch(url, {"is_direct": False, "rules": [{"event": "A"}]}, content_type="application/json")
    assert changed.json() == {**expected, "is_direct": False, "rules": [{"event": "A"}]}
    assert marketer.get(url).json() == changed.json()
    assert marketer.patch(url, {"channel": "x"}, content_type="application/json").status_code == 400
    assert marketer.delete(url).status_code == 204
    assert marketer.get(url).status_code == 404


def test_the_api_refuses_what_a_step_needs(marketer, step_at_checkout):
    url = reverse("api_touchpoint_detail", args=[touchpoint("Checkout", {"event": "A"}).pk])
    assert marketer.delete(url).status_code == 409
    assert marketer.patch(url, {"name": "Pay"}, content_type="application/json").status_code == 409
    assert Touchpoint.objects.get().name == "Checkout"


def test_who_may_only_look_changes_nothing_by_the_api(client):
    one = touchpoint("Checkout")
    client.force_login(staff(Role.AGENT))
    url = reverse("api_touchpoint_detail", args=[one.pk])
    assert client.get(url).status_code == 200
    assert client.patch(url, {"name": "Pay"}, content_type="application/json").status_code == 403
    assert client.delete(url).status_code == 403
    assert client.post(reverse(API), {"name": "X"}, content_type="application/json").status_code == 403
    assert Touchpoint.objects.get().name == "Checkout"
