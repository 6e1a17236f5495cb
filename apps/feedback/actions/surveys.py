"""A survey's life: saved, duplicated, opened to anybody, archived. Its answers keep their own question and scale."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.core import registry
from apps.feedback import by_answer
from apps.feedback.enums import SurveyKind
from apps.feedback.models import Survey
from apps.touchpoints.enums import Channel

MAX_OPTIONS, MAX_OPTION = 20, 100


class SurveyError(ValueError):
    """It cannot be saved so; `field` says where to look, `number` in which row of `by_answer`."""

    def __init__(self, text: str, field: str = "", number: int = 0) -> None:
        super().__init__(text)
        self.field, self.number = field, number


class Fixed(SurveyError):
    """There are answers on the old scale, or campaigns that ask by the old name."""


@transaction.atomic
def save(*, survey: Survey) -> Survey:
    """Checks what no single field can say. Raises SurveyError."""
    kind = SurveyKind(survey.kind)
    _check_fixed(survey)
    survey.options = read_options(survey.options) if kind is SurveyKind.CHOICE else []
    survey.takes_several = survey.takes_several and kind is SurveyKind.CHOICE
    try:
        survey.by_answer = by_answer.read(survey.by_answer, kind=kind, options=survey.options)
    except by_answer.ByAnswerError as error:
        raise SurveyError(str(error), "by_answer", error.number) from error
    survey.save()
    return survey


def _check_fixed(survey: Survey) -> None:
    stored = Survey.objects.select_for_update(of=("self",), no_key=True).filter(pk=survey.pk).first()
    if stored is not None and stored.kind != survey.kind and stored.responses.exists():
        words = {"kind": stored.get_kind_display()}
        text = _("There are answers to it as %(kind)s, and two scales make no figure. Duplicate the survey instead.")
        raise Fixed(text % words, "kind")
    if stored is not None and stored.name != survey.name:
        holders = [holder for find in registry.survey_uses for holder in find(stored.name)]
        if holders:
            said = _("Its name must stay “%(name)s”, because these ask by it: %(holders)s.")
            raise Fixed(said % {"name": stored.name, "holders": ", ".join(holders)}, "name")


def read_options(options: Any) -> list[str]:
    """Two or more different texts. Raises SurveyError."""
    if not isinstance(options, list) or not all(isinstance(one, str) and "\x00" not in one for one in options):
        raise SurveyError(_("Give a list of texts."), "options")
    found = [one.strip() for one in options if one.strip()]
    if not 2 <= len(found) <= MAX_OPTIONS:
        raise SurveyError(_("Give 2 to %(most)s options, one a line.") % {"most": MAX_OPTIONS}, "options")
    if len(set(found)) < len(found):
        raise SurveyError(_("An option stands there twice."), "options")
    if max(map(len, found)) > MAX_OPTION:
        raise SurveyError(_("An option may have %(most)s characters.") % {"most": MAX_OPTION}, "options")
    return found


_COPIED = ["kind", "question", "options", "takes_several", "comment_label", "thanks", "case_owner_id",
           "case_due_hours", "by_answer", "open_channel"]  # fmt: skip


@transaction.atomic
def duplicate(*, survey: Survey) -> Survey:
    """The same questions under a new name, without answers, closed to the public."""
    fields = {name: getattr(survey, name) for name in _COPIED}
    return Survey.objects.create(name=_free_name(survey.name), **fields)


def _free_name(name: str) -> str:
    number = 2
    while Survey.objects.filter(name=(found := f"{name[:90]} ({number})")).exists():
        number += 1
    return found


@transaction.atomic
def archive(*, survey: Survey, now: datetime) -> None:
    """Closes the open link and takes it off the lists; answers stay, and links already sent still take one."""
    Survey.objects.filter(pk=survey.pk, archived_at=None).update(archived_at=now, is_open=False)


@transaction.atomic
def restore(*, survey: Survey) -> None:
    Survey.objects.filter(pk=survey.pk).update(archived_at=None)


@transaction.atomic
def open_to_all(*, survey: Survey, is_open: bool, channel: Channel) -> None:
    """Switches the open link. An archived survey stays closed."""
    is_open = is_open and survey.archived_at is None
    Survey.objects.filter(pk=survey.pk).update(is_open=is_open, open_channel=channel)
