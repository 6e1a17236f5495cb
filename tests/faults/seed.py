"""Run inside the installation under test: a company with a map and a campaign, and customers that arrive."""

import time

from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from apps.campaigns import wire as campaign_wire
from apps.campaigns.actions import campaigns, running
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
CAMPAIGN = {
    "name": "Welcome",
    "journey": SHOP["name"],
    "trigger": {"on": "stage_entered", "stage": "Awareness"},
    "steps": [{"message": {"topic": "service", "subject": "Hello {{ customer.first_name }}", "body": "Welcome."}}],
}


def templates(outbox: int) -> None:
    """Two databases for the tests to copy: a company, and the same with so many messages in the outbox."""
    call_command("migrate", interactive=False, verbosity=0)
    _company()
    _go_to("postgres")
    with connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE outbox TEMPLATE company")
    _go_to("outbox")
    _fill_outbox(outbox)


def _go_to(database: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = database


def _company() -> None:
    """Each customer who enters the first stage is to get one mail."""
    now = timezone.now()
    publishing.publish(journey=drafts.import_text(text=map_wire.read(SHOP)), now=now, by=None)
    campaign = campaigns.import_text(text=campaign_wire.read(CAMPAIGN))
    campaigns.activate(campaign=campaign, include_present=False, now=now)
    source = sources.create(name="Shop", kind=SourceKind.SERVER)
    source.write_key = WRITE_KEY
    source.save()


def _fill_outbox(count: int) -> None:
    arrive(first=0, batches=1, size=count, pause=0)
    while actions.run_pipeline(now=timezone.now()):
        pass
    while running.run_due(now=timezone.now()):
        pass


def arrive(*, first: int, batches: int, size: int, pause: float) -> None:
    """Customers say who they are and see a product."""
    source = ingest.find_source(write_key=WRITE_KEY)
    assert source is not None
    for start in range(first, first + batches * size, size):
        batch = [item for number in range(start, start + size) for item in _items(number)]
        ingest.take(source=source, call=wire.open_call("batch", {"batch": batch}), received_at=timezone.now())
        time.sleep(pause)


def _items(number: int) -> list[dict[str, object]]:
    traits = {"email": f"c{number}@example.com", "first_name": f"Ann{number}"}
    user = f"c{number}"
    return [
        {"type": "identify", "userId": user, "messageId": f"{user}-who", "traits": traits},
        {"type": "track", "userId": user, "messageId": f"{user}-saw", "event": "Product Viewed"},
    ]


def admin(*, email: str, password: str) -> None:
    user = User.objects.create_user(email, password)
    roles.give_role(user=user, role=Role.ADMIN)
