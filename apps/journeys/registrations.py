"""What becomes of what this app keeps on people when two are merged, one is erased, or one asks for it."""

from typing import TYPE_CHECKING

from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from apps.core import registry
from apps.core.registry import Log
from apps.customers.actions import keeping
from apps.journeys.actions import merging
from apps.journeys.models import Baseline, Progress, StageEntry, StageMove, StepVisit

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

_LABELS: "dict[type[Model], StrOrPromise]" = {
    StageEntry: _("stays in stages"),
    Baseline: _("states before pruning"),
    Progress: _("places on journeys"),
    StepVisit: _("visits to steps"),
    StageMove: _("moves between stages"),
}


def register_people() -> None:
    registry.merge(StageEntry, "customer", merging.move_entries)
    registry.merge(Baseline, "customer", merging.move_baselines, log=Log.ROWS)
    registry.merge(Progress, "customer", merging.drop_progress, log=Log.NOTHING)
    registry.merge(StepVisit, "customer", merging.drop_visits, log=Log.NOTHING)
    registry.merge(StageMove, "customer", merging.drop_moves, log=Log.NOTHING)
    for model, label in _LABELS.items():
        keeping.about_people(model, is_plain=True, label=label)
