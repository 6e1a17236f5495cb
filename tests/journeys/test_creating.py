"""New maps, copies, variants, the list and the deletion of drafts."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.customers.models import Persona, Segment
from apps.journeys import library, wire
from apps.journeys.actions import creating, drafts, parts, publishing
from apps.journeys.models import Card, Comment, Journey, MapEdit, Stage, Step
from apps.journeys.selectors import listing
from apps.journeys.selectors.drafts import export_text
from apps.staff.enums import Role
from apps.touchpoints.models import Touchpoint
from tests.factories import campaign, published_shop, staff
from tests.journeys.maps import FULL, SHOP

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert('x')</script> \"quoted\" 🎁 مرحبا " + "x" * 100


@pytest.fixture
def ann():
    user = staff(Role.MARKETER)
    user.email = "ann@staff.example"
    user.save()
    return user


@pytest.fixture
def page(client, ann):
    client.force_login(ann)
    return client


def full() -> Journey:
    for one in ("Shop", "Warehouse"):
        drafts.Department.objects.create(name=one)
    Touchpoint.objects.create(name="Product page", channel="web")
    Segment.objects.create(name="Regulars", kind="list")
    return drafts.import_text(text=wire.read(FULL))


def content(journey: Journey) -> dict:
    return {name: value for name, value in export_text(journey).items() if name not in {"name", "owner"}}


def ask(client, **given):
    return client.post(reverse("journey_create"), given)


class TestTheActions:
    def test_a_name_that_is_taken_is_refused_and_nothing_is_written(self, ann, now):
        creating.from_template(key="banking", name="Ours", by=ann, now=now)
        before = (Stage.objects.count(), Persona.objects.count(), Touchpoint.objects.count())
        with pytest.raises(creating.NameTaken, match="of this name already"):
            creating.from_template(key="ecommerce", name="Ours", by=ann, now=now)
        with pytest.raises(creating.NameTaken):
            creating.empty(name=" Ours ", by=ann, now=now)
        assert (Stage.objects.count(), Persona.objects.count(), Touchpoint.objects.count()) == before

    def test_what_exists_is_not_changed_by_a_template(self, ann, now):
        Persona.objects.create(name="Evening shopper", quote="Mine")
        Touchpoint.objects.create(name="Cart", channel="app", rules=[{"event": "Cart Viewed"}], description="Mine")
        journey = creating.from_template(key="ecommerce", name="Ours", by=ann, now=now)
        assert journey.persona.quote == "Mine"
        cart = Touchpoint.objects.get(name="Cart")
        assert (cart.channel, cart.description, cart.rules) == ("app", "Mine", [{"event": "Cart Viewed"}])
        assert Touchpoint.objects.count() == len(library.template("ecommerce").touchpoints)

    def test_a_template_twice_makes_touchpoints_once(self, ann, now):
        creating.from_template(key="insurance", name="One", by=ann, now=now)
        creating.from_template(key="insurance", name="Two", by=None, now=now)
        assert Touchpoint.objects.count() == len(library.template("insurance").touchpoints)
        assert Persona.objects.get().role
        assert Journey.objects.get(name="Two").owner is None

    def test_a_copy_has_equal_content_and_keys_of_its_own(self, ann, now):
        original = full()
        Comment.objects.create(journey=original, card_key=Card.objects.first().key, text="Look", by=ann, at=now)
        made = creating.copy(of=original, name="Again", by=ann, now=now)
        assert content(made) == content(original)
        for model, path in ((Stage, "journey"), (Step, "stage__journey"), (Card, "step__stage__journey")):
            keys = [set(model.objects.filter(**{path: one}).values_list("key", flat=True)) for one in (original, made)]
            assert len(keys[0]) == len(keys[1]) > 0
            assert not keys[0] & keys[1]
        assert made.comments.count() == 0
        assert (made.variant_of, made.created_at, made.owner) == (None, now, ann)

    def test_a_variant_keeps_its_link(self, ann, now):
        original = full()
        segment = Segment.objects.create(name="VIPs", kind="list")
        made = creating.variant(of=original, segment=segment, persona=None, name="For VIPs", by=ann, now=now)
        made = Journey.objects.get(pk=made.pk)
        assert (made.variant_of, made.segment, made.persona) == (original, segment, original.persona)
        assert content(made) == content(original) | {"segment": "VIPs"}
        persona = Persona.objects.get(name="Gift giver")
        other = creating.variant(of=original, segment=None, persona=persona, name="For givers", by=ann, now=now)
        assert (other.variant_of, other.persona) == (original, persona)

    def test_a_copy_of_a_published_map_is_a_draft(self, now):
        made = creating.copy(of=published_shop(now), name="Again", by=None, now=now)
        assert made.current_version is None
        assert publishing.publish(journey=made, now=now, by=None).number == 1

    def test_a_published_map_is_not_deleted(self, now):
        journey = published_shop(now)
        with pytest.raises(creating.Refused, match="has been published"):
            creating.delete(journey=journey)
        assert Journey.objects.filter(pk=journey.pk).exists()

    def test_a_map_that_a_campaign_uses_is_not_deleted(self, now):
        journey = published_shop(now)
        campaign(now, active=False)
        Journey.objects.update(current_version=None)
        journey.versions.all().delete()
        with pytest.raises(creating.Refused, match="a campaign uses it"):
            creating.delete(journey=journey)
        assert Journey.objects.filter(pk=journey.pk).exists()


class TestThePage:
    @pytest.mark.parametrize(
        ("given", "field", "said"),
        [({"start": "set:five"}, "name", "Give the map a name."), ({"name": "X"}, "start", "Choose how to start."),
         ({"start": "set:../x", "name": "X"}, "start", "no such start"),
         ({"start": "copy", "name": "X"}, "of", "Choose the map to copy."),
         ({"start": "copy", "name": "X", "of": "99999"}, "of", "Select a valid choice"),
         ({"start": "empty", "name": "x" * 201}, "name", "at most 200"),
         ({"start": "empty", "name": "a\x00b"}, "name", "Null characters"),
         ({"start": "template:banking", "name": " Web shop "}, "name", "of this name already")],
    )  # fmt: skip
    def test_bad_input_is_told_and_kept(self, page, given, field, said):
        drafts.import_text(text=wire.read(SHOP))
        answer = ask(page, **given)
        assert answer.status_code == 422
        assert said in str(answer.context["form"].errors[field])
        assert Journey.objects.count() == 1
        if given.get("start", "").startswith("template"):
            assert 'value="Web shop"' in answer.content.decode().replace(" Web shop ", "Web shop")
            assert answer.context["form"]["start"].value() == "template:banking"

    def test_a_variant_is_for_somebody(self, page):
        journey = drafts.import_text(text=wire.read(SHOP))
        answer = ask(page, start="copy", name="X", of=journey.pk, is_variant="on")
        assert answer.status_code == 422
        assert "for which segment or persona" in answer.content.decode()

    def test_a_draft_that_is_not_valid_is_not_copied(self, page):
        journey = drafts.import_text(text=wire.read(SHOP))
        Step.objects.filter(name="Buys").update(name="Sees a product")
        answer = ask(page, start="copy", name="X", of=journey.pk)
        assert answer.status_code == 422
        assert "Its draft is not complete: There are two steps named" in str(answer.context["form"].errors["of"])
        assert Journey.objects.count() == 1

    @pytest.mark.parametrize(
        ("start", "stages"), [("empty", 1), ("set:b2b", 7), ("template:ecommerce", 6), ("copy", 5), ("variant", 5)]
    )
    def test_it_makes_the_draft_and_opens_the_editor(self, page, ann, start, stages):
        journey = drafts.import_text(text=wire.read(SHOP))
        more = {"of": journey.pk} if start in {"copy", "variant"} else {}
        if start == "variant":
            more |= {"is_variant": "on", "persona": Persona.objects.get().pk}
        answer = ask(page, start=start.replace("variant", "copy"), name=HOSTILE, **more)
        made = Journey.objects.get(name=HOSTILE)
        assert (answer.status_code, answer["Location"]) == (302, reverse("map_edit", kwargs={"pk": made.pk}))
        assert made.stages.count() == stages
        assert made.variant_of == (journey if start == "variant" else None)
        assert (made.owner, made.current_version) == (ann, None)
        assert "<script>alert" not in page.get(reverse("journey_list")).content.decode()

    def test_it_shows_all_that_one_can_start_from(self, page):
        text = page.get(reverse("journey_create")).content.decode()
        for value in [f"set:{one.key}" for one in library.SETS] + [
            f"template:{one.key}" for one in library.templates()
        ]:
            assert f'value="{value}"' in text
        assert 'value="empty"' in text
        assert 'value="copy"' not in text  # there is no map yet
        assert "5 stages · 12 steps · 93 cards" in text
        assert "Evening shopper" in text
        assert "Brand awareness" in text

    def test_the_address_chooses(self, page):
        journey = drafts.import_text(text=wire.read(SHOP))
        form = page.get(reverse("journey_create"), {"start": "copy", "of": journey.pk}).context["form"]
        assert (form["start"].value(), form["of"].value()) == ("copy", str(journey.pk))
        assert page.get(reverse("journey_create"), {"start": "<script>", "of": "x"}).status_code == 200

    @pytest.mark.parametrize("method", ["put", "delete"])
    def test_other_methods_are_refused(self, page, method):
        assert getattr(page, method)(reverse("journey_create")).status_code == 405

    def test_who_may_not_design_makes_nothing(self, client):
        client.force_login(staff(Role.AGENT))
        assert ask(client, start="empty", name="X").status_code == 403
        client.logout()
        assert ask(client, start="empty", name="X").status_code == 302
        assert not Journey.objects.exists()


class TestTheList:
    def test_variants_stand_under_their_original(self, ann, now):
        original = drafts.import_text(text=wire.read(SHOP))
        drafts.import_text(text=wire.read(SHOP | {"name": "Another"}))
        drafts.import_text(text=wire.read(SHOP | {"name": "Zoo"}))
        persona = Persona.objects.get()
        variant = creating.variant(of=original, segment=None, persona=persona, name="A variant", by=ann, now=now)
        creating.variant(of=variant, segment=None, persona=persona, name="Its own", by=ann, now=now)
        assert [(row.journey.name, row.depth) for row in listing.rows()] == [
            ("Another", 0), ("Web shop", 0), ("A variant", 1), ("Its own", 1), ("Zoo", 0),
        ]  # fmt: skip

    def test_a_ring_of_variants_is_listed_all_the_same(self):
        one, other = (drafts.import_text(text=wire.read(SHOP | {"name": name})) for name in ("One", "Other"))
        Journey.objects.filter(pk=one.pk).update(variant_of=other)
        Journey.objects.filter(pk=other.pk).update(variant_of=one)
        assert [row.journey.name for row in listing.rows()] == ["One", "Other"]

    def test_it_says_who_edited_last_and_that_the_draft_has_changed(self, page, ann, now):
        journey = published_shop(now)
        (row,) = listing.rows()
        assert (row.last_edit, row.is_changed) == (None, False)
        assert row.stages == ["Awareness", "Consideration", "Purchase", "Loyalty", "Lapsed"]
        later = now.replace(hour=15)
        parts.add(part=Stage(journey=journey, name="New", kind="use"), by=ann, now=later)
        (row,) = listing.rows()
        assert (row.last_edit.at, row.last_edit.by, row.is_changed) == (later, ann, True)
        text = page.get(reverse("journey_list")).content.decode()
        assert "Draft changed" in text
        assert "6 stages" in text
        assert ann.name in text

    def test_as_many_queries_for_twenty_as_for_two(self, page, ann, now):
        def queries() -> int:
            with CaptureQueriesContext(
                connection,
            ) as seen:
                assert page.get(reverse("journey_list")).status_code == 200
            return len(seen)

        for n in range(2):
            self._edited(f"Map {n}", ann, now)
        page.get(reverse("journey_list"))
        few = queries()
        for n in range(2, 20):
            self._edited(f"Map {n}", ann, now)
        assert MapEdit.objects.count() == 20
        assert queries() == few

    @staticmethod
    def _edited(name: str, ann, now) -> None:
        journey = creating.from_set(key="five", name=name, by=ann, now=now)
        parts.add(part=Stage(journey=journey, name="New", kind="use"), by=ann, now=now)
        publishing.publish(journey=journey, now=now, by=ann)

    def test_empty_it_says_what_to_do(self, page, client):
        text = page.get(reverse("journey_list")).content.decode()
        assert "No journey yet" in text
        assert text.count(reverse("journey_create")) == 2
        client.force_login(staff(Role.VIEWER))
        assert reverse("journey_create") not in client.get(reverse("journey_list")).content.decode()

    def test_a_viewer_sees_no_acts(self, client, now):
        published_shop(now)
        client.force_login(staff(Role.VIEWER))
        text = client.get(reverse("journey_list")).content.decode()
        assert "Web shop" in text
        assert "/edit/" not in text
        assert "/delete/" not in text


class TestDeleting:
    def test_a_published_map_stays_and_says_why(self, page, now):
        journey = published_shop(now)
        answer = page.post(reverse("journey_delete", kwargs={"pk": journey.pk}), follow=True)
        assert "has been published, and customers are measured by it" in answer.content.decode()
        assert Journey.objects.count() == 1
        assert "/delete/" not in page.get(reverse("journey_list")).content.decode()

    def test_a_draft_goes_with_all_that_is_in_it(self, page):
        journey = drafts.import_text(text=wire.read(SHOP))
        url = reverse("journey_delete", kwargs={"pk": journey.pk})
        text = page.get(reverse("journey_list")).content.decode()
        assert f'action="{url}"' in text
        assert "Delete the draft “Web shop”" in text
        answer = page.post(url, follow=True)
        assert answer.redirect_chain == [(reverse("journey_list"), 302)]
        assert "Web shop is deleted." in answer.content.decode()
        assert (Journey.objects.count(), Stage.objects.count(), Card.objects.count()) == (0, 0, 0)
        assert page.post(url).status_code == 404

    def test_only_a_post_of_who_may_design_deletes(self, client, page):
        journey = drafts.import_text(text=wire.read(SHOP))
        url = reverse("journey_delete", kwargs={"pk": journey.pk})
        assert page.get(url).status_code == 405
        client.force_login(staff(Role.AGENT))
        assert client.post(url).status_code == 403
        assert Journey.objects.count() == 1
