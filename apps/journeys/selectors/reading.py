"""A map as staff read it."""

from apps.journeys.models import Journey
from apps.journeys.selectors.comments import open_counts
from apps.journeys.selectors.maps import MapPage, customers_by_stage, page_of
from apps.journeys.selectors.sharing import snapshot_of


def map_page(journey: Journey) -> MapPage:
    """The published map with its customers, of one that was never published the draft; each card with how many open
    comments it has."""
    counts = customers_by_stage(journey) if journey.current_version else {}
    return page_of(snapshot_of(journey), counts, said=open_counts(journey))
