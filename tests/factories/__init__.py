"""A small world for page tests: one of everything that a page shows."""

from datetime import datetime, timedelta

import factory
from factory.django import DjangoModelFactory

from apps.campaigns import wire as campaign_wire
from apps.campaigns.actions import campaigns, delivering, running
from apps.campaigns.models import Campaign, Enrolment, Message
from apps.customers.models import Customer, Identity
from apps.feedback.models import ReviewSite, Survey
from apps.journeys import wire as journey_wire
from apps.journeys.actions import drafts, publishing
from apps.journeys.models import Journey
from apps.staff.actions import roles
from apps.staff.enums import Role
from apps.staff.models import User
from tests.journeys.maps import SHOP


class UserFactory(DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"user{n}@staff.example")
    name = factory.Sequence(lambda n: f"User {n}")


class CustomerFactory(DjangoModelFactory):
    class Meta:
        model = Customer
        skip_postgeneration_save = True

    name = factory.Sequence(lambda n: f"Customer {n}")
    email = factory.Sequence(lambda n: f"customer{n}@mail.example")
    is_identified = True

    class Params:
        anonymous = factory.Trait(name="", email="", is_identified=False)

    @factory.post_generation
    def identity(self, create: bool, _extracted: object, **_kwargs: object) -> None:
        if create and self.email:
            Identity.objects.create(kind="email", value=self.email, customer=self)


def staff(role: Role) -> User:
    user = UserFactory()
    roles.give_role(user=user, role=role)
    return user


def published_shop(now: datetime) -> Journey:
    journey = drafts.import_text(text=journey_wire.read(SHOP))
    publishing.publish(journey=journey, now=now, by=None)
    return Journey.objects.get(pk=journey.pk)


def surveys_and_sites() -> None:
    Survey.objects.get_or_create(name="NPS", defaults={"kind": "nps", "question": "Would you recommend us?"})
    ReviewSite.objects.get_or_create(name="Web shop reviews", defaults={"url": "https://reviews.example/shop"})


THANK_YOU = {
    "name": "Thank you",
    "journey": "Web shop",
    "trigger": {"on": "stage_entered", "stage": "Purchase"},
    "reentry": "every_time",
    "steps": [
        {"message": {"channel": "email", "topic": "service",
                     "subject": "Thank you, {{ customer.first_name | default: 'friend' }}",
                     "body": "Hello {{ customer.first_name | default: 'friend' }},\n\nthank you for your order."}},
        {"wait": {"days": 3, "until": "10:00"}},
        {"review_request": {"sites": ["Web shop reviews"], "channel": "email", "topic": "feedback"}},
    ],
}  # fmt: skip


def campaign(now: datetime, *, active: bool = True, **changes: object) -> Campaign:
    """The published journey must exist."""
    surveys_and_sites()
    made = campaigns.import_text(text=campaign_wire.read({**THANK_YOU, **changes}))
    if active:
        campaigns.activate(campaign=made, include_present=False, now=now)
    return Campaign.objects.get(pk=made.pk)


def enrolled(of: Campaign, customer: Customer, now: datetime, cause: str = "entry:1") -> Enrolment:
    return Enrolment.objects.create(
        campaign=of, version=of.version, customer=customer, entry_key=cause, cause_at=now, due_at=now, created_at=now
    )


def run_and_deliver(now: datetime) -> None:
    while running.run_due(now=now):
        pass
    while delivering.deliver_due(now=now):
        pass


def sent_message(now: datetime) -> Message:
    """A message that went out (was kept, as no mail server is set)."""
    made = campaign(now)
    enrolled(made, CustomerFactory(name="Ann Price"), now)
    run_and_deliver(now)
    return Message.objects.latest("pk")


def later(now: datetime, **delta: float) -> datetime:
    return now + timedelta(**delta)
