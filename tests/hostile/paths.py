"""Every way by which people and clients write text: what is sent, and how it is read back."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.apps import apps
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from tests.factories import CustomerFactory
from tests.journeys.maps import SHOP

JSON = "application/json"
NO_LIMIT = 10**6
type Values = dict[str, str]


@dataclass
class Ground:
    """An admin's client, and the arguments of each URL."""

    client: Client
    kwargs: dict[str, dict[str, Any]]
    now: datetime
    forms: dict[str, Values] = field(default_factory=dict)

    def url(self, name: str) -> str:
        return reverse(name, kwargs=self.kwargs.get(name))

    def page(self, name: str, query: str = "") -> str:
        return self.client.get(self.url(name) + query).content.decode()

    def json(self, name: str, query: str = "") -> Any:
        return self.client.get(self.url(name) + query).json()

    def row(self, model: str, **lookup: Any) -> Any:
        return apps.get_model(model).objects.filter(**lookup).latest("pk")


def squeezed(text: str) -> str:
    """Tags: any white space is one space."""
    return " ".join(text.split())


@dataclass(frozen=True)
class Path:
    """`fields`: how long each may be. `keeps`: what is kept of a text, where that is not the text without white space
    around it. `may_be_empty`: fields that may. `sends` answers the response, `reads` what came of each field."""

    url: str
    fields: dict[str, int]
    sends: Callable[[Ground, Values], HttpResponse]
    reads: Callable[[Ground, HttpResponse], Values]
    may_be_empty: frozenset[str] = frozenset()
    keeps: dict[str, Callable[[str], str]] = field(default_factory=dict)

    @property
    def is_api(self) -> bool:
        return self.url.startswith("api_")

    def kept(self, name: str, text: str) -> str:
        return self.keeps.get(name, str.strip)(text)


def _call(method: str, url: str, body: Callable[[Ground, Values], Any]) -> Callable[[Ground, Values], HttpResponse]:
    def sends(ground: Ground, values: Values) -> HttpResponse:
        return getattr(ground.client, method)(ground.url(url), body(ground, values), content_type=JSON)

    return sends


def _plain(_ground: Ground, values: Values) -> Values:
    return values


def api_path(method: str, url: str, fields: dict[str, int], *, body=_plain, reads=None, **more: Any) -> Path:
    """Unless said otherwise the fields are sent as they are, and read from where they were sent."""

    def read(ground: Ground, _response: HttpResponse) -> Values:
        found = ground.json(url)
        return {name: found[name] for name in fields}

    return Path(url, fields, _call(method, url, body), reads or read, **more)


def of_row(model: str, *names: str) -> Callable[[Ground, HttpResponse], Values]:
    """Where nothing reads it back: the latest row."""
    return lambda ground, _response: {name: getattr(ground.row(model), name) for name in names}


def _first_of(url: str, *names: str) -> Callable[[Ground, HttpResponse], Values]:
    def read(ground: Ground, _response: HttpResponse) -> Values:
        first = ground.json(url)["results"][0]
        return {name: first[name] for name in names}

    return read


def _reads_segment(ground: Ground, response: HttpResponse) -> Values:
    found = ground.client.get(reverse("api_segment_detail", args=[response.json()["id"]])).json()
    return {"name": found["name"], "description": found["description"], "value": found["rule"]["trait"][2]}


def _two(_ground: Ground, values: Values) -> dict[str, Any]:
    return {"other": CustomerFactory(email="").pk, "reason": values["reason"]}


def fresh(ground: Ground, *urls: str) -> None:
    """Somebody whom the call may take away."""
    for url in urls:
        ground.kwargs[url] = {"pk": CustomerFactory(email="").pk}


def _merges(ground: Ground, values: Values) -> HttpResponse:
    fresh(ground, "api_customer_merge")
    return _call("post", "api_customer_merge", _two)(ground, values)


def _erases(ground: Ground, values: Values) -> HttpResponse:
    fresh(ground, "api_customer_erase")
    return _call("post", "api_customer_erase", lambda _g, v: {**v, "confirmation": "erase"})(ground, values)


_JOURNEY = {
    "name": 200,
    "goal": 500,
    "persona": 100,
    "stage": 100,
    "step": 150,
    "feeling": 50,
    "lane": 100,
    "card": 1000,
    "event": 200,
}


def _journey(_ground: Ground, values: Values) -> dict[str, Any]:
    step = {"name": values["step"], "feeling": values["feeling"], "match": [{"event": values["event"]}]}
    return {
        "name": values["name"],
        "goal": values["goal"],
        "persona": values["persona"],
        "stages": [{"name": values["stage"], "kind": "awareness", "steps": [step]}],
        "lanes": [{"kind": "pain", "name": values["lane"]}],
        "cards": [{"step": values["step"].strip(), "lane": values["lane"].strip(), "text": values["card"]}],
    }


def _reads_journey(ground: Ground, response: HttpResponse) -> Values:
    found = ground.client.get(reverse("api_journey_detail", args=[response.json()["id"]])).json()
    stage, card = found["stages"][0], found["cards"][0]
    step = stage["steps"][0]
    assert (card["step"], card["lane"]) == (step["name"], found["lanes"][0]["name"])
    return {
        "name": found["name"],
        "goal": found.get("goal", ""),
        "persona": found.get("persona", ""),
        "stage": stage["name"],
        "step": step["name"],
        "feeling": step.get("feeling", ""),
        "lane": found["lanes"][0]["name"],
        "card": card["text"],
        "event": step["match"][0]["event"],
    }


def _campaign(_ground: Ground, values: Values) -> dict[str, Any]:
    message = {"channel": "email", "topic": "service", "subject": values["subject"], "body": values["body"]}
    return {
        "name": values["name"],
        "journey": SHOP["name"],
        "trigger": {"on": "stage_entered", "stage": "Purchase"},
        "steps": [{"message": message}],
    }


def _reads_campaign(ground: Ground, response: HttpResponse) -> Values:
    listed = {one["id"]: one["name"] for one in ground.json("api_campaign_list")["results"]}
    settings = ground.row("campaigns.Campaign", pk=response.json()["id"]).draft["steps"][0]["message"]
    return {"name": listed[response.json()["id"]], "subject": settings["subject"], "body": settings["body"]}


def no_template(text: str) -> str:
    """What begins a template of Liquid is read when the campaign is imported, and tested elsewhere."""
    return "" if "{{" in text or "{%" in text or not text.strip() else text


def reads_timeline(ground: Ground, _response: HttpResponse) -> Values:
    latest = ground.row("touchpoints.Interaction")
    listed = ground.client.get(reverse("api_customer_timeline", args=[latest.customer_id])).json()["results"]
    found = next(one for one in listed if one["id"] == latest.pk)
    return {"event": found["event"], "note": found["properties"].get("note", "")}


def only(name: str, read: Callable[[Ground, HttpResponse], Values]) -> Callable[[Ground, HttpResponse], Values]:
    return lambda ground, response: {name: read(ground, response)[name]}


def _reads_customer(ground: Ground, _response: HttpResponse) -> Values:
    found = ground.json("api_customer_detail")
    return {"name": found["name"], "tag": (found["tags"] or [""])[0]}


def _reads_company(ground: Ground, response: HttpResponse) -> Values:
    found = ground.client.get(reverse("api_company_detail", args=[response.json()["id"]])).json()
    return {**{name: found[name] for name in ("name", "domain", "external_id")}, "trait": found["traits"]["k"]}


def _company(_ground: Ground, values: Values) -> dict[str, Any]:
    rest = {name: value for name, value in values.items() if name != "trait"}
    return {**rest, "traits": {"k": values["trait"]}}


def _in_a_rule(text: str) -> str:
    """Compared as it is, and never only white space."""
    return text if text.strip() else ""


def _as_it_is(text: str) -> str:
    return text


PUBLIC = "https://93.184.215.14/hook"  # an address that nobody has to look up, and that is never called
NAMED = {"name": 100, "description": 300}
_COMPANY = {"name": 200, "domain": 200, "external_id": 200, "trait": NO_LIMIT}
_MAY = frozenset({"domain", "external_id", "trait"})
SETTINGS = {"name": 200, "postal_address": NO_LIMIT, "sender_name": 200}
_SEGMENT = {"name": 100, "description": 300, "value": NO_LIMIT}
DESCRIBED = frozenset({"description"})

TASK = {"title": 300, "note": 2000}
_CARD = {"text": 1000, "evidence_note": 500}


def _card(ground: Ground) -> Any:
    return ground.row("journeys.Card", key=ground.kwargs["api_card_detail"]["key"])


def _cell(ground: Ground) -> Values:
    card = _card(ground)
    return {"step": card.step.name, "lane": card.lane.name}


def _openly(_ground: Ground, values: Values) -> dict[str, Any]:
    cache.clear()  # of how often this address has answered
    return {"key": str(uuid4()), "score": 5, **values}


_SURVEY = {"name": 100, "question": 300, "comment_label": 200, "thanks": 300, "option": 100,
           "asks": 200, "says": 300, "leads": 60}  # fmt: skip
_SURVEY_MAY = frozenset({"comment_label", "asks", "says", "leads"})


def _survey(_ground: Ground, values: Values) -> dict[str, Any]:
    fields = {name: values[name] for name in ("name", "question", "comment_label", "thanks")}
    row = {"option": values["option"].strip(), "question": values["asks"], "thanks": values["says"]}
    row |= {"url": "https://reviews.example", "url_label": values["leads"]}
    return {**fields, "kind": "choice", "options": [values["option"], "The other option"], "by_answer": [row]}


def _of_survey(found: dict[str, Any]) -> Values:
    row = found["by_answer"][0]
    fields = {name: found[name] for name in ("name", "question", "comment_label", "thanks")}
    said = {"asks": row.get("question", ""), "says": row.get("thanks", ""), "leads": row.get("url_label", "")}
    return {**fields, **said, "option": found["options"][0]}


API: list[Path] = [
    api_path(
        "post",
        "api_topic_list",
        NAMED,
        reads=of_row("customers.Topic", "name", "description"),
        may_be_empty=DESCRIBED,
    ),
    api_path("patch", "api_topic_detail", NAMED, may_be_empty=DESCRIBED),
    api_path(
        "post",
        "api_task_list",
        TASK,
        body=lambda g, v: {"customer": g.kwargs["task_create"]["pk"], **v},
        reads=of_row("desk.Task", "title", "note"),
        may_be_empty=frozenset({"note"}),
    ),
    api_path("patch", "api_task_detail", TASK, may_be_empty=frozenset({"note"})),
    api_path(
        "post",
        "api_card_list",
        _CARD,
        body=lambda g, v: {**_cell(g), **v},
        reads=of_row("journeys.Card", "text", "evidence_note"),
        may_be_empty=frozenset({"evidence_note"}),
    ),
    api_path(
        "patch",
        "api_card_detail",
        _CARD,
        body=lambda g, v: {"revision": _card(g).revision, **v},
        reads=lambda g, _r: {name: getattr(_card(g), name) for name in _CARD},
        may_be_empty=frozenset({"evidence_note"}),
    ),
    api_path(
        "post",
        "api_comment_list",
        {"text": 2000},
        body=lambda g, v: {"card": str(g.kwargs["card_comments"]["key"]), **v},
        reads=of_row("journeys.Comment", "text"),
    ),
    api_path("post", "api_share_link_list", {"name": 100}, reads=of_row("journeys.ShareLink", "name")),
    api_path(
        "patch",
        "api_customer_detail",
        {"name": 300, "tag": 50},
        reads=_reads_customer,
        keeps={"tag": squeezed},
        body=lambda _g, v: {"name": v["name"], "tags": [v["tag"]]},
        may_be_empty=frozenset({"name"}),
    ),
    api_path(
        "post",
        "api_company_list",
        _COMPANY,
        body=_company,
        reads=_reads_company,
        may_be_empty=_MAY,
        keeps={"trait": _as_it_is},
    ),
    api_path(
        "patch",
        "api_company_detail",
        _COMPANY,
        body=_company,
        reads=_reads_company,
        may_be_empty=_MAY,
        keeps={"trait": _as_it_is},
    ),
    api_path(
        "post",
        "api_company_members",
        {"role": 50},
        may_be_empty=frozenset({"role"}),
        body=lambda g, v: {"customer": g.kwargs["customer_edit"]["pk"], **v},
        reads=_first_of("api_company_members", "role"),
    ),
    api_path(
        "post",
        "api_customer_consents",
        {"evidence": 500},
        may_be_empty=frozenset({"evidence"}),
        body=lambda _g, v: {"channel": "email", "topic": "news", "choice": "in", **v},
        keeps={"evidence": _as_it_is},
        reads=of_row("customers.Consent", "evidence"),
    ),
    api_path(
        "post",
        "api_customer_stage",
        {"note": 500},
        may_be_empty=frozenset({"note"}),
        body=lambda _g, v: {"journey": SHOP["name"], "stage": "Purchase", **v},
        reads=only("note", reads_timeline),
    ),
    api_path(
        "post",
        "api_segment_list",
        _SEGMENT,
        reads=_reads_segment,
        may_be_empty=DESCRIBED | {"value"},
        keeps={"value": _as_it_is},
        body=lambda _g, v: {
            "name": v["name"],
            "description": v["description"],
            "rule": {"trait": ["plan", "=", v["value"]]},
        },
    ),
    api_path("patch", "api_segment_detail", NAMED, may_be_empty=DESCRIBED),
    api_path(
        "post",
        "api_segment_preview",
        {"value": NO_LIMIT},
        keeps={"value": _as_it_is},
        may_be_empty=frozenset({"value"}),
        body=lambda _g, v: {"rule": {"trait": ["plan", "=", v["value"]]}},
        reads=lambda _g, r: {"value": r.json()["sentence"].removeprefix("plan is “").removesuffix("”")},
    ),
    api_path(
        "patch",
        "api_touchpoint_detail",
        {"name": 100, "description": 500, "event": 200, "utm_source": 200},
        may_be_empty=DESCRIBED,
        body=lambda _g, v: {
            "name": v["name"],
            "description": v["description"],
            "rules": [{"event": v["event"], "utm_source": v["utm_source"]}],
        },
        reads=lambda g, r: {
            "name": r.json()["name"],
            "description": r.json()["description"],
            **g.json("api_touchpoint_detail")["rules"][0],
        },
    ),
    api_path(
        "post",
        "api_touchpoint_list",
        {"name": 100, "description": 500},
        may_be_empty=DESCRIBED,
        body=lambda _g, v: {**v, "channel": "store"},
        reads=of_row("touchpoints.Touchpoint", "name", "description"),
    ),
    api_path(
        "post",
        "api_review_reply",
        {"reply": 10_000},
        may_be_empty=frozenset({"reply"}),
        reads=_first_of("api_review_list", "reply"),
    ),
    api_path(
        "post",
        "api_survey_list",
        _SURVEY,
        body=_survey,
        reads=lambda _g, r: _of_survey(r.json()),
        may_be_empty=_SURVEY_MAY,
    ),
    api_path(
        "patch",
        "api_survey_detail",
        _SURVEY,
        body=_survey,
        reads=lambda _g, r: _of_survey(r.json()),
        may_be_empty=_SURVEY_MAY,
    ),
    api_path(
        "post",
        "survey_open_answer",
        {"comment": 4000},
        body=_openly,
        reads=of_row("feedback.Response", "comment"),
        may_be_empty=frozenset({"comment"}),
    ),
    api_path(
        "post",
        "api_journey_import",
        _JOURNEY,
        body=_journey,
        reads=_reads_journey,
        keeps={"event": _in_a_rule},
        may_be_empty=frozenset({"goal", "persona", "feeling"}),
    ),
    api_path(
        "post",
        "api_campaign_import",
        {"name": 200, "subject": 500, "body": NO_LIMIT},
        body=_campaign,
        reads=_reads_campaign,
        keeps={"subject": no_template, "body": no_template},
    ),
    api_path(
        "post",
        "api_endpoint_list",
        {"name": 100},
        body=lambda _g, v: {**v, "url": PUBLIC},
        reads=of_row("campaigns.Endpoint", "name"),
    ),
    api_path("patch", "api_endpoint_detail", {"name": 100}),
    api_path("patch", "api_settings", SETTINGS, may_be_empty=frozenset({"postal_address", "sender_name"})),
    api_path(
        "post",
        "api_department_list",
        NAMED,
        reads=of_row("staff.Department", "name", "description"),
        may_be_empty=DESCRIBED,
    ),
    Path("api_customer_merge", {"reason": 300}, _merges, _first_of("api_merge_list", "reason")),
    Path("api_customer_erase", {"reason": 300}, _erases, _first_of("api_erasure_list", "reason")),
]
