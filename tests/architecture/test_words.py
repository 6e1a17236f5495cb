"""One word per concept: the "not" column of domain.md stands in no model name, URL name or visible string."""

import re
from pathlib import Path

from django.apps import apps
from django.urls import get_resolver

ROOT = Path(__file__).resolve().parents[2]
# The right column of domain.md, without those that are terms themselves or names of interface.md.
NOT = ["contact", "lead", "profile", "organisation", "phase", "swimlane", "sticky", "workflow", "automation",
       "notification", "anomaly", "milestone", "mood"]  # fmt: skip
WORD = re.compile(rf"\b({'|'.join(NOT)})s?\b", re.IGNORECASE)
TAGS = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}|<[^>]*>", re.DOTALL)
STRINGS = re.compile(r"\{% translate \"([^\"]*)\"|\{% blocktranslate[^%]*%\}(.*?)\{% endblocktranslate %\}", re.DOTALL)


def test_models():
    for model in apps.get_models():
        if model.__module__.startswith("apps."):
            assert not WORD.search(re.sub(r"(?<!^)(?=[A-Z])", " ", model.__name__)), model


def test_url_names():
    names = [key for key in get_resolver().reverse_dict if isinstance(key, str)]
    assert not [name for name in names if WORD.search(name.replace("_", " "))]


def test_visible_strings():
    for path in sorted((ROOT / "templates").rglob("*.html")):
        text = path.read_text()
        shown = " ".join(["".join(groups) for groups in STRINGS.findall(text)]) + TAGS.sub(" ", text)
        found = WORD.search(shown)
        assert not found, f"{path.relative_to(ROOT)}: {found and found.group()}"
