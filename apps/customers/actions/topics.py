from typing import Any

from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from apps.customers.enums import TopicDefault
from apps.customers.models import Topic

# Topics that messages may count on; a company adds its own.
BUILT_IN = {
    "service": ("Service", TopicDefault.ALLOWED),
    "feedback": ("Feedback", TopicDefault.ALLOWED),
    "news": ("News and offers", TopicDefault.NEEDS_OPT_IN),
}


class Taken(ValueError):
    """Another topic has this key or this name; `field` says which."""

    def __init__(self, text: str, field: str) -> None:
        super().__init__(text)
        self.field = field


def make_built_in(**_kwargs: Any) -> None:
    """After each migrate; names and defaults that a company changed stay as they are."""
    for key, (name, default) in BUILT_IN.items():
        Topic.objects.get_or_create(key=key, defaults={"name": name, "default": default})


def create(*, name: str, default: TopicDefault, key: str = "", description: str = "", is_public: bool = True) -> Topic:
    """The key stays for ever: campaigns, imports and rules name it. Without one it is made of the name."""
    _refuse_other(name)
    topic = Topic(key=key or _key_of(name), name=name, default=default, description=description, is_public=is_public)
    try:
        with transaction.atomic():
            topic.save()
    except IntegrityError as error:
        raise Taken(_("There is a topic with the key “%(key)s”.") % {"key": topic.key}, "key") from error
    return topic


def change(*, topic: Topic, **values: Any) -> Topic:
    """`values` has new ones for some of name, default, description and is_public. Raises Taken."""
    if "name" in values:
        _refuse_other(values["name"], than=topic)
    for name, value in values.items():
        if name not in {"name", "default", "description", "is_public"}:
            raise ValueError(name)
        setattr(topic, name, value)
    topic.save(update_fields=list(values))
    return topic


def _refuse_other(name: str, *, than: Topic | None = None) -> None:
    """People choose topics by their names."""
    if Topic.objects.filter(name__iexact=name.strip()).exclude(pk=(than.pk if than else 0) or 0).exists():
        raise Taken(_("There is a topic of this name."), "name")


def _key_of(name: str) -> str:
    base = slugify(name)[:40] or "topic"
    taken = set(Topic.objects.filter(key__startswith=base).values_list("key", flat=True))
    return next(key for n in range(1, len(taken) + 3) if (key := base if n == 1 else f"{base}-{n}") not in taken)
