"""A map goes out in six formats and comes in by two; what would change is shown before it does."""

import copy
import csv
import io
import json
import re
import sys
import zlib
from pathlib import Path

import pytest
from defusedxml import ElementTree
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.template.loader import render_to_string
from django.urls import reverse
from PIL import Image

from apps.customers.models import Persona, Segment
from apps.journeys import wire
from apps.journeys.actions import drafts, edits, imports, parts, publishing
from apps.journeys.actions.images import keep
from apps.journeys.interchange import drawing, mermaid, raster, reading, tables
from apps.journeys.interchange.colours import light
from apps.journeys.interchange.fonts import REGULAR, width
from apps.journeys.interchange.formats import FORMATS
from apps.journeys.interchange.shapes import Style, wrapped
from apps.journeys.models import Journey, Lane, MapEdit
from apps.journeys.selectors.drafts import export_text
from apps.journeys.selectors.exports import text_of
from apps.staff.actions import api_keys
from apps.staff.enums import Role
from apps.staff.models import Department
from apps.touchpoints.models import Touchpoint
from tests.factories import UserFactory, staff
from tests.journeys.maps import FULL, SHOP
from tests.journeys.test_mermaid import HOSTILE

pytestmark = pytest.mark.django_db
IMPORT = "/journeys/import/"


@pytest.fixture
def everything() -> Journey:
    UserFactory(email="ann@staff.example")
    for name in ("Shop", "Warehouse"):
        Department.objects.create(name=name)
    Touchpoint.objects.create(name="Product page", channel="web")
    Segment.objects.create(name="Regulars", kind="list")
    return drafts.import_text(text=wire.read(FULL))


@pytest.fixture
def shop() -> Journey:
    return drafts.import_text(text=wire.read(SHOP))


@pytest.fixture
def marketer(client):
    user = staff(Role.MARKETER)
    client.force_login(user)
    return user


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "#0b7a5c").save(out, "PNG")
    return out.getvalue()


def with_picture(journey: Journey) -> None:
    step = journey.stages.get(name="Awareness").steps.get(name="Sees a product")
    lane = Lane.objects.create(journey=journey, kind="images", name="Images", position=9)
    step.cards.create(lane=lane, text="The page", position=0, image=keep(content=picture()))


def words_of(svg: str) -> str:
    return " ".join(node.text or "" for node in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text"))


def hostile() -> dict:
    names = [name.strip() for name in HOSTILE if name.strip()]
    cards = [{"step": name, "lane": "Pain points", "text": name * 3} for name in names]
    steps = [{"name": name, "match": []} for name in names]
    stages = [{"name": "<b>&", "kind": "use", "steps": steps}]
    return {"name": '"><script>', "stages": stages, "lanes": [{"kind": "pain", "name": "Pain points"}], "cards": cards}


class TestLossless:
    def test_mermaid_of_a_draft_comes_back_as_the_same_draft(self, everything, now):
        with_picture(everything)
        before = export_text(everything)
        assert before["cards"][4]["image"].startswith("data:image/jpeg;base64,")
        found = reading.read(mermaid.write({**before, "name": "Again"}))
        assert found.remarks == []
        made = imports.import_map(text=found.journey, by=None, now=now)
        assert export_text(made) == {**before, "name": "Again"}

    def test_a_version_goes_out_as_it_was_published_with_its_pictures(self, everything, now):
        with_picture(everything)
        before = export_text(everything)
        publishing.publish(journey=everything, now=now, by=None)
        everything.stages.get(name="Purchase").delete()
        assert text_of(everything, 1) == before
        assert text_of(everything, 2) is None
        assert len(text_of(everything, None)["stages"]) == 2

    def test_as_many_queries_for_a_large_map(self, shop, now, django_assert_num_queries):
        publishing.publish(journey=shop, now=now, by=None)
        step, lane = shop.stages.get(name="Awareness").steps.get(), shop.lanes.get()
        for _time in range(2):
            journey = Journey.objects.select_related("persona").get(pk=shop.pk)
            with django_assert_num_queries(4):
                text_of(journey, None)
            with django_assert_num_queries(1):
                text_of(journey, 1)
            for place in range(20):
                step.cards.create(lane=lane, text=f"Card {place}", position=place)


class TestCsv:
    def rows(self, text: dict) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(tables.write(text).decode("utf-8-sig"))))

    def test_a_row_for_each_card_and_for_what_has_none(self):
        rows = self.rows(FULL)
        assert [(row["stage"], row["step"], row["lane"], row["text"]) for row in rows] == [
            ("Awareness", "Sees a product", "Touchpoints", "A product's page"),
            ("Awareness", "Sees a product", "Gift giver", "lost"),
            ("Awareness", "Sees a product", "Pain points", "No price: without a call; #1"),
            ("Awareness", "Sees a product", "Opportunities", "Show it"),
            ("Awareness", "Asks a friend", "", ""),
            ("Purchase", "Buys", "Actions", "Pays"),
            ("Purchase", "Buys", "Pain points", "Pays twice"),
            ("Purchase", "Buys", "Who works", "Packs the parcel"),
            ("Purchase", "Buys", "KPIs", "Payment success"),
            ("Lapsed", "", "", ""),
        ]
        assert {name: value for name, value in rows[2].items() if value} == {
            "stage": "Awareness", "stage_kind": "awareness", "stage_department": "Shop", "stage_expected_days": "7",
            "step": "Sees a product", "step_emotion": "1", "step_feeling": "curious", "step_moment_of_truth": "yes",
            "step_takes_minutes": "5", "lane": "Pain points", "lane_kind": "pain", "severity": "3",
            "text": "No price: without a call; #1", "frequency": "many", "status": "doing",
            "owner": "ann@staff.example", "due_on": "2027-02-01",
            "evidence": "survey", "evidence_n": "412", "evidence_note": "Autumn 2026",
        }  # fmt: skip

    def test_formulas_are_harmless_and_texts_intact(self):
        text = copy.deepcopy(SHOP)
        said = ['=HYPERLINK("http://x")', "@x", "<script>", 'say "so", twice', "two\nlines", "שלום 😀"]
        text["cards"] = [{"step": "Buys", "lane": "Pain points", "text": one} for one in said]
        found = [row["text"] for row in self.rows(text) if row["text"]]
        assert found == ['\'=HYPERLINK("http://x")', "'@x", *said[2:]]


class TestDrawing:
    def test_says_all_that_the_map_says_but_its_owner(self):
        svg = drawing.write(FULL, state="Version 3")
        words = words_of(svg)
        for said in (
            "Everything", "Version 3", "Busy buyer", "First order within a month", "Awareness", "about 7 days",
            "Sees a product", "optional, instead of Sees a", "After silence", "+1 curious", "−0.5", "−1.5 lost",
            "No price: without a call;", "Severity 3/5", "In progress", "Met by most (2 in 3), survey,", "n = 412",
            "Impact 5/5", "Effort 2/5", "Planned", "98 %", "Packs the parcel", "Pain point", "Opportunity",
            "Moment of truth", "Gift giver",
        ):  # fmt: skip
            assert said in words, said
        assert "ann@" not in svg

    def test_has_only_colours_of_the_one_source_and_no_css_of_its_own(self):
        svg = drawing.write(FULL, state="Draft", with_fonts=False)
        assert {colour.lower() for colour in re.findall(r"#[0-9a-fA-F]{6}\b", svg)} <= set(light().values())
        assert light()["accent"] == "#4a3fd1"
        assert "var(" not in svg
        assert "style" not in svg

    def test_is_the_same_each_time(self):
        assert drawing.write(FULL, state="Draft") == drawing.write(FULL, state="Draft")

    def test_hostile_texts_are_texts(self):
        svg = drawing.write(hostile(), state="Draft")
        root = ElementTree.fromstring(svg)
        tags = {node.tag.rpartition("}")[2] for node in root.iter()}
        assert "script" not in tags
        words = re.sub(r"\s+", "", words_of(svg))
        for name in HOSTILE:
            assert re.sub(r"\s+", "", re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f]", "\ufffd", name)) in words, name
        assert raster.png(svg).startswith(b"\x89PNG")

    def test_a_line_fits_its_cell(self):
        style = Style(13)
        text = "Donaudampfschifffahrtsgesellschaftskapitän WWWWWWWWWWWWWWWWWWWWWWWW 漢字漢字漢字漢字漢字 iiii " * 3
        lines = wrapped(text, 160, style)
        assert all(width(line, 13, REGULAR) <= 160 for line in lines)
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")

    def test_a_family_is_not_torn_apart(self):
        family = "👩‍👩‍👧"
        lines = wrapped(family * 20, 100, Style(13))
        assert {sign for line in lines for sign in line.split(family) if sign} == set()

    def test_a_map_with_nothing_in_it(self):
        text = {"name": "Bare", "stages": [{"name": "A", "kind": "use", "steps": []}], "lanes": [], "cards": []}
        words = words_of(drawing.write(text, state="Draft"))
        assert words.split() == ["Bare", "Draft", "Stage", "A", "Step", "–"]

    def test_pictures_are_in_it(self, everything):
        with_picture(everything)
        svg = drawing.write(export_text(everything), state="Draft")
        image = next(ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}image"))
        assert image.attrib["{http://www.w3.org/1999/xlink}href"].startswith("data:image/jpeg;base64,")


class TestPictures:
    def test_png_is_twice_the_size(self):
        svg = drawing.write(SHOP, state="Draft", with_fonts=False)
        wide, tall = raster.size_of(svg)
        with Image.open(io.BytesIO(raster.png(svg))) as found:
            assert found.size == (int(wide * 2), int(tall * 2))
            assert found.getpixel((2, 2))[:3] == (0xF6, 0xF7, 0xF9)

    def test_a_huge_map_is_scaled_down(self):
        steps = [{"name": f"Step {place}", "match": []} for place in range(120)]
        text = {**SHOP, "stages": [{"name": "Long", "kind": "use", "steps": steps}], "cards": []}
        with Image.open(io.BytesIO(raster.png(drawing.write(text, state="Draft", with_fonts=False)))) as found:
            assert 15_900 < found.size[0] <= 16_000

    def test_pdf_is_one_page(self):
        found = raster.pdf(drawing.write(FULL, state="Draft", with_fonts=False))
        assert found.startswith(b"%PDF-")
        streams = re.findall(rb"FlateDecode.*?stream\n(.*?)\nendstream", found, re.DOTALL)
        parts = b"".join(zlib.decompressobj().decompress(stream) for stream in streams)
        assert len(re.findall(rb"/Type\s*/Page\b", parts)) == 1

    def test_without_weasyprint_it_says_how_to_get_it(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "weasyprint", None)
        with pytest.raises(raster.CannotDraw, match="pip install"):
            raster.pdf(drawing.write(SHOP, state="Draft", with_fonts=False))


class TestExportPage:
    @pytest.mark.parametrize(
        ("query", "name", "kind", "begin"),
        [
            ("", "web-shop-draft.json", "application/json", b'{\n  "name": "Web shop"'),
            ("?format=json&version=1", "web-shop-version-1.json", "application/json", b"{"),
            (
                "?format=mermaid",
                "web-shop-draft.mmd",
                "text/vnd.mermaid; charset=utf-8",
                b"journey\n    title Web shop\n",
            ),
            ("?format=csv", "web-shop-draft.csv", "text/csv; charset=utf-8", b"\xef\xbb\xbfstage,"),
            ("?format=svg", "web-shop-draft.svg", "image/svg+xml", b"<svg "),
            ("?format=png", "web-shop-draft.png", "image/png", b"\x89PNG"),
            ("?format=pdf", "web-shop-draft.pdf", "application/pdf", b"%PDF"),
        ],
    )
    @pytest.mark.parametrize("url_name", ["journey_export", "api_journey_export"])
    def test_formats(self, client, shop, now, query, name, kind, begin, url_name):
        publishing.publish(journey=shop, now=now, by=None)
        client.force_login(staff(Role.VIEWER))
        response = client.get(reverse(url_name, args=[shop.pk]) + query, headers={"Accept": "image/webp"})
        assert response.status_code == 200
        assert response["Content-Disposition"] == f'attachment; filename="{name}"'
        assert response["Content-Type"] == kind
        assert response.content.startswith(begin)

    @pytest.mark.parametrize(
        ("query", "said"),
        [("?format=docx", "There is no format “docx”. Use one of: json, mermaid, csv, svg, png, pdf."),
         ("?format=", "There is no format “”."), ("?version=7", "There is no version “7” of this map."),
         ("?version=x", "no version “x”"), ("?version=٣", "no version"), ("?version=" + "9" * 30, "no version")],
    )  # fmt: skip
    @pytest.mark.parametrize("url_name", ["journey_export", "api_journey_export"])
    def test_what_there_is_not(self, client, shop, query, said, url_name):
        client.force_login(staff(Role.VIEWER))
        response = client.get(reverse(url_name, args=[shop.pk]) + query)
        assert response.status_code == 404
        assert said in response.content.decode()

    def test_nobody_without_signing_in(self, client, shop):
        assert client.get(reverse("journey_export", args=[shop.pk])).status_code == 302
        assert client.get(reverse("api_journey_export", args=[shop.pk])).status_code == 401
        key = api_keys.create(name="K", scopes=["read"])
        headers = {"Authorization": f"Api-Key {key}"}
        assert client.get(reverse("api_journey_export", args=[shop.pk]), headers=headers).json()["name"] == "Web shop"

    def test_no_pdf_without_what_it_needs(self, client, shop, monkeypatch):
        monkeypatch.setitem(sys.modules, "weasyprint", None)
        client.force_login(staff(Role.VIEWER))
        page = client.get(reverse("journey_export", args=[shop.pk]) + "?format=pdf", follow=True)
        assert page.redirect_chain == [(reverse("journey_detail", args=[shop.pk]), 302)]
        assert "PDF needs WeasyPrint" in page.content.decode()
        answer = client.get(reverse("api_journey_export", args=[shop.pk]) + "?format=pdf")
        assert (answer.status_code, "WeasyPrint" in answer.json()["detail"]) == (501, True)

    @pytest.mark.parametrize("name", ['../../etc/"x"\r\nSet-Cookie: a=b', "😀", "Карта"])
    def test_names_of_files_are_safe(self, client, marketer, name):
        journey = drafts.import_text(text=wire.read({**SHOP, "name": name}))
        said = client.get(reverse("journey_export", args=[journey.pk]))["Content-Disposition"]
        assert said.startswith("attachment; filename")
        assert not set(said) & {"/", "\r", "\n"}


class TestImportPage:
    @pytest.mark.parametrize(
        ("sent", "said"),
        [
            ({}, "Choose a file or paste the text"),
            ({"text": "  \n"}, "Choose a file or paste the text"),
            ({"text": "nonsense <b>"}, "Line 1: this is no Mermaid journey"),
            ({"text": "journey\nsection A\nTea: good"}, "Line 3: the score “good” is no number"),
            ({"text": '{"name": 1}'}, "must be a text that is not empty"),
            ({"text": json.dumps({**SHOP, "owner": "nobody@x.example"})}, "no member of staff"),
            ({"text": json.dumps({**SHOP, "owner": "nobody@x.example"}), "op": "import"}, "no member of staff"),
        ],
    )
    def test_what_is_wrong_is_said_and_the_text_kept(self, client, marketer, sent, said):
        response = client.post(IMPORT, sent)
        page = response.content.decode()
        assert response.status_code == 422
        assert said in page
        assert response.context["form"]["text"].value() == sent.get("text", "")
        assert "nonsense <b>" not in page
        assert not Journey.objects.exists()

    @pytest.mark.parametrize(
        ("content", "said"),
        [(b"", "The file is empty."), (b"\xff\xff\xff", "not text in UTF-8"), (b"x" * 2_000_001, "larger than 2 MB")],
    )
    def test_files_that_cannot_be(self, client, marketer, content, said):
        response = client.post(IMPORT, {"file": SimpleUploadedFile("a.json", content)})
        assert response.status_code == 422
        assert said in response.content.decode()

    def test_a_mistake_in_a_file_is_mended_on_the_spot(self, client, marketer):
        response = client.post(IMPORT, {"file": SimpleUploadedFile("a.mmd", "journey\r\nsection Ä\r\nTea".encode())})
        assert response.status_code == 422
        assert response.context["form"]["text"].value() == "journey\nsection Ä\nTea"
        assert "Line 3: “Tea” is no step." in response.content.decode()

    @pytest.mark.parametrize("role", [Role.VIEWER, Role.AGENT])
    def test_only_for_designers(self, client, role):
        client.force_login(staff(role))
        assert client.post(IMPORT, {"text": json.dumps(SHOP), "op": "import"}).status_code == 403
        assert not Journey.objects.exists()

    def test_a_new_map_is_shown_first_and_then_made(self, client, marketer):
        text = "journey\ntitle Day\nsection Order\nPays: 9: Hiker"
        page = client.post(IMPORT, {"text": text})
        assert (page.status_code, Journey.objects.count(), Persona.objects.count()) == (200, 0, 0)
        preview = page.context["preview"]
        assert preview.outline == [("Order", "Purchase", ["Pays"])]
        assert (preview.existing, preview.changes, preview.new_personas, preview.seen) == (
            None,
            [],
            ["Hiker"],
            imports.NOT_THERE,
        )
        assert "Line 4: the score 9 is outside 1 to 5 and is taken as 5." in page.content.decode()
        response = client.post(IMPORT, {"text": text, "op": "import", "seen": "0"})
        journey = Journey.objects.get()
        assert response.status_code == 302
        assert export_text(journey)["stages"][0]["steps"] == [{"name": "Pays", "emotion": 2, "match": []}]

    def test_over_a_map_it_is_one_edit_that_can_be_taken_back(self, client, marketer, shop, now):
        before = export_text(shop, with_keys=True)
        text = json.dumps({**SHOP, "goal": "Another", "stages": SHOP["stages"][:3]})
        page = client.post(IMPORT, {"text": text})
        said = [(one.kind, one.name, one.field) for one in page.context["preview"].changes]
        assert said[0] == ("changed", "Web shop", "goal")
        assert ("removed", "Loyalty", "") in said
        assert export_text(Journey.objects.get(), with_keys=True) == before
        client.post(IMPORT, {"text": text, "op": "import", "seen": page.context["preview"].seen})
        shop.refresh_from_db()
        assert (shop.goal, MapEdit.objects.get().label, MapEdit.objects.get().by) == ("Another", "Import", marketer)
        edits.undo(journey_id=shop.pk, by=marketer, now=now)
        assert export_text(Journey.objects.get(), with_keys=True) == before

    def test_who_edited_meanwhile_is_not_run_over(self, client, marketer, shop, now):
        text = json.dumps({**SHOP, "goal": "Another"})
        seen = client.post(IMPORT, {"text": text}).context["preview"].seen
        parts.add(part=Lane(journey=shop, kind="note", name="Notes"), by=staff(Role.MARKETER), now=now)
        response = client.post(IMPORT, {"text": text, "op": "import", "seen": seen})
        assert response.status_code == 409
        assert ("removed", "Notes") in [(one.kind, one.name) for one in response.context["preview"].changes]
        assert Journey.objects.get().goal == SHOP["goal"]
        client.post(IMPORT, {"text": text, "op": "import", "seen": response.context["preview"].seen})
        assert Journey.objects.get().goal == "Another"

    def test_the_same_map_again_changes_nothing(self, client, marketer, shop):
        page = client.post(IMPORT, {"text": json.dumps(export_text(shop))})
        assert page.context["preview"].changes == []
        assert "the draft says all this already" in page.content.decode()

    def test_hostile_texts_come_in_and_are_shown_as_texts(self, client, marketer):
        page = client.post(IMPORT, {"text": mermaid.write(hostile())})
        assert page.status_code == 200
        assert "<script>alert" not in page.content.decode()
        client.post(IMPORT, {"text": mermaid.write(hostile()), "op": "import"})
        assert export_text(Journey.objects.get()) == hostile() | {"stages": [hostile()["stages"][0]]}

    def test_an_empty_form(self, client, marketer):
        page = client.get(IMPORT)
        assert page.status_code == 200
        assert page.context["preview"] is None
        assert client.put(IMPORT).status_code == 405


class TestCommands:
    def run(self, *args: object) -> bytes:
        out = io.BytesIO()
        before, sys.stdout = sys.stdout, io.TextIOWrapper(out, encoding="utf-8", write_through=True)
        try:
            call_command(*map(str, args))
            sys.stdout.flush()
            return out.getvalue()
        finally:
            sys.stdout = before

    def test_out_and_in_again(self, everything, tmp_path):
        with_picture(everything)
        before = export_text(everything)
        for name, file in (("json", "a.json"), ("mermaid", "a.mmd")):
            path: Path = tmp_path / file
            path.write_bytes(self.run("export_journey", "Everything", "--format", name))
            Journey.objects.get().delete()
            assert self.run("import_journey", path).decode().startswith("Everything is draft ")
            assert export_text(Journey.objects.get()) == before

    @pytest.mark.parametrize(
        ("name", "begin"), [("csv", b"\xef\xbb\xbfstage"), ("svg", b"<svg"), ("png", b"\x89PNG"), ("pdf", b"%PDF")]
    )
    def test_pictures_to_a_file_or_out(self, shop, tmp_path, name, begin):
        assert self.run("export_journey", "Web shop", "--format", name).startswith(begin)
        self.run("export_journey", "Web shop", "--format", name, "--output", tmp_path / "out")
        assert (tmp_path / "out").read_bytes().startswith(begin)

    def test_what_is_wrong_is_said(self, shop, tmp_path):
        bad = tmp_path / "bad.mmd"
        bad.write_text("journey\nsection A\nTea")
        for args, said in [
            (["import_journey", bad], "bad.mmd: Line 3: “Tea” is no step."),
            (["import_journey", tmp_path / "none"], "No such file"),
            (["export_journey", "Moon", "--format", "json"], "There is no journey named 'Moon'."),
            (["export_journey", "Web shop", "--format", "json", "--version-number", 4], "has no version 4"),
            (["export_journey", "Web shop", "--format", "svg", "--output", tmp_path], "directory"),
        ]:
            with pytest.raises(CommandError, match=re.escape(said)):
                self.run(*args)


@pytest.mark.parametrize(("version", "end"), [(None, ""), (1234, "&amp;version=1234")])
def test_the_menu_has_every_format(shop, version, end):
    menu = render_to_string("journeys/export_menu.html", {"journey": shop, "version": version})
    url = reverse("journey_export", args=[shop.pk])
    assert {f"{url}?format={name}{end}" for name in FORMATS} == set(re.findall(r'href="([^"]+)"', menu))
