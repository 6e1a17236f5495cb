"""What the buttons of a message's page do to what is typed there, before anything is saved."""

import copy
from collections.abc import Mapping
from typing import Any, Protocol

from django.utils.translation import gettext as _

from apps.campaigns.actions import wording
from apps.campaigns.mails import blocks
from apps.campaigns.mails.choosing import BASE, Variant


class NoSuchAct(ValueError):
    """The text says what to do instead."""


class Typed(Protocol):
    """The part of a form that these acts change."""

    mode: str
    texts: dict[str, str]
    blocks: list[dict[str, Any]]


def change(sheet: Typed, op: str, data: Mapping[str, str], files: Mapping[str, Any]) -> None:
    """`op` such as `add:text` or `up:2`. Raises NoSuchAct, and images.NotAPicture."""
    act, _colon, argument = op.partition(":")
    if act == "check":
        return
    if act == "add" and argument in blocks.KINDS:
        sheet.mode = "blocks"
        if len(sheet.blocks) >= blocks.MOST_BLOCKS:
            raise NoSuchAct(_("A message may have at most %(n)s blocks.") % {"n": blocks.MOST_BLOCKS})
        sheet.blocks.append(blocks.new(argument))
    elif act == "insert":
        _insert(sheet, data)
    elif act in {"up", "down", "delete", "upload"}:
        _with_block(sheet, act, _place(sheet, argument), files)
    else:
        raise NoSuchAct(_("Choose one of the buttons of the page."))


def _place(sheet: Typed, argument: str) -> int:
    if not (argument.isascii() and argument.isdecimal() and len(argument) < 3 and int(argument) < len(sheet.blocks)):
        raise NoSuchAct(_("There is no such block any more."))
    return int(argument)


def _with_block(sheet: Typed, act: str, place: int, files: Mapping[str, Any]) -> None:
    if act == "delete":
        del sheet.blocks[place]
    elif act == "upload":
        file = files.get(f"block-{place}-file")
        if file is None or sheet.blocks[place]["kind"] != "image":
            raise NoSuchAct(_("Choose a picture first."))
        sheet.blocks[place]["image"] = wording.keep_picture(content=file.read()).digest
    else:
        block = sheet.blocks.pop(place)
        sheet.blocks.insert(max(place - 1, 0) if act == "up" else place + 1, block)


def _insert(sheet: Typed, data: Mapping[str, str]) -> None:
    """At the end of the subject or of the last text; with script it goes where the cursor stands."""
    name = data.get("insert_name", "").strip()
    if not name or any(sign in name for sign in "{}|%\x00"):
        raise NoSuchAct(_("Choose what to insert first."))
    said = mention(name, data.get("insert_fallback", ""))
    texts = [block for block in sheet.blocks if block["kind"] in {"text", "heading"}]
    if data.get("insert_into") == "subject":
        sheet.texts["subject"] += said
    elif sheet.mode in {"body", "mjml"}:
        sheet.texts[sheet.mode] += said
    elif texts:
        texts[-1]["text"] += said
    else:
        sheet.mode = "blocks"
        sheet.blocks.append(blocks.new("text") | {"text": said})


def mention(name: str, fallback: str) -> str:
    """As Liquid says it; a trait may be called anything."""
    is_plain = all(part.isidentifier() for part in name.split("."))
    path = f"customer.{name}" if is_plain else f'customer["{name.replace(chr(34), "")}"]'
    safe = fallback.replace("'", "’").replace("{", "").replace("}", "")
    return f"{{{{ {path} | default: '{safe}' }}}}"


def vary(
    settings: dict[str, Any], variant: Variant, *, act: str, code: str = "", tone: dict[str, Any] | None = None
) -> tuple[dict[str, Any], Variant]:
    """The settings with another tone or language or one less, and which variant is to be shown then."""
    changed = copy.deepcopy(settings)
    if act == "tone":
        if tone is None:
            raise NoSuchAct(_("Give the tone a name, and say for which persona or trait it is."))
        changed.setdefault("tones", []).append(tone)
        return changed, Variant(len(changed["tones"]) - 1)
    where = changed["tones"][variant.tone] if variant.tone is not None else changed
    if act == "language":
        if not code or code in where.get("languages", {}):
            raise NoSuchAct(_("Write the code of a language that is not there yet, such as de."))
        where.setdefault("languages", {})[code] = {}
        return changed, Variant(variant.tone, code)
    if act == "delete" and variant.language:
        del where["languages"][variant.language]
        return changed, Variant(variant.tone)
    if act == "delete" and variant.tone is not None:
        del changed["tones"][variant.tone]
        return changed, BASE
    raise NoSuchAct(_("Choose one of the buttons of the page."))
