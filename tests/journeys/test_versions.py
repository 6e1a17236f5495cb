"""Versions side by side, and one of before as the draft again: with its keys, in one edit."""

import copy

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.journeys import wire
from apps.journeys.actions import drafts, edits, images, parts, publishing, restoring
from apps.journeys.models import Card, Comment, Journey, Lane, MapEdit, MapVersion, Stage, Step
from apps.journeys.selectors import versions
from apps.journeys.selectors.drafts import export_text
from apps.staff.enums import Role
from apps.staff.models import Department
from tests.factories import published_shop, staff
from tests.journeys.maps import FULL, SHOP

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert('1')</script> \"🙂\" \u202eשלום"
PIXEL = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89\x00\x00"
    b"\x00\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\x00\x05\x00\x01\xff\x89\x99=\x1d\x00\x00\x00\x00IEND\xaeB`\x82"
)


@pytest.fixture
def ann(client):
    user = staff(Role.MARKETER)
    user.email = "ann@staff.example"
    user.save()
    client.force_login(user)
    return user


@pytest.fixture
def version(ann, now) -> MapVersion:
    """Of a map with one of everything and a picture."""
    for one in ("Shop", "Warehouse"):
        drafts.Department.objects.create(name=one)
    drafts.Touchpoint.objects.create(name="Product page", channel="web")
    drafts.Segment.objects.create(name="Regulars", kind="list")
    journey = drafts.import_text(text=wire.read(FULL))
    Card.objects.filter(text="Pays").update(image=images.keep(content=PIXEL))
    return publishing.publish(journey=journey, now=now, by=ann)


def drawn() -> dict:
    return export_text(Journey.objects.get(), with_keys=True)


def spoil(now) -> None:
    """The draft becomes another map: parts lost, renamed, moved, made anew under the same names."""
    journey = Journey.objects.get()
    Stage.objects.get(name="Purchase").delete()
    stage = Stage.objects.create(journey=journey, name="Purchase", kind="purchase", position=7)
    Step.objects.create(stage=stage, name="Buys", position=0)
    Stage.objects.filter(name="Awareness").update(name="Discovery", position=9)
    Step.objects.filter(name="Asks a friend").update(name="Asks", stage=stage)
    Lane.objects.get(name="Pain points").delete()
    Journey.objects.update(goal="Another", segment=None, owner=None, expected_days=None)


class TestRestoring:
    def test_the_draft_is_the_version_with_its_keys_and_undo_gives_it_back(self, version, ann, now):
        spoil(now)
        before = drawn()
        assert before != version.snapshot
        restoring.restore(version=version, by=ann, now=now)
        assert drawn() == version.snapshot
        assert MapEdit.objects.get().label == "Restore version 1"
        edits.undo(journey_id=version.journey_id, by=ann, now=now)
        assert drawn() == before
        edits.redo(journey_id=version.journey_id, by=ann, now=now)
        assert drawn() == version.snapshot

    def test_what_is_there_already_is_no_edit_of_stages_and_steps(self, version, ann, now):
        rows = set(Step.objects.values_list("pk", "key"))
        restoring.restore(version=version, by=ann, now=now)
        assert set(Step.objects.values_list("pk", "key")) == rows
        assert drawn() == version.snapshot

    def test_names_that_were_swapped_go_back_to_their_keys(self, version, ann, now):
        for name, other in (("Awareness", "~"), ("Purchase", "Awareness"), ("~", "Purchase")):
            Stage.objects.filter(name=name).update(name=other)
        restoring.restore(version=version, by=ann, now=now)
        assert drawn() == version.snapshot

    def test_comments_stay_with_their_cards(self, version, ann, now):
        key = Card.objects.get(text="Pays twice").key
        Comment.objects.create(journey=version.journey, card_key=key, text="True?", by=ann, at=now)
        Lane.objects.get(name="Pain points").delete()
        restoring.restore(version=version, by=ann, now=now)
        assert Card.objects.get(text="Pays twice").key == key

    def test_who_has_gone_since_is_left_out(self, version, ann, now):
        Department.objects.all().delete()
        drafts.Touchpoint.objects.all().delete()
        restoring.restore(version=version, by=ann, now=now)
        assert Card.objects.get(text="A product's page").touchpoint is None
        assert Stage.objects.get(name="Awareness").department is None

    def test_a_journey_keeps_the_name_it_has_by_now(self, version, ann, now):
        Journey.objects.update(name="New name")
        restoring.restore(version=version, by=ann, now=now)
        assert drawn() == {**version.snapshot, "name": "New name"}

    def test_cards_of_versions_without_keys_get_new_ones(self, version, ann, now):
        for card in version.snapshot["cards"]:
            del card["key"]
        restoring.restore(version=version, by=ann, now=now)
        found = drawn()
        for card in found["cards"]:
            assert card.pop("key")
        assert found == version.snapshot

    def test_keys_in_a_file_are_not_taken(self, version, ann, now):
        text = copy.deepcopy(version.snapshot) | {"name": "Copy"}
        made = drafts.import_text(text=wire.read(text))
        assert not set(made.stages.values_list("key", flat=True)) & {s["key"] for s in version.snapshot["stages"]}
        assert Card.objects.count() == 2 * len(version.snapshot["cards"])


class TestRestorePages:
    def test_who(self, client, version, now):
        url = reverse("version_restore", kwargs={"pk": version.journey_id, "number": 1})
        spoil(now)
        before = drawn()
        client.logout()
        assert client.post(url).status_code == 302
        client.force_login(staff(Role.VIEWER))
        assert client.post(url).status_code == 403
        client.force_login(staff(Role.MARKETER))
        assert client.get(url).status_code == 405
        assert client.post(url.replace("/1/", "/99/")).status_code == 404
        assert drawn() == before

    def test_by_hand_and_by_api(self, client, version, now):
        spoil(now)
        url = reverse("version_restore", kwargs={"pk": version.journey_id, "number": 1})
        response = client.post(url, follow=True)
        assert drawn() == version.snapshot
        assert "The draft is version 1 now." in response.content.decode()
        spoil(now)
        api = reverse("api_version_restore", kwargs={"pk": version.journey_id, "number": 1})
        assert client.post(api).json() == {"id": version.journey_id, "restored": 1}
        assert drawn() == version.snapshot
        assert client.post(api.replace("/1/", "/9/")).status_code == 404

    def test_a_picture_that_is_gone_is_said(self, client, version):
        version.snapshot["cards"][0]["image"] = "sha256:" + "0" * 64
        version.save()
        before = drawn()
        url = reverse("version_restore", kwargs={"pk": version.journey_id, "number": 1})
        assert "There is no picture" in client.post(url, follow=True).content.decode()
        api = reverse("api_version_restore", kwargs={"pk": version.journey_id, "number": 1})
        assert client.post(api).status_code == 400
        assert drawn() == before


class TestComparing:
    @pytest.mark.parametrize(
        ("change", "expected"),
        [
            (lambda t: t.update(expectations="Soon"),
             ("Journey", "what the customer expects", "An answer within a day", "Soon")),
            (lambda t: t.update(expected_days=60.0), ("Journey", "from beginning to end", "30 days", "60 days")),
            (lambda t: t.update(review_on=None), ("Journey", "review on", "2027-01-31", "")),
            (lambda t: t["stages"][0].pop("department"), ("Stage", "department", "Shop", "")),
            (lambda t: t["stages"][0]["steps"][0].pop("moment_of_truth"), ("Step", "moment of truth", "yes", "")),
            (lambda t: t["stages"][0]["steps"][0].update(takes_minutes=9), ("Step", "takes", "5 minutes", "9 minutes")),
            (lambda t: t["lanes"][2].update(persona="Busy buyer"), ("Lane", "persona", "Gift giver", "Busy buyer")),
            (lambda t: t["cards"][0].pop("touchpoint"), ("Card", "touchpoint", "Product page", "")),
            (lambda t: t["cards"][1].update(emotion=1), ("Card", "emotion", "-1.5", "+1")),
            (lambda t: t["cards"][2].update(severity=4), ("Card", "severity", "3", "4")),
            (lambda t: t["cards"][2].update(frequency="few"),
             ("Card", "frequency", "most (2 in 3)", "a few (1 in 10)")),
            (lambda t: t["cards"][2].update(status="open"), ("Card", "status", "in progress", "open")),
            (lambda t: t["cards"][2].pop("owner"), ("Card", "owner", "ann@staff.example", "")),
            (lambda t: t["cards"][2].update(due_on="2027-03-01"), ("Card", "due on", "2027-02-01", "2027-03-01")),
            (lambda t: t["cards"][2].update(evidence_n=9),
             ("Card", "evidence", "survey, n = 412, Autumn 2026", "survey, n = 9, Autumn 2026")),
            (lambda t: t["cards"][3].update(effort=1), ("Card", "effort", "2", "1")),
            (lambda t: t["cards"][5].pop("solved_at"), ("Card", "solved at", "2026-02-01 09:00", "")),
            (lambda t: t["cards"][6].update(department="Shop"), ("Card", "department", "Warehouse", "Shop")),
            (lambda t: t["cards"][7].update(target=99), ("Card", "target", "98 %", "99 %")),
            (lambda t: t["cards"][4].update(image="sha256:" + "a" * 64), ("Card", "image", "", "picture aaaaaaaa")),
        ],
    )  # fmt: skip
    def test_every_field(self, change, expected):
        old = keyed(FULL)
        new = copy.deepcopy(old)
        change(new)
        (found,) = versions.compare(old, new)
        assert (found.kind, found.what, found.field, found.before, found.after) == ("changed", *expected)
        lines = [line for block in versions.side_by_side(old, new) for line in block.lines if line.mark]
        assert len(lines) == 1

    def test_a_card_that_went_elsewhere_is_one_change(self):
        old = keyed(FULL)
        new = copy.deepcopy(old)
        new["cards"][4]["lane"] = "Pain points"
        (found,) = versions.compare(old, new)
        assert (found.field, found.before, found.after) == ("place", "Buys × Actions", "Buys × Pain points")

    def test_a_new_name_of_a_stage_or_step_is_one_change_each(self):
        old = keyed(FULL)
        text = copy.deepcopy(FULL)
        text["stages"][0]["name"] = "Discovery"
        text["stages"][0]["steps"][0]["name"] = "Looks"
        text["stages"][0]["steps"][1]["alternative_to"] = "Looks"
        for card in text["cards"]:
            card["step"] = card["step"].replace("Sees a product", "Looks")
        new = keyed(text)
        assert [(d.what, d.field, d.after) for d in versions.compare(old, new)] == [
            ("Stage", "name", "Discovery"), ("Step", "name", "Looks"),
        ]  # fmt: skip

    def test_cards_without_keys_are_known_by_cell_and_text(self):
        old = keyed(FULL)
        new = copy.deepcopy(old)
        for card in old["cards"]:
            del card["key"]
        assert versions.compare(old, new) == []
        new["cards"][2]["severity"] = 1
        assert [d.field for d in versions.compare(old, new)] == ["severity"]

    def test_what_came_and_went_stands_in_its_place(self):
        old = keyed(FULL)
        new = copy.deepcopy(old)
        del new["stages"][1]
        new["cards"] = [card for card in new["cards"] if card["step"] != "Buys"]
        new["lanes"].append({"kind": "note", "name": "Ideas"})
        marks = [(b.what, b.name, b.mark) for b in versions.side_by_side(old, new)]
        assert marks[:6] == [
            ("Journey", "Everything", ""), ("Stage", "Awareness", ""), ("Step", "Sees a product", ""),
            ("Step", "Asks a friend", ""), ("Stage", "Purchase", "removed"), ("Step", "Buys", "removed"),
        ]  # fmt: skip
        assert marks[-1] == ("Lane", "Ideas", "added")
        assert [b.name for b in versions.changed_only(versions.side_by_side(old, new))] == [
            "Purchase", "Buys", "Lapsed", "Ideas",
        ]  # fmt: skip


def keyed(text: dict) -> dict:
    """A snapshot: keys by place."""
    made = copy.deepcopy(text)
    for number, stage in enumerate(made["stages"]):
        stage["key"] = f"stage {number}"
        for place, step in enumerate(stage["steps"]):
            step["key"] = f"step {number}.{place}"
    for number, card in enumerate(made["cards"]):
        card["key"] = f"card {number}"
    return made


class TestComparePage:
    def test_marked_in_words_and_hostile_text_escaped(self, client, ann, now):
        journey = published_shop(now)
        card = Card.objects.get()
        card.text = HOSTILE
        parts.change(part=card, fields=["text"], revision=0, by=ann, now=now)
        page = client.get(reverse("version_compare", kwargs={"pk": journey.pk})).content.decode()
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(&#x27;1&#x27;)&lt;/script&gt; &quot;🙂&quot; \u202eשלום (severity 3)" in page
        assert "No price without a call (severity 3)" in page
        assert "1 cell differs" in page
        assert page.count("Changed</span>") == 2  # the step and its cell

    @pytest.mark.parametrize("query", ["?from=x&to=-1", "?from=99&to=draft", "?from=%00", "?show=none", "?from=²"])
    def test_strange_numbers(self, client, ann, now, query):
        journey = published_shop(now)
        response = client.get(reverse("version_compare", kwargs={"pk": journey.pk}) + query)
        assert response.status_code == 200
        assert "These versions are the same" in response.content.decode()

    def test_everything(self, client, ann, now):
        journey = published_shop(now)
        url = reverse("version_compare", kwargs={"pk": journey.pk})
        page = client.get(f"{url}?from=1&to=1&show=all").content.decode()
        assert "Fills the cart" in page
        assert "Changed</span>" not in page

    def test_nothing_is_published(self, client, ann):
        journey = drafts.import_text(text=wire.read(SHOP))
        url = reverse("version_compare", kwargs={"pk": journey.pk})
        assert client.get(url).status_code == 302

    @pytest.mark.parametrize("name", ["version_list", "version_compare"])
    def test_queries_do_not_grow(self, client, ann, now, name):
        journey = published_shop(now)
        url = reverse(name, kwargs={"pk": journey.pk})
        counted = []
        for _round in range(2):
            for _version in range(2 if not counted else 18):
                publishing.publish(journey=journey, now=now, by=ann)
            with CaptureQueriesContext(connection) as queries:
                assert client.get(url).status_code == 200
            counted.append(len(queries))
        assert counted[0] == counted[1]

    def test_a_viewer_sees_no_buttons(self, client, now):
        journey = published_shop(now)
        client.force_login(staff(Role.VIEWER))
        page = client.get(reverse("version_list", kwargs={"pk": journey.pk})).content.decode()
        assert "Restore" not in page
        assert "Compare with the draft" in page
