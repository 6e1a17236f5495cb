from django.utils import timezone
from django.utils.translation import gettext_lazy

from apps.core.transfers import Exporter, Option, Slice
from apps.journeys.models import Journey
from apps.journeys.selectors import improvements as selectors


def maps() -> list[tuple[str, str]]:
    return [(str(one.pk), one.name) for one in Journey.objects.order_by("name", "pk")]


class ImprovementsExporter(Exporter):
    label = gettext_lazy("Improvements")
    help = gettext_lazy("The pain points and opportunities of all maps, with their scores and owners.")
    icon = "lightbulb"
    options = (Option("journey", gettext_lazy("Map"), gettext_lazy("Empty means all."), choices=maps),)

    def header(self, options: dict[str, str]) -> list[str]:
        return [
            "Milepost number", "Kind", "Text", "Map", "Stage", "Step", "Severity", "Frequency", "Customers at the step",
            "Customers affected", "Score", "Effort", "Impact", "Status", "Owner", "Due", "Evidence", "Evidence: n",
            "Solved",
        ]  # fmt: skip

    def count(self, options: dict[str, str]) -> int:
        return len(_ids(options))

    def slice(self, header: list[str], options: dict[str, str], *, after: int, limit: int) -> Slice:
        ids = [pk for pk in _ids(options) if pk > after][:limit]
        rows = selectors.improvements(selectors.weigh(ids, now=timezone.now()), now=timezone.now())
        return Slice([_cells(row) for row in rows], ids[-1] if len(ids) == limit else None)


def _ids(options: dict[str, str]) -> list[int]:
    chosen = options.get("journey")
    return selectors.ids(journey=int(chosen) if chosen else None)


def _cells(row: selectors.Improvement) -> list[str]:
    card, stage, weight = row.card, row.card.step.stage, row.weight
    return [
        str(card.pk),
        weight.kind,
        card.text,
        stage.journey.name,
        stage.name,
        card.step.name,
        _said(card.severity),
        card.frequency,
        _said(weight.visited),
        _said(weight.affected),
        _said(weight.score),
        _said(card.effort),
        _said(card.impact),
        card.status,
        card.owner.email if card.owner else "",
        card.due_on.isoformat() if card.due_on else "",
        card.evidence,
        _said(card.evidence_n),
        card.solved_at.isoformat() if card.solved_at else "",
    ]


def _said(number: float | None) -> str:
    return "" if number is None else f"{round(number, 2):g}" if isinstance(number, float) else str(number)
