"""What a merge of customers does to their journeys: entries keep their rows and move, so that none fires again; all
else is folded anew by the change that the merge records."""

from apps.customers.actions import merges
from apps.journeys.models import Progress, StageMove, StepVisit


def move_entries(*, gone_ids: list[int], kept_ids: list[int]) -> None:
    merges.move_rows("journeys_stageentry", gone_ids=gone_ids, kept_ids=kept_ids)


def move_baselines(*, gone_ids: list[int], kept_ids: list[int]) -> None:
    """Two states cannot become one: the customer who stays keeps their own."""
    merges.move_unique("journeys_baseline", ["journey_id"], gone_ids=gone_ids, kept_ids=kept_ids)


def drop_progress(*, gone_ids: list[int], kept_ids: list[int]) -> None:
    Progress.objects.filter(customer_id__in=gone_ids).delete()


def drop_visits(*, gone_ids: list[int], kept_ids: list[int]) -> None:
    StepVisit.objects.filter(customer_id__in=gone_ids).delete()


def drop_moves(*, gone_ids: list[int], kept_ids: list[int]) -> None:
    StageMove.objects.filter(customer_id__in=gone_ids).delete()
