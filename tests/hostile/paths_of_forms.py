"""The forms: each is filled in and sent as a browser does it."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from django.apps import apps
from django.core.cache import cache
from django.http import HttpResponse

from apps.core.models import CompanySettings
from apps.customers.models import Customer, Persona
from apps.journeys.models import Comment, Step
from apps.journeys.wire import SCOPE
from tests.factories import CustomerFactory
from tests.hostile.forms import form_with
from tests.hostile.paths import (
    DESCRIBED,
    NAMED,
    NO_LIMIT,
    PUBLIC,
    SETTINGS,
    TASK,
    Ground,
    Path,
    Values,
    fresh,
    no_template,
    of_row,
    only,
    reads_timeline,
    squeezed,
)
from tests.journeys.maps import SHOP


def _form(url: str, fields: dict[str, int], *, reads=None, before=None, extra=None, at="", **more: Any) -> Path:
    """The page's form, filled in and sent as a browser does; read from the same page unless said otherwise. `at`: the
    page where the form stands, where that is another."""
    first = next(iter(fields))

    def sends(ground: Ground, values: Values) -> HttpResponse:
        if before is not None:
            before(ground)
        if before is not None or url not in ground.forms:
            ground.forms[url] = form_with(ground.page(at or url), first, url).values
        return ground.client.post(ground.url(url), {**ground.forms[url], **(extra(ground) if extra else {}), **values})

    def read(ground: Ground, _response: HttpResponse) -> Values:
        found = form_with(ground.page(at or url), first, url).values
        return {name: found[name] for name in fields}

    return Path(url, fields, sends, reads or read, **more)


def _tagged(ground: Ground, _response: HttpResponse) -> Values:
    found = Customer.objects.get(pk=ground.kwargs["customer_tag"]["pk"]).tags
    return {"add": found[-1] if found else ""}


def _tags(ground: Ground, values: Values) -> HttpResponse:
    """As the page does it; without its script a refusal comes as a toast after going back."""
    Customer.objects.update(tags=[])
    return ground.client.post(ground.url("customer_tag"), values, headers={"HX-Request": "true", "HX-Target": "tags"})


def _member_of(ground: Ground) -> dict[str, Any]:
    return {"who": CustomerFactory().email}


def _someone(*urls: str) -> Callable[[Ground], None]:
    return lambda ground: fresh(ground, *urls)


def _pair(ground: Ground) -> None:
    one, other = CustomerFactory(email=""), CustomerFactory(email="")
    ground.kwargs["merge_confirm"] = {"pk": one.pk, "other": other.pk}


def _invited(ground: Ground) -> dict[str, str]:
    return {"email": f"someone{ground.row('staff.Invite').pk}@staff.example"}


_RULE = {"rule.join": "all", "rule.0.is": "tagged"}


def _a_stage(ground: Ground) -> str:
    journey = ground.row("journeys.Journey", name=SHOP["name"])
    return f"{journey.pk}:{journey.current_version.snapshot['stages'][2]['key']}"


def _of_touchpoint(row: Any) -> Values:
    first = row.rules[0] if row.rules else {}
    return {"name": row.name, "description": row.description, "rule-0-event": first.get("event", "")}


_SURVEY = {"name": 100, "question": 300, "comment_label": 200, "thanks": 300}
_ROW = {"row-0-question": 200, "row-0-thanks": 300, "row-0-url_label": 60}


def _of_survey(row: Any) -> Values:
    first = row.by_answer[0]
    return {
        **{name: getattr(row, name) for name in _SURVEY},
        **{name: first.get(name.removeprefix("row-0-"), "") for name in _ROW},
    }


def _reopen(ground: Ground) -> None:
    apps.get_model("feedback.Case").objects.update(closed_at=None, closed_by=None)


def _file(ground: Ground) -> None:
    """An import whose columns are not named yet."""
    job = apps.get_model("core.Job").objects.get(pk=ground.kwargs["import_mapping"]["pk"])
    job.params |= {"phase": "mapping"}
    job.state, job.due_at = "queued", ground.now
    job.save()
    apps.get_model("core.ColumnMapping").objects.all().delete()


def _nothing(_ground: Ground) -> None:
    """The form anew each time: it carries the revision along."""


def _event_of_the_rule(ground: Ground, _response: HttpResponse) -> Values:
    match = ground.row("journeys.Step", pk=ground.kwargs["step_rule"]["step"]).match
    return {"rule.0.event": match[0]["event"] if match else ""}


def _of_the_guest(ground: Ground, _response: HttpResponse) -> Values:
    comment = ground.row("journeys.Comment")
    return {"name": comment.guest_name, "text": comment.text}


def _step(ground: Ground) -> Any:
    return ground.row("campaigns.Campaign", pk=ground.kwargs["step_message"]["pk"])


def _with_room(_ground: Ground) -> None:
    """A guest may write so many comments a minute, and a link takes so many."""
    cache.clear()
    Comment.objects.exclude(link=None).delete()


def _without_tones(ground: Ground) -> None:
    campaign = _step(ground)
    campaign.draft["steps"][0]["message"].pop("tones", None)
    campaign.save()


def _of_the_step(*names: str) -> Callable[[Ground, HttpResponse], Values]:
    def read(ground: Ground, _response: HttpResponse) -> Values:
        said = _step(ground).draft["steps"][0]["message"]
        return {name: said[name] for name in names}

    return read


def _of_the_tone(ground: Ground, _response: HttpResponse) -> Values:
    return {"name": _step(ground).draft["steps"][0]["message"]["tones"][-1]["name"]}


def _words(text: str) -> str:
    """Browsers write each end of a line as two signs; one is kept."""
    return no_template(text).replace("\r\n", "\n")


def _snippet(text: str) -> str:
    return no_template(text).strip()


_STEP = {"op": "save", "mode": "body", "topic": "service", "channel": "email"}

FORMS: list[Path] = [
    _form("campaign_create", {"name": 200}, reads=of_row("campaigns.Campaign", "name")),
    _form("topic_create", NAMED, reads=of_row("customers.Topic", "name", "description"), may_be_empty=DESCRIBED),
    _form("topic_edit", NAMED, may_be_empty=DESCRIBED),
    _form("task_create", TASK, reads=of_row("desk.Task", "title", "note"), may_be_empty=frozenset({"note"})),
    _form("task_edit", TASK, may_be_empty=frozenset({"note"})),
    _form(
        "sender_settings",
        {"sender_name": 200, "postal_address": NO_LIMIT},
        may_be_empty=frozenset({"sender_name", "postal_address"}),
    ),
    _form(
        "step_message",
        {"subject": 500, "body": 64 * 1024},
        before=_nothing,
        extra=lambda _g: _STEP,
        reads=_of_the_step("subject", "body"),
        keeps={"subject": _words, "body": _words},
    ),
    _form(
        "step_message_variant",
        {"name": 60},
        at="step_message",
        before=_without_tones,
        extra=lambda _g: {"op": "tone", "trait": "plan", "value": "gold"},
        reads=_of_the_tone,
    ),
    _form("step_message_template", {"name": 100}, at="step_message", reads=of_row("campaigns.Template", "name")),
    _form("brand_edit", {"footer": 1000}, may_be_empty=frozenset({"footer"})),
    _form(
        "snippet_create",
        {"text": 20_000},
        extra=lambda _g: {"name": uuid4().hex},
        reads=of_row("campaigns.Snippet", "text"),
        keeps={"text": _snippet},
    ),
    _form("snippet_edit", {"text": 20_000}, keeps={"text": _snippet}),
    _form("part_create", {"name": 100}, reads=of_row("journeys.Lane", "name")),
    _form(
        "part_edit", {"text": 1000, "evidence_note": 500}, before=_nothing, may_be_empty=frozenset({"evidence_note"})
    ),
    _form("journey_scope", SCOPE, before=_nothing, may_be_empty=frozenset(SCOPE)),
    _form(
        "journey_create",
        {"name": 200},
        extra=lambda _g: {"start": "empty"},
        reads=of_row("journeys.Journey", "name"),
    ),
    _form(
        "step_rule",
        {"rule.0.event": 200},
        before=lambda g: Step.objects.filter(pk=g.kwargs["step_rule"]["step"]).update(match=[{"event": "x"}]),
        reads=_event_of_the_rule,
        may_be_empty=frozenset({"rule.0.event"}),
    ),
    _form("card_comments", {"text": 2000}, reads=of_row("journeys.Comment", "text")),
    _form("share_links", {"name": 100}, reads=of_row("journeys.ShareLink", "name")),
    _form("map_shared_card", {"name": 100, "text": 2000}, reads=_of_the_guest, before=_with_room),
    _form(
        "segment_create",
        NAMED,
        extra=lambda _g: {"rule.join": "all", "rule.0.is": "tagged", "rule.0.value": "x"},
        reads=of_row("customers.Segment", "name", "description"),
        may_be_empty=DESCRIBED,
    ),
    _form("segment_edit", NAMED, may_be_empty=DESCRIBED),
    _form(
        "persona_rule",
        {"rule.0.value": 200},
        may_be_empty=frozenset({"rule.0.value"}),
        extra=lambda _g: _RULE,
        before=lambda _g: Persona.objects.update(rule={"tagged": "x"}),
    ),
    _form(
        "conversion_rule",
        {"rule.0.value": 200},
        may_be_empty=frozenset({"rule.0.value"}),
        extra=lambda _g: _RULE,
        before=lambda _g: CompanySettings.objects.update_or_create(pk=1, defaults={"conversion_rule": {"tagged": "x"}}),
    ),
    _form("customer_edit", {"name": 300}, may_be_empty=frozenset({"name"})),
    Path("customer_tag", {"add": 50}, _tags, _tagged, frozenset({"add"}), keeps={"add": squeezed}),
    _form(
        "customer_company",
        {"role": 50},
        extra=lambda _g: {"company": "Acme"},
        may_be_empty=frozenset({"role"}),
        reads=of_row("customers.CompanyMember", "role"),
    ),
    _form(
        "company_create",
        {"name": 200, "domain": 200},
        reads=of_row("customers.Company", "name", "domain"),
        may_be_empty=frozenset({"domain"}),
    ),
    _form(
        "company_edit",
        {"name": 200, "domain": 200, "external_id": 200},
        may_be_empty=frozenset({"domain", "external_id"}),
    ),
    _form(
        "company_member_add",
        {"role": 50},
        at="company_detail",
        extra=_member_of,
        reads=of_row("customers.CompanyMember", "role"),
        may_be_empty=frozenset({"role"}),
    ),
    _form("interaction_log", {"event": 200, "note": 2000}, reads=reads_timeline, may_be_empty=frozenset({"note"})),
    _form(
        "stage_set",
        {"note": 500},
        reads=only("note", reads_timeline),
        may_be_empty=frozenset({"note"}),
        extra=lambda g: {"stage": _a_stage(g)},
    ),
    _form(
        "customer_consents",
        {"evidence": 500},
        extra=lambda _g: {"nothing_more": "on"},
        reads=of_row("customers.Consent", "evidence"),
    ),
    _form("merge_confirm", {"reason": 300}, before=_pair, reads=of_row("customers.Merge", "reason")),
    _form(
        "customer_erase",
        {"reason": 300},
        before=_someone("customer_erase"),
        extra=lambda _g: {"confirmation": "erase"},
        reads=of_row("customers.Erasure", "reason"),
    ),
    _form(
        "touchpoint_create",
        {"name": 100, "description": 500, "rule-0-event": 200},
        extra=lambda _g: {"channel": "store", "op": "save"},
        may_be_empty=DESCRIBED | {"rule-0-event"},
        reads=lambda g, _r: _of_touchpoint(g.row("touchpoints.Touchpoint")),
    ),
    _form(
        "touchpoint_edit",
        {"name": 100, "description": 500, "rule-0-event": 200, "rule-0-utm_campaign": 200},
        extra=lambda _g: {"op": "save"},
        may_be_empty=DESCRIBED | {"rule-0-event", "rule-0-utm_campaign"},
    ),
    _form("source_create", {"name": 100}, reads=of_row("touchpoints.Source", "name")),
    _form(
        "case_detail",
        {"root_cause": 500, "action_taken": 500},
        before=_reopen,
        reads=of_row("feedback.Case", "root_cause", "action_taken"),
    ),
    _form("review_detail", {"reply": 10_000}, may_be_empty=frozenset({"reply"})),
    _form(
        "survey_create",
        {**_SURVEY, **_ROW},
        extra=lambda _g: {"op": "save", "row-0-low": "0", "row-0-high": "6", "row-0-url": "https://r.example"},
        reads=lambda g, _r: _of_survey(g.row("feedback.Survey")),
        may_be_empty=frozenset({"comment_label", *_ROW}),
    ),
    _form(
        "survey_edit",
        {**_SURVEY, **_ROW},
        extra=lambda _g: {"op": "save"},
        may_be_empty=frozenset({"comment_label", *_ROW}),
    ),
    _form(
        "survey_open",
        {"comment": 4000},
        before=lambda _g: cache.clear(),
        extra=lambda _g: {"score": "4"},
        may_be_empty=frozenset({"comment"}),
    ),
    _form(
        "response_enter",
        {"comment": 4000},
        extra=lambda _g: {"score": "9"},
        reads=of_row("feedback.Response", "comment"),
        may_be_empty=frozenset({"comment"}),
    ),
    _form("survey", {"comment": 4000}, extra=lambda _g: {"score": "9"}, may_be_empty=frozenset({"comment"})),
    _form("company_settings", SETTINGS, may_be_empty=frozenset({"postal_address", "sender_name"})),
    _form("staff_detail", {"name": 200}),
    _form(
        "staff_invite",
        {"name": 200},
        extra=_invited,
        reads=of_row("staff.Invite", "name"),
        may_be_empty=frozenset({"name"}),
    ),
    _form("account", {"name": 200}),
    _form("department_list", NAMED, reads=of_row("staff.Department", "name", "description"), may_be_empty=DESCRIBED),
    _form("department_detail", NAMED, may_be_empty=DESCRIBED),
    _form(
        "endpoint_create",
        {"name": 100},
        extra=lambda _g: {"url": PUBLIC, "shape": "standard"},
        reads=of_row("campaigns.Endpoint", "name"),
    ),
    _form("endpoint_edit", {"name": 100}),
    _form("key_create", {"name": 100}, extra=lambda _g: {"scopes": "read"}, reads=of_row("staff.ApiKey", "name")),
    _form(
        "import_mapping",
        {"name": 100},
        before=_file,
        may_be_empty=frozenset({"name"}),
        reads=of_row("core.ColumnMapping", "name"),
    ),
]
