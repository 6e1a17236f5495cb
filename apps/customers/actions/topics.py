from typing import Any

from apps.customers.enums import TopicDefault
from apps.customers.models import Topic

# Topics that messages may count on; a company adds its own in the admin.
BUILT_IN = {
    "service": ("Service", TopicDefault.ALLOWED),
    "feedback": ("Feedback", TopicDefault.ALLOWED),
    "news": ("News and offers", TopicDefault.NEEDS_OPT_IN),
}


def make_built_in(**_kwargs: Any) -> None:
    """After each migrate; names and defaults that a company changed stay as they are."""
    for key, (name, default) in BUILT_IN.items():
        Topic.objects.get_or_create(key=key, defaults={"name": name, "default": default})
