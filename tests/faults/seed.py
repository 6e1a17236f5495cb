"""Run inside the installation under test: a company with a map and a campaign, and customers that arrive."""

import time

from django.core.management import call_command
from django.utils import timezone

from apps.campaigns import wire as campaign_wire
from apps.campaigns.actions import campaigns, running
from apps.campaigns.models import Campaign, Endpoint, Message
from apps.core import actions
from apps.journeys import wire as map_wire
from apps.journeys.actions import drafts, publishing
from apps.staff.actions import roles
from apps.staff.enums import Role
from apps.staff.models import User
from apps.touchpoints import wire
from apps.touchpoints.actions import ingest, sources
from apps.touchpoints.enums import SourceKind
from tests.journeys.maps import SHOP

WRITE_KEY = "faults"
BATCH = 500
CAMPAIGN = {
    "journey": SHOP["name"],
    "trigger": {"on": "stage_entered", "stage": "Awareness"},
}
MESSAGES = {
    "email": {"message": {"topic": "service", "subject": "Hello {{ customer.first_name }}", "body": "Welcome."}},
    "sms": {"message": {"channel": "sms", "topic": "service", "body": "Welcome, {{ customer.first_name }}."}},
    "webhook": {"webhook": {"endpoint": "ERP"}},
}


def company() -> None:
    """Each customer who enters the first stage is to get one mail."""
    call_command("migrate", interactive=False, verbosity=0)
    now = timezone.now()
    publishing.publish(journey=drafts.import_text(text=map_wire.read(SHOP)), now=now, by=None)
    Endpoint.objects.create(name="ERP", url="http://127.0.0.1/")
    _welcome("email")
    source = sources.create(name="Shop", kind=SourceKind.SERVER)
    source.write_key = WRITE_KEY
    source.save()


def outbox(way: str, count: int) -> None:
    """So many messages wait to go that way."""
    if way != "email":
        campaigns.pause(campaign=Campaign.objects.get())
        _welcome(way)
    arrive(first=0, batches=-(-count // BATCH), size=min(count, BATCH), pause=0)
    while actions.run_pipeline(now=timezone.now()):
        pass
    while running.run_due(now=timezone.now()):
        pass
    assert Message.objects.filter(channel=way, state="queued").count() == count


def _welcome(way: str) -> None:
    campaign = campaigns.import_text(
        text=campaign_wire.read(CAMPAIGN | {"name": f"Welcome by {way}", "steps": [MESSAGES[way]]})
    )
    campaigns.activate(campaign=campaign, include_present=False, now=timezone.now())


def arrive(*, first: int, batches: int, size: int, pause: float) -> None:
    """Customers say who they are and see a product."""
    source = ingest.find_source(write_key=WRITE_KEY)
    assert source is not None
    for start in range(first, first + batches * size, size):
        batch = [item for number in range(start, start + size) for item in _items(number)]
        ingest.take(source=source, call=wire.open_call("batch", {"batch": batch}), received_at=timezone.now())
        time.sleep(pause)


def _items(number: int) -> list[dict[str, object]]:
    traits = {"email": f"c{number}@example.com", "phone": f"+49151{number:08}", "first_name": f"Ann{number}"}
    user = f"c{number}"
    return [
        {"type": "identify", "userId": user, "messageId": f"{user}-who", "traits": traits},
        {"type": "track", "userId": user, "messageId": f"{user}-saw", "event": "Product Viewed"},
    ]


def admin(*, email: str, password: str) -> None:
    user = User.objects.create_user(email, password)
    roles.give_role(user=user, role=Role.ADMIN)
