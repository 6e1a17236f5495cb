"""The company itself: settings, staff, personas, sources, the catalogue of touchpoints, review sites, surveys."""

from dataclasses import dataclass

from django.contrib.auth.hashers import make_password

from apps.core.models import CompanySettings
from apps.customers.models import Persona
from apps.feedback.enums import SurveyKind
from apps.feedback.models import ReviewSite, Survey
from apps.staff.actions import roles
from apps.staff.enums import Role
from apps.staff.models import User
from apps.touchpoints.actions import ingest, log, sources
from apps.touchpoints.enums import Channel, SourceKind
from apps.touchpoints.models import Source, Touchpoint

PASSWORD = "milepost-demo"  # noqa: S105 - printed by load_demo, only for the demo
LOGINS = {
    Role.ADMIN: ("admin@fernhill.example", "Ines Albrecht"),
    Role.MARKETER: ("marketer@fernhill.example", "Marco Lindqvist"),
    Role.AGENT: ("agent@fernhill.example", "Amara Okafor"),
    Role.VIEWER: ("viewer@fernhill.example", "Vera Novak"),
}
SETTINGS = {
    "name": "Fernhill Outdoor",
    "postal_address": "Am Alten Messplatz 7\n10115 Berlin\nGermany",
    "time_zone": "Europe/Berlin",
    "currency": "EUR",
    "sender_name": "Fernhill Outdoor",
    "sender_email": "hello@fernhill.example",
}
PERSONAS = [
    {
        "name": "Weekend hiker",
        "role": "Works in an office, walks every second weekend, 30 to 45",
        "quote": "I get one free Saturday. My boots must not be the thing that spoils it.",
        "goals": "Find boots that fit at the first try.\nBe ready before the weekend.",
        "needs": "Sizes that can be trusted.\nDelivery by Friday.\nReturns that take five minutes.",
        "frustrations": "Every brand cuts its sizes differently.\nCheckout on the phone on the train home.",
        "channels": "Web on the phone, e-mail, chat, review sites",
    },
    {
        "name": "Family planner",
        "role": "Buys for four people, compares prices, 35 to 50",
        "quote": "By the time I have found four sizes, the cart has forgotten the first one.",
        "goals": "Dress the whole family for the season in one order.\nStay within the budget.",
        "needs": "One delivery for all.\nClear prices and easy exchange of sizes.",
        "frustrations": "Children grow between order and delivery.\nFour items, four parcels.",
        "channels": "Web on the tablet, search, newsletter, phone",
    },
    {
        "name": "Trail runner",
        "role": "Runs 60 km a week, knows the models by name, 22 to 38",
        "quote": "When a shoe works I buy three pairs of it, if you still have them.",
        "goals": "Replace worn shoes without a break in training.\nTry what is new before others.",
        "needs": "Stock that is really there.\nTechnical data: weight, drop, grip.",
        "frustrations": "A model that runs well is gone after a year.\nAdvice from people who do not run.",
        "channels": "App and web on the phone, social, the store",
    },
]
TOUCHPOINTS = [
    ("Web pages", Channel.WEB, "Page Viewed", False),
    ("Product page", Channel.WEB, "Product Viewed", False),
    ("Fit and material", Channel.WEB, "Fit Details Viewed", False),
    ("Size guide", Channel.WEB, "Size Guide Opened", True),
    ("Live chat", Channel.CHAT, "Question Asked", False),
    ("Cart", Channel.WEB, "Product Added", False),
    ("Cart page", Channel.WEB, "Cart Viewed", False),
    ("Checkout", Channel.WEB, "Checkout Started", False),
    ("Payment page", Channel.WEB, "Payment Info Entered", True),
    ("Order confirmation", Channel.WEB, "Order Completed", False),
    ("Shipping notice", Channel.EMAIL, "Order Shipped", False),
    ("The parcel at the door", Channel.POST, "Order Delivered", True),
    ("Care guide", Channel.WEB, "Care Guide Opened", False),
    ("Returns page", Channel.WEB, "Return Requested", True),
    ("Support line", Channel.PHONE, "Call", True),
    ("Berlin store", Channel.STORE, "Store visit", False),
    ("Fitting corner", Channel.STORE, "Shoe Fitting", True),
    ("Store till", Channel.STORE, "Store Purchase", False),
]
REVIEW_SITES = [
    ("Open Shop Reviews", "https://openshopreviews.example/fernhill-outdoor"),
    ("Hikers' Forum", "https://hikersforum.example/shops/fernhill"),
    ("Town Map Ratings", "https://townmap.example/berlin/fernhill-outdoor"),
]
NPS, CSAT, CES = "Would you recommend us?", "How was delivery?", "How easy was our help?"
SURVEYS = {  # kind, question, label of the comment, who follows up, within hours
    NPS: (
        SurveyKind.NPS,
        "How likely are you to recommend Fernhill Outdoor to a friend who walks or runs?",
        "What is the main reason?",
        Role.ADMIN,
        72,
    ),
    CSAT: (
        SurveyKind.CSAT,
        "How satisfied are you with the delivery of your order?",
        "What should we know about it?",
        Role.AGENT,
        48,
    ),
    CES: (
        SurveyKind.CES,
        "How easy was it to get the help you needed?",
        "What made it easy or difficult?",
        Role.AGENT,
        24,
    ),
}


@dataclass(frozen=True)
class Company:
    """What the history is written with."""

    admin: User
    agent: User
    browser: Source
    server: Source
    archive: Source


def build() -> Company:
    CompanySettings.objects.update_or_create(pk=1, defaults=SETTINGS)
    users = _users()
    Persona.objects.bulk_create((Persona(**one) for one in PERSONAS), ignore_conflicts=True)
    Touchpoint.objects.bulk_create(
        (
            Touchpoint(name=name, channel=channel, event=event, is_moment_of_truth=is_truth)
            for name, channel, event, is_truth in TOUCHPOINTS
        ),
        ignore_conflicts=True,
    )
    ReviewSite.objects.bulk_create(
        (ReviewSite(name=name, url=url) for name, url in REVIEW_SITES), ignore_conflicts=True
    )
    _surveys(users)
    ingest.forget_cached()  # the catalogue has changed
    log.own_source(SourceKind.STAFF)
    log.own_source(SourceKind.MILEPOST)
    return Company(
        admin=users[Role.ADMIN],
        agent=users[Role.AGENT],
        browser=sources.create(name="Web shop", kind=SourceKind.BROWSER),
        server=sources.create(name="Shop backend", kind=SourceKind.SERVER),
        archive=sources.create(name="Old call list", kind=SourceKind.IMPORT),
    )


def _users() -> dict[Role, User]:
    password = make_password(PASSWORD)
    found = {}
    for role, (email, name) in LOGINS.items():
        fields = {"name": name, "password": password, "time_zone": "Europe/Berlin"}
        found[role], _made = User.objects.update_or_create(email=email, defaults=fields)
        roles.give_role(user=found[role], role=role)
    return found


def _surveys(users: dict[Role, User]) -> None:
    for name, (kind, question, label, role, hours) in SURVEYS.items():
        fields = {"kind": kind, "question": question, "comment_label": label}
        follow_up = {"case_owner": users[role], "case_due_hours": hours}
        Survey.objects.update_or_create(name=name, defaults={**fields, **follow_up})
