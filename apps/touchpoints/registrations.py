"""What becomes of what this app keeps on people when two are merged, one is erased, or one asks for it."""

from apps.core import registry
from apps.customers.actions import keeping
from apps.touchpoints.actions import activity, forgetting
from apps.touchpoints.models import Interaction


def register_people() -> None:
    registry.merge(Interaction, "customer", activity.move_interactions)
    registry.on_undo(activity.return_later)
    keeping.about_people(Interaction, is_plain=True)
    registry.forget("refused items", forgetting.forget_refused_items)
    registry.forget("vocabulary", forgetting.forget_vocabulary)
