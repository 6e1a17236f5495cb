"""Run inside the installation under test: a company with a map and a campaign, and customers that arrive."""

import time

from django.utils import timezone

from apps.campaigns import wire as campaign_wire
from apps.campaigns.actions import campaigns, running
from apps.core import actions
from apps.journeys import wire as map_wire
from apps.journeys.actions import drafts, publishing
from apps.touchpoints import wire
from apps.touchpoints.actions import ingest, sources
from apps.touchpoints.enums import SourceKind
from tests.journeys.maps import SHOP

WRITE_KEY = "faults"
CAMPAIGN = {
    "name": "Welcome",
    "journey": SHOP["name"],
    "trigger": {"on": "stage_entered", "stage": "Awareness"},
    "steps": [{"message": {"topic": "service", "subject": "Hello {{ customer.first_name }}", "body": "Welcome."}}],
}


def company() -> None:
    """Each customer who enters the first stage is to get one mail."""
    now = timezone.now()
    publishing.publish(journey=drafts.import_text(text=map_wire.read(SHOP)), now=now, by=None)
    campaign = campaigns.import_text(text=campaign_wire.read(CAMPAIGN))
    campaigns.activate(campaign=campaign, include_present=False, now=now)
    source = sources.create(name="Shop", kind=SourceKind.SERVER)
    source.write_key = WRITE_KEY
    source.save()


def arrive(*, first: int, count: int) -> None:
    """Customers say who they are and see a product."""
    source = ingest.find_source(write_key=WRITE_KEY)
    assert source is not None
    batch = [item for number in range(first, first + count) for item in _items(number)]
    ingest.take(source=source, call=wire.open_call("batch", {"batch": batch}), received_at=timezone.now())


def _items(number: int) -> list[dict[str, object]]:
    traits = {"email": f"c{number}@example.com", "first_name": f"Ann{number}"}
    user = f"c{number}"
    return [
        {"type": "identify", "userId": user, "messageId": f"{user}-who", "traits": traits},
        {"type": "track", "userId": user, "messageId": f"{user}-saw", "event": "Product Viewed"},
    ]


def trickle(*, batches: int, size: int, pause: float) -> None:
    """The company, and customers that arrive while the workers work."""
    company()
    for number in range(batches):
        arrive(first=number * size, count=size)
        time.sleep(pause)
    time.sleep(1.5)  # the last wake-up leaves


def queued(*, count: int) -> None:
    """The company, with a message to each customer already in the outbox."""
    company()
    arrive(first=0, count=count)
    while actions.run_pipeline(now=timezone.now()):
        pass
    while running.run_due(now=timezone.now()):
        pass
