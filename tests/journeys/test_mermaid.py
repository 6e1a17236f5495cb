"""A map as a Mermaid diagram: ours comes back exactly and is read by the real Mermaid; one of somewhere else becomes a
map as well as it can."""

import copy
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.journeys import library, wire
from apps.journeys.interchange import mermaid, reading
from apps.journeys.interchange.mermaid_reading import read
from tests.journeys.maps import FULL, SHOP

FOLDER = Path(__file__).resolve().parents[1] / "mermaid"
HOSTILE = [
    "a: b; c, #1 100%", "journey begins", "Title page", "section: one", "accTitle: x", "accDescr {", "%% comment",
    "%%{init: {}}%%", "#58;", "#colon;", "<script>alert('x')</script>", 'say "so"', "C4Container", "style: x #a; b",
    "two\nlines", "a\r\nb", "tab\there", "😀 👩‍👩‍👧 café", "שלום \u200fעולם", "\ufeffmark", "\u2028", "\x01\x7f", "---",
    "{", "}", "milepost:step {}", "1: 2: 3", "x" * 150, "&amp; &#58;", "ﬁn °", "\\u0000", "\\n",
]  # fmt: skip

MAPS = {"everything": FULL, "shop": SHOP, **{one.key: one.map for one in library.templates()}}
NAMES = st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
NAMES = NAMES.map(lambda name: name[:90].strip()).filter(bool)
EMOTIONS = st.none() | st.floats(-2, 2, allow_nan=False).map(lambda value: round(value, 2) or 0.0)


@st.composite
def maps(draw):
    """As a draft is exported: cards stand in the order of the map."""
    steps = draw(st.lists(NAMES, unique=True, max_size=8))
    stages = [
        {"name": name, "kind": draw(st.sampled_from(["awareness", "use", "loyalty"])), "steps": []}
        for name in draw(st.lists(NAMES, unique=True, min_size=1, max_size=4))
    ]
    lanes = [{"kind": "pain", "name": name} for name in draw(st.lists(NAMES, unique=True, max_size=3))]
    cards = []
    for place, name in enumerate(steps):
        emotion = draw(EMOTIONS)
        said = {} if emotion is None else {"emotion": emotion}
        stages[place * len(stages) // len(steps)]["steps"].append({"name": name, "match": [], **said})
        cards += [{"step": name, "lane": lane["name"], "text": draw(NAMES)} for lane in lanes if draw(st.booleans())]
    head = {"name": draw(NAMES), "goal": draw(NAMES)} | ({"persona": draw(NAMES)} if draw(st.booleans()) else {})
    return {**head, "stages": stages, "lanes": lanes, "cards": cards}


class TestOurs:
    @pytest.mark.parametrize("text", MAPS.values(), ids=MAPS)
    def test_comes_back_exactly(self, text):
        assert read(mermaid.write(text)) == (text, [])

    @settings(deadline=None)
    @given(maps())
    def test_whatever_the_texts_are(self, text):
        written = mermaid.write(text)
        assert read(written) == (text, [])
        assert read(written.replace("\n", "\r\n")) == (text, [])
        assert len(written.splitlines()) == len(written.split("\n")) - 1  # nothing but line feeds ends a line

    def test_how_it_reads(self):
        lines = mermaid.write(SHOP).split("\n")
        assert lines[:3] == [
            "journey",
            "    title Web shop",
            f"    %% milepost:map {json.dumps({name: SHOP[name] for name in list(SHOP)[1:5]})}",
        ]
        assert lines[5:9] == [
            "    section Awareness",
            '    %% milepost:stage {"kind": "awareness", "expected_days": 7}',
            "      Sees a product: 4: Busy buyer",
            '    %% milepost:step {"match": [{"event": "Product Viewed"}]}',
        ]

    @pytest.mark.parametrize("text", HOSTILE)
    def test_signs(self, text):
        assert mermaid.decode(mermaid.encode(text)) == text
        assert not set(mermaid.encode(text)) & set("%<>\"'{}&\n\r")

    @pytest.mark.parametrize(
        ("emotion", "score"),
        [(-2, 1), (-1.5, 1), (-1.4, 2), (-0.5, 2), (-0.4, 3), (0, 3), (None, 3), (0.5, 4), (0.6, 4), (1.5, 5), (2, 5)],
    )
    def test_scores(self, emotion, score):
        assert mermaid.score_of(emotion) == score

    def test_who_edits_the_diagram_is_heard(self):
        text = mermaid.write(FULL).replace("Sees a product: 4:", "Sees an ad: 1:").replace("Buys: 2:", "Buys: 3:")
        text = text.replace("      Buys:", "      Hesitates: 2\n      Buys:").replace("section Lapsed", "section Gone")
        found, remarks = read(text)
        assert remarks == []
        assert found["stages"][0]["steps"][0] == {**FULL["stages"][0]["steps"][0], "name": "Sees an ad", "emotion": -2}
        assert found["stages"][1]["steps"] == [
            {"name": "Hesitates", "emotion": -1, "match": []},
            {"name": "Buys", "emotion": 0, "match": [{"event": "Order Completed", "nth": 2}]},
        ]
        assert [card["step"] for card in found["cards"][:4]] == ["Sees an ad"] * 4
        assert found["stages"][2] == {"name": "Gone", "kind": "lapsed", "steps": []}

    def test_a_step_without_emotion_gets_one_by_its_score(self):
        text = mermaid.write(FULL).replace("Asks a friend: 3", "Asks a friend: 5")
        assert read(text)[0]["stages"][0]["steps"][1]["emotion"] == 2


class TestOfElsewhere:
    DAY = """---
title: From above
config:
  theme: dark
---
%%{init: {"journey": {}}}%%
Journey
    title My working day
    accTitle: For readers
    accDescr {
      many
      lines
    }
    %% a comment
    section Go to work
      Make tea: 5: Me
      Go upstairs: 3.5: Me
      Do work: 1: Me, Cat # with the cat
    section Order#colon; pay
      Make tea: 9: Me;
    section Go to work
"""

    KINDS = (
        "Kinds of stages are guessed by their names: "
        "“Go to work” – Awareness, “Order: pay” – Purchase, “Go to work (2)” – Use."
    )

    def test_a_diagram_of_the_manual(self):
        found, remarks = read(self.DAY)
        assert found == {
            "persona": "Me",
            "name": "My working day",
            "stages": [
                {"name": "Go to work", "kind": "awareness", "steps": [
                    {"name": "Make tea", "emotion": 2, "match": []},
                    {"name": "Go upstairs", "emotion": 0.5, "match": []},
                    {"name": "Do work", "emotion": -2, "match": []}]},
                {"name": "Order: pay", "kind": "purchase", "steps": [
                    {"name": "Make tea (2)", "emotion": 2, "match": []}]},
                {"name": "Go to work (2)", "kind": "use", "steps": []},
            ],
            "lanes": [{"kind": "note", "name": "Who takes part"}],
            "cards": [
                {"step": "Make tea", "lane": "Who takes part", "text": "Me"},
                {"step": "Go upstairs", "lane": "Who takes part", "text": "Me"},
                {"step": "Do work", "lane": "Who takes part", "text": "Me, Cat"},
                {"step": "Make tea (2)", "lane": "Who takes part", "text": "Me"},
            ],
        }  # fmt: skip
        assert remarks == [
            "Settings and descriptions for screen readers have no place on a map; left out.",
            "Line 9: Titles for screen readers have no place on a map; left out.",
            "Line 20: there is a step “Make tea” already, so this one is “Make tea (2)”.",
            "Line 20: the score 9 is outside 1 to 5 and is taken as 5.",
            "Line 21: there is a stage “Go to work” already, so this one is “Go to work (2)”.",
            self.KINDS,
            "The actors are Me, Cat. “Me” is the persona; the lane “Who takes part” names all.",
        ]
        wire.read(found)

    def test_the_least_that_is_a_map(self):
        found, remarks = read("journey\nMake tea: 3")
        assert found["name"] == "Imported map"
        assert found["stages"] == [
            {"name": "Start", "kind": "awareness", "steps": [{"name": "Make tea", "emotion": 0, "match": []}]}
        ]
        assert remarks[0] == "Line 2: steps stand before the first section; they are in a stage “Start”."

    def test_a_title_of_the_front_matter_and_one_actor(self):
        found, remarks = read('---\ntitle: "My day"\n---\njourney\nsection Loyalty\nBuys again: 4: Hiker')
        assert (found["name"], found["persona"], found["lanes"]) == ("My day", "Hiker", [])
        assert "The actor “Hiker” is the persona." in remarks

    def test_only_one_stage_can_be_the_lapsed_one(self):
        stages = read("journey\nsection Churned\nsection Lapsed")[0]["stages"]
        assert [stage["kind"] for stage in stages] == ["lapsed", "use"]

    def test_long_names_are_cut_and_stay_different(self):
        found, remarks = read(f"journey\ntitle {'t' * 300}\nsection {'s' * 300}\n{'x' * 300}: 3\n{'x' * 300}: 3")
        first, second = (step["name"] for step in found["stages"][0]["steps"])
        assert (len(found["name"]), len(found["stages"][0]["name"])) == (200, 100)
        assert (first, second) == ("x" * 150, "x" * 146 + " (2)")
        assert len([remark for remark in remarks if "is cut" in remark]) == 4
        wire.read(found)

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("", "The text is empty."),
            ("%% only this", "begins with the word “journey”"),
            ("flowchart TD\nA-->B", "Line 1: this is no Mermaid journey"),
            ("\n\njourneys", "Line 3: this is no Mermaid journey"),
            ("journey", "no section and no step"),
            ("journey\nsection A\n  Make tea", "Line 3: “Make tea” is no step. Write it as “Name: score: who”."),
            ("journey\nsection A\n  : 3", "Line 3: “: 3” is no step"),
            ("journey\nsection A\n  Tea: good: Me", "Line 3: the score “good” is no number from 1 to 5."),
            ("journey\nsection A\n  Tea: : Me", "Line 3: the score “” is no number"),
            ("journey\nsection A\n  Tea: ٣", "Line 3: the score “٣” is no number"),
            ("journey\nsection A\n%% milepost:step {}", "Line 3: there is nothing above that “milepost:step”"),
            ("journey\n%% milepost:stage {}", "Line 2: there is nothing above"),
            ("journey\n%% milepost:map {", "Line 2: what follows “milepost:map” is not valid JSON."),
            ("journey\n%% milepost:map []", "Line 2: what follows “milepost:map” must be an object"),
            ('journey\nsection A\n%% milepost:stage {"kind": "moon"}', "unknown kind 'moon'"),
            ('journey\nsection A\nTea: 3\n%% milepost:step {"emotion": "glad"}', "emotion must be a number"),
            ('journey\nsection A\nTea: 3\n%% milepost:step {"alternative_to": [1]}', "“alternative_to” must be"),
            ('journey\nsection A\nTea: 3\n%% milepost:card {"lane": "Pain", "text": "x"}', "no lane 'Pain'"),
            ("journey\nsection A\nTea\0: 3", "the character NUL"),
            ("journey\n" + "x" * 2_000_000, "larger than 2 MB"),
        ],
    )  # fmt: skip
    def test_what_cannot_be_read_says_where(self, text, said):
        with pytest.raises(wire.MapError) as error:
            reading.read(text)
        assert said in str(error.value)

    @settings(deadline=None)
    @given(st.text(st.sampled_from("journey section title:;#%{}<>[]()0159.,-\n\t aÄ😀")))
    def test_anything_is_read_or_refused_in_words(self, text):
        for whole in (text, f"journey\n{text}", mermaid.write(SHOP) + text):
            try:
                reading.read(whole)
            except wire.MapError:
                continue


class TestJson:
    def test_a_map(self):
        assert reading.read("\ufeff  " + json.dumps(FULL)).journey == wire.read(copy.deepcopy(FULL))

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ('{"name": "x",\n "stages": [}', "Line 2, place 13: this is not valid JSON"),
            ("{" * 5000, "not valid JSON"),
            ("[]", "must be an object"),
            ('{"name": "x", "stages": []}', "at least one stage"),
            ('{"name": "x", "stages": [{"name": "a", "kind": "use", "steps": [{"name": "b", "was": {}}]}]}', "“was”"),
        ],
    )
    def test_what_is_wrong(self, text, said):
        with pytest.raises(wire.MapError) as error:
            reading.read(text)
        assert said in str(error.value)

    @pytest.mark.parametrize(
        "content", [b"\xff\xfe" + "journey".encode("utf-16-le"), b"\xef\xbb\xbfjourney", b"journey"]
    )
    def test_files(self, content):
        assert reading.decoded(content) == "journey"

    def test_a_file_that_is_no_text(self):
        with pytest.raises(wire.MapError, match="UTF-8"):
            reading.decoded(b"\x89PNG\r\n\x1a\n\x00")
        with pytest.raises(wire.MapError, match="2 MB"):
            reading.decoded(b" " * 2_000_001)


class _Mermaid:
    def __init__(self) -> None:
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            ["node", "parse.mjs"],
            cwd=FOLDER,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def read(self, text: str) -> dict:
        """Node is started again where something on a busy machine has ended it."""
        if self.process.poll() is not None:
            self.start()
        self.process.stdin.write(json.dumps(text) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            self.process.wait(timeout=60)
            return self.read(text)
        return json.loads(line)

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.stdin.close()
        self.process.wait(timeout=60)
        self.process.stdout.close()


def _missing(*, is_built: bool) -> str:
    """What is not there, and how to mend it."""
    if shutil.which("node") is None:
        return "there is no node on this machine"
    if (FOLDER / "node_modules").exists():
        return ""
    if is_built and shutil.which("npm"):
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=600, check=False)
        return f"npm ci in tests/mermaid failed: {done.stderr[-500:]}" if done.returncode else ""
    return "Mermaid is not installed: run npm ci in tests/mermaid"


@pytest.fixture(scope="class")
def real():
    """Mermaid itself. A machine that builds (CI) fetches it, and without it fails; elsewhere: `npm ci` in
    tests/mermaid."""
    is_built = bool(os.environ.get("CI"))
    if missing := _missing(is_built=is_built):
        (pytest.fail if is_built else pytest.skip)(missing)
    process = _Mermaid()
    yield process
    process.stop()


def _as_mermaid_reads(text: dict) -> dict:
    people = [text["persona"]] if text.get("persona") else []
    return {
        "type": "journey",
        "title": text["name"],
        "sections": [stage["name"] for stage in text["stages"]],
        "tasks": [
            [stage["name"], step["name"], mermaid.score_of(step.get("emotion")), people]
            for stage in text["stages"]
            for step in stage["steps"]
        ],
    }


@pytest.mark.xdist_group("mermaid")
class TestTheRealMermaid:
    @pytest.mark.parametrize("text", MAPS.values(), ids=MAPS)
    def test_reads_what_we_write(self, real, text):
        assert real.read(mermaid.write(text)) == _as_mermaid_reads(text)

    def test_every_hostile_name(self, real):
        steps = [{"name": name.strip(), "match": []} for name in HOSTILE if name.strip()]
        text = {"name": "#%;", "persona": "a, b: c", "stages": [{"name": ";", "kind": "use", "steps": steps}]}
        assert real.read(mermaid.write(text)) == _as_mermaid_reads(text)

    @settings(deadline=None, max_examples=60)
    @given(text=maps())
    def test_whatever_the_texts_are(self, real, text):
        assert real.read(mermaid.write(text)) == _as_mermaid_reads(text)

    def test_says_when_it_cannot(self, real):
        assert "Parse error" in real.read("journey\n title x\n nothing")["error"]
