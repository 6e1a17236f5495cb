"""Which rule fits which interaction, and which of several wins."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.comparison import RuleError
from apps.touchpoints.matching import CONDITIONS, Catalogue, Traffic, host_of, path_of, read_place, read_rules

SHOP = "https://www.shop.example"


def traffic(event="Page Viewed", by="customer", channel="web", properties=None, **page) -> Traffic:
    context = {"page": page} if page else {}
    return Traffic(event, by, channel, properties or {}, context)


def matched(rules: list[list[dict]], found: Traffic) -> int | None:
    """Touchpoints have the ids 1, 2, …"""
    catalogue = Catalogue([(number, "email", entries) for number, entries in enumerate(rules, 1)])
    entry = catalogue.match(found)
    return entry.touchpoint_id if entry else None


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({}, "must be a list"),
        (["Order Completed"], "Rule 1"),
        ([{}], "at least one condition"),
        ([{"event": "  "}], "at least one condition"),
        ([{"event": "X"}, {"name": "X"}], "Rule 2"),
        ([{"event": 5}], "must be text"),
        ([{"event": "x" * 201}], "at most 200"),
        ([{"event": "a\x00"}], "must be text"),
        ([{"channel": "pigeon"}], "pigeon"),
        ([{"url": "checkout"}], "/checkout*"),
        ([{"url": "mailto:ann@mail.example"}], "/checkout*"),
        ([{"referrer": "google"}], "google.com"),
        ([{"referrer": "https://"}], "google.com"),
        ([{"event": str(n)} for n in range(21)], "at most 20"),
    ],
)
def test_rules_that_cannot_be_read(value, said):
    with pytest.raises(RuleError, match=r".") as caught:
        read_rules(value)
    assert said in str(caught.value)


def test_rules_are_stored_trimmed_and_cut_to_what_is_compared():
    rules = [
        {"event": " Order Completed ", "channel": ""},
        {"url": "https://shop.example/checkout*?step=1", "referrer": "https://www.Google.com/search?q=boots"},
        {"event": "Order Completed"},
    ]
    assert read_rules(rules) == [{"event": "Order Completed"}, {"url": "/checkout*", "referrer": "www.google.com"}]


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("/checkout", "/checkout", True),
        ("/checkout", "/checkout/", True),
        ("/checkout/", "/checkout", True),
        ("/checkout", "/Checkout", True),
        ("/checkout", "/checkout/pay", False),
        ("/checkout", "/checkout?step=2", True),
        ("/checkout", "/checkout#pay", True),
        ("/checkout*", "/checkout/pay", True),
        ("/checkout*", "/checkouts", True),
        ("/checkout/*", "/checkout", False),
        ("/checkout/*", "/checkout/pay", True),
        ("/c/*/boots", "/c/men/boots", True),
        ("/c/*/boots", "/c/men/sale/boots", True),
        ("/c/*/boots", "/c/boots", False),
        ("*/boots", "/c/men/boots", True),
        ("*", "/", True),
        ("/", "/", True),
        ("/", "", False),
        ("/", "/home", False),
        ("/a*a", "/a", False),
        ("/a*a", "/aa", True),
        ("/caf%C3%A9", "/café", True),
        ("/café", "/caf%C3%A9", True),
        ("/café", "/cafe\u0301", True),
        ("/Straße", "/STRASSE", True),
    ],
)
def test_a_page_is_a_path_where_a_star_stands_for_anything(pattern, path, fits):
    rules = [[entry] for entry in read_rules([{"url": pattern}])]
    assert (matched(rules, traffic(url=SHOP + path) if path else traffic()) == 1) is fits


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://shop.example", "/"),
        ("https://shop.example?x=/y", "/"),
        ("//shop.example/a", "/a"),
        ("https://ann:secret@shop.example:8443/a", "/a"),
        ("HTTPS://SHOP.EXAMPLE/A", "/a"),
        ("javascript:alert(1)", ""),
        ("javascript://shop.example/%0aalert(1)", "/\nalert(1)"),
        ("data:text/html,<script>", ""),
        ("mailto:ann@mail.example", ""),
        ("https://[::1/a", "/a"),
        ("https://[not-an-address]/a", "/a"),
        ("/a/%zz/%ff", "/a/%zz/\ufffd"),
        ("", ""),
        ("   ", ""),
        ("\x00", ""),
    ],
)
def test_hostile_addresses_have_a_path_or_none_and_never_fail(url, path):
    assert path_of(url) == path


@pytest.mark.parametrize(
    ("referrer", "host"),
    [
        ("https://www.google.com/search?q=x", "www.google.com"),
        ("https://GOOGLE.com.:443/", "google.com"),
        ("android-app://com.google.android.gm", "com.google.android.gm"),
        ("google.com/path", "google.com"),
        ("https://münchen.example/", "xn--mnchen-3ya.example"),
        ("https://xn--mnchen-3ya.example/", "xn--mnchen-3ya.example"),
        ("https://google.com@evil.example/", "evil.example"),
        ("https://evil.example\\@google.com/", "evil.example"),
        ("https://" + "ü" * 300 + ".example/", ""),
        ("https://ü..example/", ""),
        ("https://a b.example/", ""),
        ("https://<script>.example/", ""),
        ("", ""),
    ],
)
def test_the_site_of_a_referrer(referrer, host):
    assert host_of(referrer) == host


@pytest.mark.parametrize(
    ("site", "referrer", "fits"),
    [
        ("google.com", "https://google.com/", True),
        ("google.com", "https://www.google.com/", True),
        ("google.com", "https://evilgoogle.com/", False),
        ("google.com", "https://google.com.evil.example/", False),
        ("www.google.com", "https://google.com/", False),
        ("münchen.example", "https://www.MÜNCHEN.example/", True),
        ("google.com", "", False),
    ],
)
def test_a_referrer_is_a_site_with_its_subdomains(site, referrer, fits):
    rules = [[entry] for entry in read_rules([{"referrer": site}])]
    assert (matched(rules, traffic(referrer=referrer)) == 1) is fits


@pytest.mark.parametrize(
    ("context", "fits"),
    [
        ({"campaign": {"source": "News", "medium": "EMAIL", "name": "spring_sale"}}, True),
        ({"campaign": {"source": "news", "medium": "email", "name": "summer"}}, False),
        ({"campaign": {"source": "news"}}, False),
        ({"campaign": {"source": ["news"], "medium": {}, "name": 5}}, False),
        ({"campaign": "news"}, False),
        ({"page": {"url": f"{SHOP}/?utm_source=news&utm_medium=email&utm_campaign=spring_1#x"}}, True),
        ({"page": {"url": f"{SHOP}/?a=1#utm_source=news&utm_medium=email&utm_campaign=spring_1"}}, False),
        ({"page": {"url": f"{SHOP}/?utm_source=" + "&a=1" * 200}}, False),
        ({"page": ["/"]}, False),
        ({}, False),
    ],
)
def test_utm_values_come_from_the_campaign_or_the_address(context, fits):
    rules = [[{"utm_source": "news", "utm_medium": "email", "utm_campaign": "Spring*"}]]
    assert (matched(rules, Traffic("Page Viewed", "customer", "web", {}, context)) == 1) is fits


@pytest.mark.parametrize(
    ("rules", "winner"),
    [
        ([[{"event": "Page Viewed"}], [{"event": "Page Viewed", "channel": "web"}]], 2),
        ([[{"url": "/shop*"}], [{"url": "/shop/boots*"}]], 2),
        ([[{"url": "/shop*"}], [{"event": "Page Viewed"}]], 1),
        ([[{"event": "Page Viewed"}], [{"event": "Page Viewed"}]], 1),
        ([[{"event": "Order Completed"}, {"event": "Page Viewed"}]], 1),
        ([[{"event": "Order Completed"}], [{"channel": "app"}]], None),
        ([[{"event": "page viewed"}]], None),
        ([[{"channel": "web"}], [{"utm_source": "news"}, {"referrer": "google.com", "url": "*boots"}]], 2),
        ([], None),
    ],
)
def test_the_rule_that_says_more_wins_then_the_longer_page_then_the_older_touchpoint(rules, winner):
    found = traffic(url=f"{SHOP}/shop/boots", referrer="https://www.google.com/")
    assert matched(rules, found) == winner


def test_a_rule_without_an_event_is_about_customers_only():
    page = {"url": f"{SHOP}/checkout"}
    rules = [[{"url": "/checkout*"}]]
    assert matched(rules, traffic(event="Identify", by="machine", **page)) is None
    assert matched(rules, traffic(event="Order Shipped", by="company", **page)) is None
    assert matched([[{"event": "Order Shipped"}]], traffic(event="Order Shipped", by="company")) == 1


def test_where_the_page_is_read_from():
    context, properties = {"page": {"url": f"{SHOP}/a", "path": "/b"}}, {"url": f"{SHOP}/c", "path": "/d"}
    assert read_place(properties, context).path == "/a"
    assert read_place(properties, {"page": {"path": "/b"}}).path == "/c"
    assert read_place({"path": "/d"}, {"page": {"path": "/b"}}).path == "/b"
    assert read_place({"path": "/d"}, {"page": 5}).path == "/d"
    assert read_place({"url": 5, "referrer": ["x"]}, {"page": None}).path == ""


def test_a_long_address_and_many_stars_come_to_an_end():
    # Backtracking would not end within the age of the universe.
    rules = read_rules([{"url": "/" + "a*" * 90 + "b"}])
    assert Catalogue([(1, "web", rules)]).match(traffic(url=SHOP + "/" + "a" * 10_000)) is None


ENTRY = st.dictionaries(
    st.sampled_from(CONDITIONS), st.sampled_from(["web", "/a", "/a/b", "/a*", "x.example"]), min_size=1
).filter(lambda entry: entry.get("channel", "web") == "web" and entry.get("url", "/").startswith("/"))
TOUCHPOINTS = st.lists(st.tuples(st.sampled_from(["web", "email"]), st.lists(ENTRY, max_size=4)), max_size=5)


@given(touchpoints=TOUCHPOINTS, data=st.data())
def test_the_order_of_touchpoints_and_rules_is_of_no_consequence(touchpoints, data):
    numbered = [(pk, channel, rules) for pk, (channel, rules) in enumerate(touchpoints, 1)]
    shuffled = [
        (pk, channel, data.draw(st.permutations(rules))) for pk, channel, rules in data.draw(st.permutations(numbered))
    ]
    for event in ("web", "/a", "other"):
        campaign = {"source": "/a", "medium": "web", "name": "/a/b"}
        context = {"page": {"path": "/a/b", "referrer": "https://www.x.example/"}, "campaign": campaign}
        found = Traffic(event, "customer", "web", {}, context)
        assert Catalogue(numbered).match(found) == Catalogue(shuffled).match(found)
