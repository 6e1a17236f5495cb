"""The demo company: a shop for outdoor clothing with half a year behind it, in which three things went wrong."""

import random
from datetime import datetime, timedelta

from django.db import connection, transaction

from apps.campaigns.models import Campaign, Suppression
from apps.customers.enums import IdentityKind
from apps.customers.models import Customer, Identity, Persona
from apps.insights.demo import campaigns, circles, company, journeys, stories
from apps.insights.demo.answers import Answers
from apps.insights.demo.deeds import Deed, Times
from apps.insights.demo.replay import Mailroom, Replay
from apps.journeys.models import Journey
from apps.staff.models import User
from apps.touchpoints.models import Source

_SUPPRESSED = [
    "550 5.1.1 no such mailbox, three times",
    "complaint to the mail provider",
    "asked by letter not to be written to",
]


def is_empty() -> bool:
    """Whether nobody has begun to work with this database."""
    return not Journey.objects.exists() and not Customer.objects.exists()


def is_loaded() -> bool:
    return User.objects.filter(email=next(iter(company.LOGINS.values()))[0]).exists() and not is_empty()


@transaction.atomic
def load(*, now: datetime) -> None:
    """All or nothing; the same `now` gives the same company. Some twenty seconds."""
    times = Times(now.replace(minute=0, second=0, microsecond=0))
    firm = company.build()
    journeys.publish(now=times.now, at=times.connected_at, by=firm.admin)
    deeds = stories.told(times.now)
    before = [deed for deed in deeds if deed.at <= times.connected_at]
    after = deeds[len(before) :]
    gone = _suppress_some(after, times)
    rng = random.Random(stories.SEED)  # noqa: S311 - a story, no secret
    replay = Replay(firm, times, Answers(rng=rng, agent=firm.agent), Mailroom(gone))
    replay.bring_in(before)
    _tell_the_planner()
    campaigns.start(now=times.connected_at)
    replay.live(after)
    _tell_the_planner()
    _give_personas(deeds)
    circles.draw(now=times.now, by=firm.admin)
    _date_back(times)


def _tell_the_planner() -> None:
    """What this transaction has written no autovacuum has seen: plans would be those for empty tables."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE customers_customer, customers_identity, touchpoints_interaction, journeys_progress")


def _suppress_some(deeds: list[Deed], times: Times) -> list[str]:
    """A few of those who order; returns the mailboxes that will turn out to be gone."""
    buyers = dict.fromkeys(deed.person.email for deed in deeds if deed.event == "Order Completed" and deed.person.email)
    chosen = list(buyers)[7::12]
    Suppression.objects.bulk_create(
        Suppression(address=address, reason=reason, created_at=times.connected_at - timedelta(days=3))
        for address, reason in zip(chosen, _SUPPRESSED, strict=False)
    )
    return chosen[len(_SUPPRESSED) : len(_SUPPRESSED) + 2]


def _give_personas(deeds: list[Deed]) -> None:
    for persona in Persona.objects.all():
        keys = {deed.person.key for deed in deeds if deed.person.persona == persona.name}
        owners = Identity.objects.filter(kind=IdentityKind.EXTERNAL, value__in=keys)
        Customer.objects.filter(pk__in=list(owners.values_list("customer", flat=True))).update(persona=persona)


def _date_back(times: Times) -> None:
    """What was set up was set up on the day when Milepost was connected."""
    emails = [email for email, _name in company.LOGINS.values()]
    User.objects.filter(email__in=emails).update(joined_at=times.connected_at)
    for model in (Journey, Source, Campaign):
        model.objects.update(created_at=times.connected_at)
