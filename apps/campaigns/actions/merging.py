from django.db import connection
from django.utils import timezone

from apps.campaigns.actions import enrolling
from apps.campaigns.models import Enrolment
from apps.customers.actions import merges


def move_enrolments(*, gone_ids: list[int], kept_ids: list[int]) -> None:
    """Runs move; where the customer who stays has the same run already, the other one ends, so that nobody gets the
    campaign twice."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT e.id FROM campaigns_enrolment e, unnest(%s::bigint[], %s::bigint[]) AS m(gone, kept),"
            " campaigns_enrolment k"
            " WHERE e.customer_id = m.gone AND k.customer_id = m.kept AND k.campaign_id = e.campaign_id"
            " AND (k.entry_key = e.entry_key"
            "      OR (k.is_only_live AND e.is_only_live AND k.state = 'active' AND e.state = 'active'))",
            [gone_ids, kept_ids],
        )
        twins = [row[0] for row in cursor.fetchall()]
    enrolling.exit_runs(Enrolment.objects.filter(pk__in=twins), reason="merged", now=timezone.now())
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE campaigns_enrolment e SET customer_id = m.kept"
            " FROM unnest(%s::bigint[], %s::bigint[]) AS m(gone, kept)"
            " WHERE e.customer_id = m.gone AND NOT e.id = ANY(%s)",
            [gone_ids, kept_ids, twins],
        )


def move_confirmations(*, gone_ids: list[int], kept_ids: list[int]) -> None:
    merges.move_rows("campaigns_confirmation", gone_ids=gone_ids, kept_ids=kept_ids)


def move_messages(*, gone_ids: list[int], kept_ids: list[int]) -> None:
    merges.move_rows("campaigns_message", gone_ids=gone_ids, kept_ids=kept_ids)
