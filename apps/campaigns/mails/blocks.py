"""What the block editor edits: a list of plain objects, each with its kind. A block becomes MJML, and text for those
who read no HTML. Works on blocks whose Liquid is hidden."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.campaigns import liquid
from apps.campaigns.mails import markup
from apps.campaigns.mails.content import ContentError
from apps.campaigns.mails.links import is_address
from apps.campaigns.mails.tokens import Tokens

MOST_BLOCKS = 60
MOST_TEXT = 20_000
SOURCES = {
    "cart": gettext_lazy("What is left in the cart"),
    "viewed": gettext_lazy("What they looked at last"),
    "also_bought": gettext_lazy("What others bought with it"),
}
_PARAGRAPH = "margin:0 0 14px"


@dataclass(frozen=True)
class Kind:
    """`fields`: name to the most characters it may have; `needed`: those that may not be empty."""

    label: Any
    icon: str
    fields: Mapping[str, int]
    needed: tuple[str, ...] = ()


KINDS: dict[str, Kind] = {
    "text": Kind(gettext_lazy("Text"), "text-align-start", {"text": MOST_TEXT}, ("text",)),
    "heading": Kind(gettext_lazy("Heading"), "heading", {"text": 500}, ("text",)),
    "button": Kind(gettext_lazy("Button"), "square-mouse-pointer", {"label": 200, "url": 2000}, ("label", "url")),
    "image": Kind(gettext_lazy("Image"), "image", {"image": 64, "alt": 500, "url": 2000}, ("image", "alt")),
    "products": Kind(gettext_lazy("Products"), "shopping-cart", {"from": 20, "title": 200, "button": 100}, ("from",)),
    "score": Kind(gettext_lazy("Score row"), "gauge", {}),
    "divider": Kind(gettext_lazy("Divider"), "minus", {}),
    "spacer": Kind(gettext_lazy("Space"), "move-vertical", {}),
}
_NUMBERS = {"products": ("most", 1, 6), "spacer": ("height", 4, 120)}
_DEFAULTS: dict[str, dict[str, Any]] = {
    "products": {"from": "cart", "most": 3},
    "spacer": {"height": 24},
}


def new(kind: str) -> dict[str, Any]:
    return {"kind": kind, **dict.fromkeys(KINDS[kind].fields, ""), **_DEFAULTS.get(kind, {})}


def check(blocks: Any, *, has_scale: bool) -> None:
    if not isinstance(blocks, list) or not 1 <= len(blocks) <= MOST_BLOCKS:
        raise ContentError(f"blocks must be a list of 1 to {MOST_BLOCKS}.")
    for number, block in enumerate(blocks, 1):
        kind = block.get("kind") if isinstance(block, dict) else None
        if not isinstance(kind, str) or kind not in KINDS:
            raise ContentError(f"blocks, {number}: kind must be one of: {', '.join(KINDS)}.")
        if kind == "score" and not has_scale:
            raise ContentError(f"blocks, {number} (score): only a survey has a scale.")
        _check_one(block, KINDS[kind], f"blocks, {number} ({kind})")


def _check_one(block: dict[str, Any], kind: Kind, where: str) -> None:
    number = _NUMBERS.get(block["kind"])
    unknown = sorted(str(name) for name in set(block) - {"kind", *kind.fields, *([number[0]] if number else [])})
    if unknown:
        raise ContentError(f"{where}: unknown or not supported: {unknown[0]!r}.")
    for name, most in kind.fields.items():
        _check_text(block.get(name, ""), most, f"{where}: {name}", is_needed=name in kind.needed)
    if number:
        name, least, most = number
        value = block.get(name, least)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise ContentError(f"{where}: {name} must be a whole number from {least} to {most}.")
    if block["kind"] == "products" and block["from"] not in SOURCES:
        raise ContentError(f"{where}: from must be one of: {', '.join(SOURCES)}.")
    if block["kind"] == "image" and not (set(block["image"]) <= set("0123456789abcdef") and len(block["image"]) == 64):
        raise ContentError(f"{where}: image is the name of an uploaded picture.")
    url = block.get("url", "").strip()
    if url and not (is_address(url) or url.startswith("{{")):
        raise ContentError(f"{where}: url must be a whole address such as https://shop.example/.")


def _check_text(value: Any, most: int, where: str, *, is_needed: bool) -> None:
    if not isinstance(value, str) or "\x00" in value or (is_needed and not value.strip()):
        raise ContentError(f"{where} must be a text{' that is not empty' if is_needed else ''}.")
    if len(value) > most:
        raise ContentError(f"{where} may have at most {most:,} characters.")
    try:
        liquid.check(value)
    except liquid.TemplateError as error:
        raise ContentError(f"{where}: {error}") from error


@dataclass(frozen=True)
class Setting:
    """What blocks need besides themselves. `scale`: of the survey."""

    tokens: Tokens
    accent: str
    scale: Sequence[int] = ()
    ends: tuple[str, str] = ("", "")


def to_mjml(blocks: list[dict[str, Any]], setting: Setting) -> str:
    return "".join(_MJML[block["kind"]](block, setting) for block in blocks)


def to_text(blocks: list[dict[str, Any]], setting: Setting) -> str:
    return "\n\n".join(text for block in blocks if (text := _TEXT[block["kind"]](block, setting)))


def plain(body: str, setting: Setting) -> str:
    """A body that is plain text, as MJML."""
    return f"<mj-text>{markup.to_html(body, setting.tokens, style=_PARAGRAPH, is_plain=True)}</mj-text>"


def picture_url(digest: str) -> str:
    return f"{settings.PUBLIC_URL}/m/{digest}"


def _text(block: dict[str, Any], setting: Setting) -> str:
    return f"<mj-text>{markup.to_html(block['text'], setting.tokens, style=_PARAGRAPH)}</mj-text>"


def _heading(block: dict[str, Any], _setting: Setting) -> str:
    return (
        '<mj-text font-size="22px" font-weight="600" line-height="1.25" padding-bottom="4px">'
        f'<h2 style="margin:0;font-size:22px;font-weight:600">{escape(block["text"].strip())}</h2></mj-text>'
    )


def _button(block: dict[str, Any], setting: Setting) -> str:
    return (
        f'<mj-button css-class="m-button" align="left" href="{escape(block["url"].strip())}" '
        f'background-color="{setting.accent}" color="#FFFFFF" border-radius="6px" font-size="15px" font-weight="600" '
        f'inner-padding="12px 20px">{escape(block["label"].strip())}</mj-button>'
    )


def _image(block: dict[str, Any], _setting: Setting) -> str:
    href = f' href="{escape(block["url"].strip())}"' if block.get("url", "").strip() else ""
    alt = escape(block["alt"].strip())
    return f'<mj-image src="{picture_url(block["image"])}" alt="{alt}"{href} border-radius="6px"/>'


def _spacer(block: dict[str, Any], _setting: Setting) -> str:
    return f'<mj-spacer height="{block.get("height", 24)}px"/>'


def _products(block: dict[str, Any], setting: Setting) -> str:
    """Nothing where there are none."""
    mark = setting.tokens.keep
    source = block["from"]
    title = block.get("title", "").strip()
    head = _heading({"text": title}, setting) if title else ""
    label = block.get("button", "").strip()
    go = f'<br /><a href="{mark("{{ item.url }}")}">{escape(label)}</a>' if label else ""
    row = (
        f'<tr><td width="88" style="padding:8px 16px 8px 0;vertical-align:top">{mark("{% if item.image %}")}'
        f'<img src="{mark("{{ item.image }}")}" alt="" width="72" style="display:block;border-radius:6px" />'
        f'{mark("{% endif %}")}</td><td style="padding:8px 0;vertical-align:top"><strong>{mark("{{ item.name }}")}'
        f"</strong><br />{mark('{{ item.price_text }}')}{mark("{% if item.url != '' %}")}{go}{mark('{% endif %}')}"
        "</td></tr>"
    )
    start = mark("{% for item in " + source + " limit: " + str(block.get("most", 3)) + " %}")
    table = (
        f'<mj-table font-size="15px" line-height="1.45"><tbody>{start}{row}{mark("{% endfor %}")}</tbody></mj-table>'
    )
    return f"{mark('{% if ' + source + '.size > 0 %}')}{head}{table}{mark('{% endif %}')}"


def _score(_block: dict[str, Any], setting: Setting) -> str:
    """A link each, which only chooses on the page: programs that look at mails open every link."""
    mark = setting.tokens.keep
    cell = "display:block;padding:9px 0;border-radius:6px;text-decoration:none;font-weight:600;color:#FFFFFF"
    width = 100 // max(len(setting.scale), 1)
    cells = "".join(
        f'<td width="{width}%" style="padding:2px"><a class="m-score" href="{mark("{{ link }}")}?score={score}" '
        f'style="{cell};background-color:{setting.accent}">{score}</a></td>'
        for score in setting.scale
    )
    low, high = (escape(end) for end in setting.ends)
    return (
        f'<mj-table font-size="15px" align="center" padding-bottom="0"><tbody><tr align="center">{cells}</tr></tbody>'
        '</mj-table><mj-table font-size="13px" css-class="m-quiet" color="#626C80" padding-top="4px"><tbody><tr>'
        f'<td align="left">{low}</td><td align="right">{high}</td></tr></tbody></mj-table>'
    )


def _products_text(block: dict[str, Any], _setting: Setting) -> str:
    title = block.get("title", "").strip()
    lines = "- {{ item.name }} {{ item.price_text }}\n{% if item.url != '' %}  {{ item.url }}\n{% endif %}"
    return (
        f"{{% if {block['from']}.size > 0 %}}{title + chr(10) if title else ''}"
        f"{{% for item in {block['from']} limit: {block.get('most', 3)} %}}{lines}{{% endfor %}}{{% endif %}}"
    )


def _score_text(_block: dict[str, Any], setting: Setting) -> str:
    low, high = setting.ends
    first, last = setting.scale[0], setting.scale[-1]
    return f"{first} = {low}, {last} = {high}\n{_('Answer here')}: {{{{ link }}}}"


def _link_text(label: str, url: str) -> str:
    return f"{label.strip()}: {url.strip()}" if url.strip() else label.strip()


_MJML: dict[str, Callable[[dict[str, Any], Setting], str]] = {
    "text": _text,
    "heading": _heading,
    "button": _button,
    "image": _image,
    "products": _products,
    "score": _score,
    "divider": lambda _b, _s: '<mj-divider border-width="1px" border-color="#DFE3E9"/>',
    "spacer": _spacer,
}
_TEXT: dict[str, Callable[[dict[str, Any], Setting], str]] = {
    "text": lambda b, _s: markup.to_text(b["text"]),
    "heading": lambda b, _s: str(b["text"]).strip(),
    "button": lambda b, _s: _link_text(b["label"], b["url"]),
    "image": lambda b, _s: _link_text(b["alt"], b["url"]) if b.get("url", "").strip() else "",
    "products": _products_text,
    "score": _score_text,
    "divider": lambda _b, _s: "----",
    "spacer": lambda _b, _s: "",
}
