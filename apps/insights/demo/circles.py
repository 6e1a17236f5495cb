"""Who belongs together in the demo company: segments, firms that buy for their people, tags, owners."""

from datetime import datetime

from apps.core import actions
from apps.core.models import Job
from apps.customers.actions import companies, people, segments, standing
from apps.customers.enums import SegmentKind
from apps.customers.models import Customer, Segment
from apps.staff.models import User

_SEGMENTS = [
    (
        "Repeat buyers",
        "Bought at least twice in the last 90 days",
        {"did": {"event": "Order Completed", "at_least": 2, "within_days": 90}},
    ),
    (
        "Looking, not buying",
        "Looked at products this month and never bought",
        {
            "all": [
                {"did": {"event": "Product Viewed", "at_least": 3, "within_days": 30}},
                {"not": {"did": {"event": "Order Completed"}}},
            ]
        },
    ),
    ("Unhappy", "Gave us 6 or less in the last 90 days", {"scored": {"kind": "nps", "to": 6, "within_days": 90}}),
]
_FIRMS = [
    ("Alpenverein Sektion Isartal", "isartal.example", "DE", ["buyer", "end user", "end user"]),
    ("Keswick Mountain Guides", "keswick-guides.example", "GB", ["approver", "buyer"]),
    ("Fjällskolan", "fjallskolan.example", "SE", ["buyer", "end user"]),
]
_TAGS = ["trail club", "press", "wholesale", "store regular"]


def draw(*, now: datetime, by: User) -> None:
    """Chooses among the latest active people who are known by name; what follows from rules is looked at once."""
    known = list(Customer.objects.present().known().exclude(name="").order_by("-last_activity_at", "pk")[:60])
    _found_companies(known[20:40])
    for number, customer in enumerate(known[40:52]):
        people.tag(customer=customer, add=_TAGS[number % len(_TAGS)], now=now)
    Customer.objects.filter(pk__in=[customer.pk for customer in known[50:56]]).update(owner=by)
    for name, description, rule in _SEGMENTS:
        segments.save(segment=Segment(name=name, description=description, rule=rule), by=by, now=now)
    invited = segments.save(
        segment=Segment(name="Summer hike", description="Invited to the hike in June", kind=SegmentKind.LIST),
        by=by,
        now=now,
    )
    segments.add(segment=invited, customer_ids=[customer.pk for customer in known[:12]], now=now)
    while actions.run_pipeline(now=now):
        pass
    segments.keep(now=now)
    standing.keep(now=now)
    Job.objects.filter(kind=standing.JOB).update(created_at=now, due_at=now)


def _found_companies(candidates: list[Customer]) -> None:
    waiting = iter(candidates)
    for name, domain, country, roles in _FIRMS:
        firm = companies.create(fields={"name": name, "domain": domain, "country": country})
        for role in roles:
            companies.add_member(company=firm, customer=next(waiting), role=role)
