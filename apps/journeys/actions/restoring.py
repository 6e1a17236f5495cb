"""A version of before becomes the draft again."""

from datetime import datetime

from django.utils.translation import gettext as _

from apps.journeys import wire
from apps.journeys.actions import drafts
from apps.journeys.actions.drafts import Keys, Names
from apps.journeys.actions.edits import edit
from apps.journeys.models import MapVersion
from apps.staff.models import User


def restore(*, version: MapVersion, by: User | None, now: datetime) -> None:
    """One edit, which can be taken back. Nobody is folded: customers go by the published version. The journey keeps the
    name that it has by now; people, touchpoints and departments that have gone since are left out. Raises MapError."""
    snapshot = version.snapshot
    stages = {stage["name"]: stage["key"] for stage in snapshot["stages"]}
    steps = {step["name"]: step["key"] for stage in snapshot["stages"] for step in stage["steps"]}
    text = wire.read(snapshot)
    text.stages = [stage for stage in text.stages if stage.name in stages]  # reading may add the lapsed one
    label = _("Restore version %(n)s") % {"n": version.number}
    with edit(journey_id=version.journey_id, label=label, by=by, now=now) as journey:
        drafts.write(journey=journey, text=text, names=Names(is_old=True), keys=Keys(stages, steps))
