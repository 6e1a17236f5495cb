"""What several messages share: the brand, pictures, snippets, saved messages."""

import hashlib
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.campaigns import contents
from apps.campaigns.models import Brand, MailImage, Snippet, Template
from apps.journeys.actions import images

_OF_ONE_STEP = {"topic", "survey", "sites"}


class WordingError(ValueError):
    """The text says what to mend."""


def keep_picture(*, content: bytes) -> MailImage:
    """As images.keep, for messages. Raises images.NotAPicture."""
    encoded, content_type, (width, height) = images.encoded_anew(content)
    digest = hashlib.sha256(encoded).hexdigest()
    found, _made = MailImage.objects.get_or_create(
        digest=digest,
        defaults={"content": encoded, "content_type": content_type, "width": width, "height": height},
    )
    return found


def save_brand(*, brand: Brand) -> None:
    brand.pk = 1
    brand.save()
    contents.forget_cached()


def save_snippet(*, snippet: Snippet) -> None:
    """Messages that name it say the new text from now on, those of running campaigns too."""
    try:
        contents.check_template(snippet.text, "text")
    except contents.ContentError as error:
        raise WordingError(str(error)) from error
    _save(snippet)
    contents.forget_cached()


def delete_snippet(*, snippet: Snippet) -> None:
    snippet.delete()
    contents.forget_cached()


def save_template(*, name: str, settings: dict[str, Any]) -> Template:
    """What a message says, under a name; the one of that name is replaced."""
    kept = {key: value for key, value in settings.items() if key not in _OF_ONE_STEP}
    template, _made = Template.objects.update_or_create(name=name, defaults={"settings": kept})
    return template


def begun_from(*, template: Template, settings: dict[str, Any]) -> dict[str, Any]:
    """The settings of a step with the words of a saved message."""
    return {**{key: value for key, value in settings.items() if key in _OF_ONE_STEP}, **template.settings}


def _save(row: Snippet) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise WordingError(_("There is another of that name.")) from error
