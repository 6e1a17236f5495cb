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
from apps.touchpoints.enums import Channel, Ownership, SourceKind
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
    # Half a year is told in a minute: everybody is asked as often as the story wants.
    "asks_every_days": None,
    "holds_for_cases": False,
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
TOUCHPOINTS = [  # name, channel, rules, what it is
    ("Start page", Channel.WEB, [{"event": "Page Viewed", "url": "/"}], "Where most visits begin."),
    (
        "Category pages",
        Channel.WEB,
        [{"event": "Page Viewed", "url": "/c/*"}],
        "Shoes, jackets and the rest, side by side.",
    ),
    (
        "Guides",
        Channel.WEB,
        [{"event": "Page Viewed", "url": "/guides/*"}],
        "Advice from people who walk: boots, layers, feet.",
    ),
    (
        "Newsletter",
        Channel.EMAIL,
        [{"event": "Page Viewed", "utm_source": "newsletter", "utm_medium": "email"}],
        "The visit that a newsletter brought.",
    ),
    (
        "Search ads",
        Channel.AD,
        [{"event": "Page Viewed", "utm_source": "google", "utm_medium": "cpc"}],
        "The first page after a click on a text ad.",
    ),
    (
        "Ads on Instagram",
        Channel.AD,
        [{"event": "Page Viewed", "utm_source": "instagram", "utm_medium": "paid_social"}],
        "Trail week and other short films.",
    ),
    ("Product page", Channel.WEB, [{"event": "Product Viewed"}], ""),
    ("Fit and material", Channel.WEB, [{"event": "Fit Details Viewed"}], ""),
    ("Size guide", Channel.WEB, [{"event": "Size Guide Opened"}], "Who trusts the size buys; who does not leaves."),
    ("Live chat", Channel.CHAT, [{"event": "Question Asked"}], ""),
    ("Cart", Channel.WEB, [{"event": "Product Added"}, {"event": "Cart Viewed"}], ""),
    ("Checkout", Channel.WEB, [{"event": "Checkout Started"}], ""),
    ("Payment page", Channel.WEB, [{"event": "Payment Info Entered"}], "The last doubt is about money."),
    ("Order confirmation", Channel.WEB, [{"event": "Order Completed"}], ""),
    ("Shipping notice", Channel.EMAIL, [{"event": "Order Shipped"}], ""),
    (
        "The parcel at the door",
        Channel.POST,
        [{"event": "Order Delivered"}],
        "The first time that the product is in their hands.",
    ),
    ("Care guide", Channel.WEB, [{"event": "Care Guide Opened"}], ""),
    (
        "Returns page",
        Channel.WEB,
        [{"event": "Return Requested"}],
        "A fair return is remembered longer than the purchase.",
    ),
    ("Support line", Channel.PHONE, [{"event": "Call"}], "Nine to six, four people, no menu of numbers."),
    ("Berlin store", Channel.STORE, [{"event": "Store visit"}], ""),
    (
        "Fitting corner",
        Channel.STORE,
        [{"event": "Shoe Fitting"}],
        "Boots are tried on a slope, with the socks they will be worn with.",
    ),
    ("Store till", Channel.STORE, [{"event": "Store Purchase"}], ""),
    ("Review sites", Channel.REVIEW_SITE, [{"event": "Review Link Opened"}], "What others say before the first visit."),
]
MOMENTS_OF_TRUTH = {
    "Size guide", "Payment page", "The parcel at the door", "Returns page", "Support line", "Fitting corner",
}  # fmt: skip
PAID, EARNED = {"Search ads", "Ads on Instagram"}, {"Review sites"}
REVIEW_SITES = [
    ("Open Shop Reviews", "https://openshopreviews.example/fernhill-outdoor"),
    ("Hikers' Forum", "https://hikersforum.example/shops/fernhill"),
    ("Town Map Ratings", "https://townmap.example/berlin/fernhill-outdoor"),
]
NPS, CSAT, CES = "Would you recommend us?", "How was delivery?", "How easy was our help?"
SURVEYS = {  # kind, question, label of the comment, who follows up, within business hours
    NPS: (
        SurveyKind.NPS,
        "How likely are you to recommend Fernhill Outdoor to a friend who walks or runs?",
        "What is the main reason?",
        Role.ADMIN,
        24,
    ),
    CSAT: (
        SurveyKind.CSAT,
        "How satisfied are you with the delivery of your order?",
        "What should we know about it?",
        Role.AGENT,
        16,
    ),
    CES: (
        SurveyKind.CES,
        "How easy was it to get the help you needed?",
        "What made it easy or difficult?",
        Role.AGENT,
        8,
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
    Touchpoint.objects.bulk_create((_touchpoint(*one) for one in TOUCHPOINTS), ignore_conflicts=True)
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


def _touchpoint(name: str, channel: Channel, rules: list[dict[str, str]], description: str) -> Touchpoint:
    ownership = Ownership.PAID if name in PAID else Ownership.EARNED if name in EARNED else Ownership.OWNED
    return Touchpoint(
        name=name,
        channel=channel,
        rules=rules,
        description=description,
        ownership=ownership,
        is_direct=ownership is not Ownership.EARNED,
        is_moment_of_truth=name in MOMENTS_OF_TRUTH,
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
