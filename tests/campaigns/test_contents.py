"""What a message says: variants, values, links, and that nothing a customer is called becomes mark-up or a header."""

import email
import email.policy
import time
from datetime import UTC, datetime
from html.parser import HTMLParser
from uuid import uuid4

import pytest
from django.core import signing

from apps.campaigns import contents, liquid
from apps.campaigns.channels import Outgoing, mime
from apps.campaigns.channels.webhook import Webhook
from apps.campaigns.enums import StepKind
from apps.campaigns.models import Brand, Message, Snippet
from apps.core import links
from apps.core.models import CompanySettings
from apps.customers.models import Customer, Persona
from apps.feedback.models import Invitation, Survey
from apps.touchpoints.actions import sources
from apps.touchpoints.enums import SourceKind
from apps.touchpoints.models import Interaction
from tests.campaigns.ways import outgoing
from tests.factories import CustomerFactory, campaign, enrolled, published_shop, run_and_deliver
from tests.hostile.strings import NAUGHTY, NUL, XSS

pytestmark = pytest.mark.django_db

RUNS = {"script", "iframe", "object", "embed", "base", "link", "form", "svg", "math", "video", "audio", "template"}


@pytest.fixture(autouse=True)
def _links_are_signed_in_one_second(monkeypatch) -> None:
    """Else a link that is made again to be compared may be another."""
    second = signing.b62_encode(int(time.time()))
    monkeypatch.setattr(signing.TimestampSigner, "timestamp", lambda _signer: second)


class Seen(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text = ""

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data):
        self.text += data

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attrs for name, attrs in self.tags if name == tag]


def seen(html: str) -> Seen:
    reader = Seen()
    reader.feed(html)
    reader.close()
    return reader


def runs(html: str) -> list[str]:
    """What of it a browser would run."""
    found = []
    for tag, attrs in seen(html).tags:
        found += [tag] if tag in RUNS else []
        found += [f"{tag} {name}" for name in attrs if name.startswith("on") or name in {"srcdoc", "formaction"}]
        for name in ("href", "src", "background"):
            if name in attrs and not attrs[name].lower().startswith(("http://", "https://", "mailto:", "tel:", "#")):
                found += [f"{tag} {name}={attrs[name]}"] if attrs[name] else []
    return found


@pytest.fixture
def message(now):
    """Of a customer who stands in a campaign; its step may be changed."""
    published_shop(now)
    made = campaign(now)
    person = CustomerFactory(name="Ann Price", email="ann@mail.example", traits={"plan": "gold"})
    enrolled(made, person, now)
    run_and_deliver(now)
    return Message.objects.select_related(
        "enrolment__campaign", "step", "customer__persona", "topic", "invitation__survey"
    ).latest("pk")


def filled(message: Message, kind: str = "message", **settings: object) -> contents.Content:
    message.step.settings = {"channel": "email", "topic": "news", "subject": "Hello", **settings}
    message.step.kind = kind
    contents.check(StepKind(kind), message.step.settings)
    return contents.fill(message, CompanySettings(name="Boots & Co", postal_address="1 High Street\nYork"))


def test_a_plain_body(message):
    said = filled(
        message,
        subject="Dear {{ customer.first_name }}",
        body="Hello <{{ customer.name }}>,\n\nlook: https://shop.example/a?b=1&c=2.",
    )
    assert said.subject == "Dear Ann"
    assert (
        "Hello <Ann Price>,\n\nlook: https://shop.example/a?b=1&c=2&utm_source=milepost&utm_medium=email" in said.text
    )
    assert said.text.endswith(f"\n-- \nBoots & Co\n1 High Street\nYork\nUnsubscribe: {said.unsubscribe_url}\n")
    page = seen(said.html)
    assert "Hello <Ann Price>," in page.text
    assert "Boots & Co1 High StreetYork" in page.text
    assert runs(said.html) == []


def test_each_link_is_counted_but_our_own(message):
    said = filled(message, body="https://shop.example/ and {{ unsubscribe_link }}")
    found = [one["href"] for one in seen(said.html).all("a")]
    token = found[0].rpartition("/")[2]
    assert links.read("click", token) == [
        message.pk,
        "https://shop.example/?utm_source=milepost&utm_medium=email&utm_campaign=thank-you",
    ]
    assert found[1] == found[3] == links.url("unsubscribe", "u", message.pk)
    assert found[2] == links.url("preferences", "p", message.pk)
    assert seen(said.html).all("img")[-1]["src"] == links.url("open", "o", message.pk) + ".gif"


def test_counting_and_naming_are_switched_off(message):
    said = filled(message, body="https://shop.example/", track=False, utm=False)
    assert seen(said.html).all("a")[0]["href"] == "https://shop.example/"
    assert "/o/" not in said.html


def test_names_that_an_address_has_stay(message):
    said = filled(message, body="https://shop.example/?utm_source=mine#top", track=False)
    href = seen(said.html).all("a")[0]["href"]
    assert href == "https://shop.example/?utm_source=mine&utm_medium=email&utm_campaign=thank-you#top"


BLOCKS = [
    {"kind": "heading", "text": "For {{ customer.name }}"},
    {"kind": "text", "text": "**Bold {{ customer.plan }}** and *it*, [see](https://shop.example/{{ customer.plan }})."},
    {"kind": "button", "label": "Look", "url": "https://shop.example/b"},
    {"kind": "image", "image": "a" * 64, "alt": "Boots of {{ customer.name }}"},
    {"kind": "divider"},
    {"kind": "spacer", "height": 12},
]


def test_blocks(message):
    said = filled(message, blocks=BLOCKS, track=False, utm=False)
    page = seen(said.html)
    assert [one["href"] for one in page.all("a")][:2] == ["https://shop.example/gold", "https://shop.example/b"]
    assert page.all("img")[0]["alt"] == "Boots of Ann Price"
    assert {"strong", "em", "h2"} <= {tag for tag, _attrs in page.tags}
    assert said.text.startswith("For Ann Price\n\nBold gold and it, see: https://shop.example/gold.\n\nLook: https://")


def happened(message: Message, now, event: str, person: Customer | None = None, **properties: object) -> Interaction:
    source = sources.create(name="Shop", kind=SourceKind.SERVER)
    return Interaction.objects.create(
        customer=person or message.customer, source=source, message_id=uuid4().hex, event=event,
        occurred_at=now, channel="web", properties=properties,
    )  # fmt: skip


def product(name: str, **more: object) -> dict[str, object]:
    return {"product_id": name, "name": name, "price": 9.5, "url": f"https://shop.example/{name}", **more}


def test_a_cart_is_what_was_added_and_not_ordered(message, now):
    for event, one in [
        ("Product Added", "old"), ("Order Completed", ""), ("Product Added", "boot"), ("Product Added", "lace"),
        ("Product Added", "sock"), ("Product Removed", "lace"),
    ]:  # fmt: skip
        happened(message, now, event, **(product(one) if one else {}))
    cart = [{"kind": "products", "from": "cart", "title": "Left behind", "button": "See it"}]
    said = filled(message, blocks=cart, track=False, utm=False)
    assert said.text.startswith("Left behind\n- sock 9.50 EUR\n  https://shop.example/sock\n- boot 9.50 EUR\n")
    assert [one["href"] for one in seen(said.html).all("a")][:2] == [
        "https://shop.example/sock",
        "https://shop.example/boot",
    ]


def test_an_empty_list_of_products_shows_nothing(message):
    said = filled(message, blocks=[{"kind": "products", "from": "cart", "title": "Left behind"}])
    assert "Left behind" not in said.html
    assert "Left behind" not in said.text


def test_what_others_bought_with_it(message, now):
    happened(message, now, "Order Completed", products=[product("boot")])
    for other, bought in [("a", ["boot", "sock"]), ("b", ["boot", "lace", "sock"]), ("c", ["hat"])]:
        happened(
            message,
            now,
            "Order Completed",
            CustomerFactory(email=f"{other}@x.example"),
            products=[product(p) for p in bought],
        )
    said = filled(message, body="{% for item in also_bought %}{{ item.name }} {% endfor %}")
    assert said.text.startswith("sock lace")


def test_what_caused_it_and_where_the_customer_stands(message, now):
    cause = happened(message, now, "Order Completed", order_id="A<7>", nested={"a": 1})
    message.enrolment.interaction_id = cause.pk
    said = filled(
        message, body="{{ event.name }} {{ event.properties.order_id }} {{ event.order_id }} {{ event.nested.a }}"
    )
    assert said.text.startswith("Order Completed A<7> A<7> 1")
    assert "A&lt;7&gt;" in said.html


@pytest.mark.parametrize(
    "body", ["{{ customer.shoe }}", "{{ stage }}", "{{ last_viewed.name }}", "{{ event.at }}", "{{ link }}"]
)
def test_a_gap_without_default_is_not_sent(message, body):
    with pytest.raises(liquid.TemplateError):
        filled(message, body=body)
    assert filled(message, body=body.replace(" }}", " | default: 'none' }}")).text.startswith("none")


def test_a_gap_may_be_asked_for(message):
    assert filled(
        message, body="{% if customer.shoe == 'x' %}a{% endif %}{% unless customer.shoe %}b{% endunless %}"
    ).text.startswith("b")


def test_values_are_read_only_when_said(message, django_assert_num_queries):
    filled(message, body="Hello {{ customer.name }}")
    with django_assert_num_queries(0):
        contents.fill(message, CompanySettings())
    filled(message, body="Hello {{ customer.name }} {% for item in cart %}{{ item.name }}{% endfor %}")
    with django_assert_num_queries(1):
        contents.fill(message, CompanySettings())


def test_snippets_hold_liquid_and_are_read_again(message):
    Snippet.objects.create(name="bye", text="Yours,\n{{ company.name }}")
    contents.forget_cached()
    assert "Yours,\nBoots & Co" in filled(message, body="{{ snippets.bye }}").text
    Snippet.objects.update(text="Bye")
    contents.forget_cached()
    assert filled(message, body="{{ snippets.bye }}").text.startswith("Bye")
    with pytest.raises(liquid.TemplateError):
        filled(message, body="{{ snippets.none }}")


def test_the_brand_stands_around(message):
    Brand.objects.create(pk=1, accent="#112233", footer="Call 123 {{ x }}")
    contents.forget_cached()
    said = filled(message, blocks=[{"kind": "button", "label": "Go", "url": "https://x.example/"}])
    assert "#112233" in said.html
    assert "Call 123 {{ x }}" in seen(said.html).text
    assert "Call 123 {{ x }}" in said.text


TONES = {
    "body": "Hello",
    "tones": [
        {"name": "Formal", "persona": "Busy buyer", "subject": "Dear", "languages": {"de": {"body": "Sehr geehrte"}}},
        {"name": "Gold", "trait": ["plan", "=", "gold"], "body": "Golden"},
    ],
    "languages": {"de": {"subject": "Hallo", "body": "Guten Tag"}},
}


@pytest.mark.parametrize(
    ("persona", "traits", "subject", "body", "variant"),
    [
        ("", {}, "Hello", "Hello", ""),
        ("", {"plan": "gold"}, "Hello", "Golden", "Gold"),
        ("Busy buyer", {"plan": "gold"}, "Dear", "Hello", "Formal"),
        ("Busy buyer", {"locale": "de_AT"}, "Dear", "Sehr geehrte", "Formal · de"),
        ("", {"plan": "gold", "language": "de"}, "Hallo", "Guten Tag", "de"),
        ("", {"locale": "fr"}, "Hello", "Hello", ""),
    ],
)
def test_tone_and_language(message, persona, traits, subject, body, variant):
    message.customer.persona = Persona.objects.get_or_create(name=persona)[0] if persona else None
    message.customer.traits = traits
    said = filled(message, **TONES)
    assert (said.subject, said.text.split("\n")[0], said.variant) == (subject, body, variant)


def test_mjml_of_ones_own(message):
    inner = "<mj-text>Hi {{ customer.name }}</mj-text><mj-raw><script>alert(1)</script></mj-raw>"
    own = f"<mjml><mj-body><mj-section><mj-column>{inner}</mj-column></mj-section></mj-body></mjml>"
    said = filled(message, mjml=own)
    assert runs(said.html) == []
    assert said.text.startswith("Hi Ann Price")
    assert said.unsubscribe_url in said.html
    part = filled(
        message, mjml="<mj-section><mj-column><mj-text><b onclick='x'>Hi</b></mj-text></mj-column></mj-section>"
    )
    assert runs(part.html) == []
    assert "Boots & Co" in seen(part.html).text


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ({"mjml": "<mj-section>"}, "mjml"),
        ({"mjml": "<mjml><mj-body><mj-include path='/etc/passwd'/></mj-body></mjml>"}, "mjml"),
        ({"mjml": "<div>" * 5000}, "nested"),
        ({"mjml": "<mj-section background-color='{{ customer.x }}'><mj-column></mj-column></mj-section>"}, "not in"),
        ({"body": "x", "blocks": BLOCKS}, "one of body"),
        ({"body": "{{ x"}, "body"),
        ({"body": "{{ x | safe }}"}, "body: unknown filter 'safe'"),
        ({"body": "x", "nonsense": 1}, "nonsense"),
        ({"body": "x", "track": "no"}, "track"),
        ({"body": "x", "tones": [{"name": "A", "body": "y"}]}, "tones, 1: say whom"),
        ({"body": "x", "tones": [{"name": "A", "trait": ["x", "~", 1]}]}, "tones, 1"),
        ({"body": "x", "languages": {"de": {"body": ""}}}, "languages, de: body"),
        ({"blocks": []}, "blocks"),
        ({"blocks": [{"kind": "image", "image": "a" * 64, "alt": ""}]}, "alt"),
        ({"blocks": [{"kind": "button", "label": "x", "url": "javascript:alert(1)"}]}, "url"),
        ({"blocks": [{"kind": "score"}]}, "survey"),
        ({"channel": "sms", "blocks": BLOCKS}, "plain text"),
        ({"channel": "email", "body": "x", "button": {"label": "x", "url": "https://x.example"}}, "button"),
    ],
)  # fmt: skip
def test_what_is_refused_and_where(words, problem):
    with pytest.raises(contents.ContentError, match=problem):
        contents.check(StepKind.MESSAGE, {"channel": "email", "topic": "news", "subject": "x", **words})


def test_hostile_values_stay_text(message, now):
    cause = happened(message, now, "X")
    for text in [*XSS, *NAUGHTY, *NUL]:
        _hostile_values(message, cause, now, text)


def _hostile_values(message, cause, now, text):
    message.customer.name = text
    message.customer.traits = {"plan": text, "url": text}
    kept = text.replace("\x00", "")
    Interaction.objects.filter(pk=cause.pk).update(properties={"note": kept, "url": kept})
    Interaction.objects.filter(event="Product Added").delete()
    happened(message, now, "Product Added", **dict.fromkeys(("name", "url", "image_url"), kept))
    message.enrolment.interaction_id = cause.pk
    some = "{{ customer.name | default: 'x' }} {{ customer.plan }} {{ event.note }} {{ event.url }}"
    linked = "[x]({{ customer.url }}) [y](https://x.example/{{ customer.plan }}) {{ customer.url | newline_to_br }}"
    said = filled(
        message,
        subject="Hi {{ customer.plan }}",
        blocks=[
            {"kind": "text", "text": f"{some} {linked} {{{{ customer.url | upcase }}}}"},
            {"kind": "button", "label": some, "url": "{{ event.url }}"},
            {"kind": "image", "image": "a" * 64, "alt": some, "url": "{{ customer.url }}"},
            {"kind": "products", "from": "cart", "button": "Look"},
        ],
    )  # fmt: skip
    assert runs(said.html) == [], text
    assert not {"\r", "\n", "\x00"} & set(said.subject)
    mail = email.message_from_bytes(mime.build(_outgoing(said)), policy=email.policy.default)
    assert mail["Bcc"] is None
    shown = " ".join("".join(c if c.isprintable() else " " for c in said.subject).split())  # what nobody can see goes
    assert " ".join(str(mail["Subject"]).split()) == shown
    assert len(mail.get_all("Subject")) == 1


def _outgoing(said: contents.Content) -> Outgoing:
    return Outgoing(
        "id",
        "Boots",
        "hello@shop.example",
        "ann@mail.example",
        "Ann",
        said.subject,
        said.text,
        said.html,
        said.unsubscribe_url,
    )


def test_hostile_words_stay_text(message):
    """Of somebody who writes them, in a body and in a block."""
    Brand.objects.create(pk=1)
    for text in [*XSS, *NAUGHTY]:
        if "{{" not in text and "{%" not in text and text.strip():
            _hostile_words(message, text)


def _hostile_words(message, text):
    Brand.objects.update(footer=text[:1000])
    contents.forget_cached()
    for settings in (
        {"body": text},
        {"blocks": [{"kind": "text", "text": text}, {"kind": "heading", "text": text[:500]}]},
    ):
        assert runs(filled(message, subject=text[:400], preheader=text[:300], **settings).html) == []


def test_limits_of_liquid(message):
    for body in (
        "{% for a in (1..9999999) %}x{% endfor %}",
        "{{ 'x' | times: 9 }}{% for a in (1..9000) %}{{ customer.name }}" + "y" * 200 + "{% endfor %}",
    ):
        with pytest.raises(liquid.TemplateError):
            filled(message, body=body)
    with pytest.raises(contents.ContentError):
        filled(message, body="x" * 70_000)
    for source in ("{% include 'a' %}", "{% render 'a' %}"):
        with pytest.raises((contents.ContentError, liquid.TemplateError)):
            filled(message, body=source)


def test_sms(message):
    said = filled(message, channel="sms", body="Hi {{ customer.name }} <3")
    assert (said.text, said.html, said.subject) == ("Hi Ann Price <3\nReply STOP to opt out", "", "Hello")
    assert filled(message, channel="sms", body="Stop it").text == "Stop it"
    assert filled(message, channel="sms", topic="service", body="Hi").text == "Hi"


def test_a_note_on_the_web_site(message):
    button = {"label": "For {{ customer.name }}", "url": "https://shop.example/"}
    said = filled(message, channel="web", body="Hi **{{ customer.name }}**", button=button, track=False, utm=False)
    assert said.text == "Hi **Ann Price**"
    assert said.html == '<p style="">Hi **Ann Price**</p>'
    assert said.payload == {"button": {"label": "For Ann Price", "url": "https://shop.example/"}}


def test_a_webhook(message, now):
    cause = happened(message, now, "Order Completed", order_id="7")
    message.enrolment.interaction_id = cause.pk
    message.step.kind, message.step.settings = (
        "webhook",
        {"endpoint": "Shop", "text": "{{ customer.name }}: {{ event.order_id }}"},
    )
    said = contents.fill(message, CompanySettings())
    assert said.text == "Ann Price: 7"
    endpoint = Webhook(url="https://erp.example/", shape="standard", secrets=[])
    body = endpoint._body(outgoing(payload=said.payload))
    assert (body["type"], datetime.fromisoformat(body["timestamp"]).tzinfo) == ("campaign.step", UTC)
    assert body["data"] == {
        "campaign": {"id": message.enrolment.campaign_id, "name": "Thank you"},
        "step": str(message.step.key),
        "customer": {
            "id": message.customer_id, "external_ids": [], "email": "ann@mail.example", "name": "Ann Price",
            "traits": {"plan": "gold"},
        },
        "cause": {"event": "Order Completed", "at": now.isoformat(), "properties": {"order_id": "7"}},
        "text": "Ann Price: 7",
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["survey", "review_request"])
def test_the_standard_words_as_a_mail(message, now, kind):
    survey = Survey.objects.get(name="NPS")
    message.invitation = Invitation.objects.create(
        key="x", customer=message.customer, survey=survey if kind == "survey" else None, channel="email", created_at=now
    )
    message.step.kind = kind
    message.step.settings = {"survey": "NPS"} if kind == "survey" else {"sites": ["Web shop reviews"]}
    said = contents.fill(message, CompanySettings(name="Boots & Co"))
    link = links.url("survey", "s", message.invitation.pk)
    mail = email.message_from_bytes(mime.build(_outgoing(said)), policy=email.policy.default)
    assert mail["Subject"] == said.subject
    assert link in mail.get_body(("plain",)).get_content().replace("\r", "")
    page = seen(mail.get_body(("html",)).get_content())
    hrefs = [one["href"] for one in page.all("a")]
    scores = [f"{link}?score={n}" for n in range(11)] if kind == "survey" else []
    assert hrefs[: len(scores) + 1] == [*scores, link]
    assert "Ann" in page.text


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("Hi {{ customer.first_name | default: 'there' }}!", "Hi [first name]!"),
        ("{{plan}} {{- event.order_id -}}", "[plan] [order id]"),
        ("None here", "None here"), ("{{ broken", "{{ broken"), ("{% if a %}b{% endif %}", "{% if a %}b{% endif %}"),
    ],
)  # fmt: skip
def test_a_template_in_words(source, said):
    assert liquid.in_words(source) == said
