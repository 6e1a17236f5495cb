"""The steps of a campaign as text: each an object with its kind, and a key that stays the same while it is edited."""

import uuid
from collections.abc import Callable
from typing import Any

from apps.campaigns import checking, contents
from apps.campaigns.checking import CampaignError
from apps.campaigns.enums import StepKind, Way
from apps.campaigns.models import Endpoint
from apps.campaigns.program import StepText, WayText
from apps.campaigns.timing import TimingError, check_wait
from apps.core import registry
from apps.customers.models import Topic
from apps.feedback.models import ReviewSite, Survey

MOST_STEPS = 200
MOST_WAYS = 10
_DEPTH = 8
_DEFAULT_TOPIC = {StepKind.MESSAGE: None, StepKind.SURVEY: "feedback", StepKind.REVIEW_REQUEST: "feedback"}


def read(data: Any, where: str = "", *, depth: int = 0) -> list[StepText]:
    if depth > _DEPTH:
        raise CampaignError(f"Branches are nested more than {_DEPTH} levels deep.")
    if not isinstance(data, list):
        raise CampaignError(f"{where or 'The campaign'}: steps must be a list.")
    return [_step(one, f"{where}Step {number}", depth) for number, one in enumerate(data, 1)]


def _step(data: Any, where: str, depth: int) -> StepText:
    kinds = [name for name in data if name != "key"] if isinstance(data, dict) else []
    if len(kinds) != 1 or kinds[0] not in StepKind.values:
        raise CampaignError(f"{where} must be an object with one of: {', '.join(StepKind.values)}.")
    kind = StepKind(kinds[0])
    step = StepText(_key(data.get("key"), where), kind, data[kind.value])
    _READERS[kind](step, f"{where} ({kind.value})", depth)
    return step


def _key(value: Any, where: str) -> str:
    if value is None:
        return str(uuid.uuid4())
    try:
        return str(uuid.UUID(value))
    except (TypeError, ValueError, AttributeError) as error:
        raise CampaignError(f"{where}: key must be a UUID; leave it out for a new step.") from error


def _wait(step: StepText, where: str, depth: int) -> None:
    settings = step.settings
    if isinstance(settings, dict) and "for" in settings:
        checking.only(settings, {"for", "at_most", "else"}, where)
        if not checking.rule(settings["for"], f"{where}: for"):
            raise CampaignError(f"{where}: for needs a rule that says what is waited for.")
        late = read(settings.get("else", []), f"{where}, else, ", depth=depth + 1)
        step.ways = [WayText("happened", []), WayText("timed out", late)]
        step.settings = {"for": settings["for"], "at_most": settings.get("at_most")}
    try:
        check_wait({key: value for key, value in step.settings.items() if key != "for"} if step.ways else settings)
    except TimingError as error:
        raise CampaignError(f"{where}: {error}") from error


def _branch(step: StepText, where: str, depth: int) -> None:
    checking.only(step.settings, {"ways", "else"}, where)
    ways = _list_of_ways(step.settings, where)
    for number, way in enumerate(ways, 1):
        here = f"{where}, way {number}"
        checking.only(way, {"name", "rule", "steps"}, here)
        rule = checking.rule(way.get("rule"), here)
        if not rule:
            raise CampaignError(f"{here} needs a rule; who fits none goes by else.")
        steps = read(way.get("steps", []), f"{here}, ", depth=depth + 1)
        step.ways.append(WayText(_name(way, number, here), steps, rule=rule))
    rest = read(step.settings.get("else", []), f"{where}, else, ", depth=depth + 1)
    step.ways.append(WayText("else", rest))
    step.settings = {}


def _split(step: StepText, where: str, depth: int) -> None:
    checking.only(step.settings, {"ways"}, where)
    ways = _list_of_ways(step.settings, where)
    for number, way in enumerate(ways, 1):
        here = f"{where}, way {number}"
        checking.only(way, {"name", "percent", "steps"}, here)
        percent = checking.number(way.get("percent"), f"{here}: percent", least=0, most=100)
        steps = read(way.get("steps", []), f"{here}, ", depth=depth + 1)
        step.ways.append(WayText(_name(way, number, here), steps, percent=percent))
    if abs(sum(way.percent or 0 for way in step.ways) - 100) > 0.01:
        raise CampaignError(f"{where}: the percents of the ways must add up to 100.")
    step.settings = {}


def _list_of_ways(settings: dict[str, Any], where: str) -> list[Any]:
    ways = settings.get("ways")
    if not isinstance(ways, list) or not 1 <= len(ways) <= MOST_WAYS:
        raise CampaignError(f"{where}: ways must be a list of 1 to {MOST_WAYS}.")
    return ways


def _name(way: dict[str, Any], number: int, where: str) -> str:
    return checking.text(way, "name", where) if "name" in way else chr(64 + number)


def _sending(step: StepText, where: str, depth: int) -> None:
    settings = step.settings
    if not isinstance(settings, dict):
        raise CampaignError(f"{where} must be an object.")
    way = settings.get("channel", Way.EMAIL.value)
    if way not in Way.values or not Way(way).reaches_people:
        known = ", ".join(one.value for one in Way if one.reaches_people)
        raise CampaignError(f"{where}: channel {way!r} is not supported. Use one of: {known}.")
    step.topic = _topic(settings, step.kind, where)
    try:
        contents.check(step.kind, settings)
    except contents.ContentError as error:
        raise CampaignError(f"{where}: {error}") from error
    _check_names(step.kind, settings, where)


def _topic(settings: dict[str, Any], kind: StepKind, where: str) -> Topic:
    key = settings.get("topic", _DEFAULT_TOPIC[kind])
    topic = Topic.objects.filter(key=key).first() if isinstance(key, str) and "\x00" not in key else None
    if topic is None:
        known = ", ".join(Topic.objects.order_by("key").values_list("key", flat=True))
        raise CampaignError(f"{where}: there is no topic {key!r}. Known are: {known}.")
    return topic


def _check_names(kind: StepKind, settings: dict[str, Any], where: str) -> None:
    if kind is StepKind.SURVEY and not settings.get("survey"):
        raise CampaignError(f"{where}: choose a survey.")
    if kind is StepKind.SURVEY and not _there(Survey, settings.get("survey")):
        raise CampaignError(f"{where}: there is no survey {settings.get('survey')!r}.")
    if kind is StepKind.REVIEW_REQUEST:
        sites = settings.get("sites")
        if not sites:
            raise CampaignError(f"{where}: choose a review site or more. An admin adds them.")
        if not isinstance(sites, list):
            raise CampaignError(f"{where}: sites must be a list of review sites.")
        for site in sites:
            if not _there(ReviewSite, site):
                raise CampaignError(f"{where}: there is no review site {site!r}. Add it in the admin first.")


def _there(model: Any, name: Any) -> bool:
    return isinstance(name, str) and "\x00" not in name and bool(model.objects.filter(name=name).exists())


def _task(step: StepText, where: str, depth: int) -> None:
    """What a task can say is known to the app that keeps tasks."""
    keeper = registry.campaign_steps.get(step.kind.value)
    if keeper is None:
        raise CampaignError(f"{where}: nobody keeps tasks here.")
    try:
        keeper.check(step.settings)
    except ValueError as error:
        raise CampaignError(f"{where}: {error}") from error


def _update(step: StepText, where: str, depth: int) -> None:
    checking.only(step.settings, {"set", "add_tags", "remove_tags"}, where)
    traits = step.settings.get("set", {})
    if not isinstance(traits, dict) or not all(_is_plain(name, value) for name, value in traits.items()):
        raise CampaignError(f"{where}: set names traits with a text, a number, true or false each.")
    for name in ("add_tags", "remove_tags"):
        tags = step.settings.get(name, [])
        if not isinstance(tags, list) or not all(isinstance(tag, str) and 0 < len(tag) <= 50 for tag in tags):
            raise CampaignError(f"{where}: {name} is a list of tags of at most 50 characters.")
    if not any(step.settings.get(name) for name in ("set", "add_tags", "remove_tags")):
        raise CampaignError(f"{where}: say what to change: set, add_tags or remove_tags.")


def _is_plain(name: Any, value: Any) -> bool:
    is_text = isinstance(value, str) and len(value) <= 1000 and "\x00" not in value
    is_name = isinstance(name, str) and 0 < len(name) <= 100 and "\x00" not in name
    return is_name and name not in {"email", "phone"} and (is_text or isinstance(value, int | float | bool))


def _webhook(step: StepText, where: str, depth: int) -> None:
    checking.only(step.settings, {"endpoint", "text"}, where)
    if not step.settings.get("endpoint"):
        raise CampaignError(f"{where}: choose an endpoint. An admin makes it under Settings.")
    if not _there(Endpoint, step.settings.get("endpoint")):
        raise CampaignError(
            f"{where}: there is no endpoint {step.settings.get('endpoint')!r}. An admin makes it under Settings."
        )
    if "text" in step.settings:
        try:
            contents.check_template(checking.text(step.settings, "text", where), "text")
        except contents.ContentError as error:
            raise CampaignError(f"{where}: {error}") from error


def _exit(step: StepText, where: str, depth: int) -> None:
    checking.only(step.settings, {"reason"}, where)
    if "reason" in step.settings and len(checking.text(step.settings, "reason", where)) > 100:
        raise CampaignError(f"{where}: reason may have at most 100 characters.")


_READERS: dict[StepKind, Callable[[StepText, str, int], None]] = {
    StepKind.WAIT: _wait,
    StepKind.BRANCH: _branch,
    StepKind.SPLIT: _split,
    StepKind.MESSAGE: _sending,
    StepKind.SURVEY: _sending,
    StepKind.REVIEW_REQUEST: _sending,
    StepKind.TASK: _task,
    StepKind.UPDATE: _update,
    StepKind.WEBHOOK: _webhook,
    StepKind.EXIT: _exit,
}
