from datetime import datetime

from django.db import connection, transaction
from django.db.models import Max

from apps.core import wake
from apps.core.enums import Origin
from apps.journeys import wire
from apps.journeys.models import Journey, MapVersion
from apps.journeys.selectors.drafts import export_text
from apps.staff.models import User


@transaction.atomic
def publish(*, journey: Journey, now: datetime, by: User | None) -> MapVersion:
    """Makes the draft the version that customers are measured by, and has everybody folded with it: in the background
    and behind live changes. Publishing mails nobody. Raises wire.MapError when the draft is not valid."""
    journey = Journey.objects.select_for_update(of=("self",)).get(pk=journey.pk)
    wire.read(export_text(journey))
    latest = journey.versions.aggregate(latest=Max("number"))["latest"] or 0
    version = MapVersion.objects.create(
        journey=journey,
        number=latest + 1,
        snapshot=export_text(journey, with_keys=True),
        published_at=now,
        published_by=by,
    )
    journey.current_version = version
    journey.save(update_fields=["current_version"])
    _fold_everybody()
    return version


def _fold_everybody() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_change (customer_id, origin, priority)"
            " SELECT id, %s, 1 FROM customers_customer WHERE merged_into_id IS NULL",
            [Origin.PUBLISH.value],
        )
    wake.on_commit("pipeline")
