from collections.abc import Iterable

from django.db import connection

from apps.customers import folding
from apps.customers.enums import Choice, IdentityKind, TopicDefault
from apps.customers.models import Consent, Customer, CustomerQuerySet, Topic

SEARCH_SIZE = 20

# Two ordered scans of C-collated b-trees: prefix = range [term, term + highest character).
_SEARCH = """
    (SELECT customer_id FROM customers_identity
      WHERE value >= %(from)s AND value < %(to)s ORDER BY value, customer_id LIMIT %(scan)s)
    UNION ALL
    (SELECT customer_id FROM customers_searchterm
      WHERE term >= %(from_term)s AND term < %(to_term)s ORDER BY term, customer_id LIMIT %(scan)s)
"""
_HIGHEST = "\U0010ffff"


def search(*, text: str) -> list[Customer]:
    """The first customers whose name, e-mail, phone, id or order number begins with the text."""
    term = folding.term(text)
    if not term or "\x00" in text:
        return []
    exact = text.strip()
    with connection.cursor() as cursor:
        cursor.execute(
            _SEARCH,
            {
                "from": exact,
                "to": exact + _HIGHEST,
                "from_term": term,
                "to_term": term + _HIGHEST,
                "scan": SEARCH_SIZE * 3,
            },
        )
        ids = dict.fromkeys(row[0] for row in cursor.fetchall())
        if exact != term:
            cursor.execute(_SEARCH, {"from": term, "to": term + _HIGHEST, "from_term": "", "to_term": "", "scan": 60})
            ids |= dict.fromkeys(row[0] for row in cursor.fetchall())
    if exact.isdigit() and len(exact) < 18:
        ids[int(exact)] = None
    found = Customer.objects.present().select_related("persona").in_bulk(list(ids))
    return [found[pk] for pk in ids if pk in found][:SEARCH_SIZE]


def with_identity(*, value: str) -> CustomerQuerySet:
    """Customers with exactly that e-mail, phone, external or anonymous id."""
    folded = {folding.identity(kind, value) for kind in IdentityKind} | {value}
    wanted = [one for one in folded if one and "\x00" not in one]
    return Customer.objects.present().filter(identities__value__in=wanted).distinct()


def final_ids(*, customer_ids: Iterable[int]) -> dict[int, int]:
    """Each of these customers and where it leads to: itself, or the one it was merged into. The erased are left out."""
    rows = Customer.objects.filter(pk__in=customer_ids).values_list("pk", "merged_into_id")
    return {pk: merged_into or pk for pk, merged_into in rows}


def says_no(*, customer: Customer, address: str, channel: str, topic: Topic) -> str | None:
    """Why this topic may not be sent there, or None. Strictest wins between the customer and the address."""
    answers = Consent.objects.about(channel=channel, topic=topic).order_by("-at", "-id")
    folded = folding.address(channel=channel, value=address)
    by_customer = answers.filter(customer=customer).first()
    by_address = answers.filter(address=folded).exclude(address="").first()
    for answer in (by_customer, by_address):
        if answer is not None and answer.choice == Choice.OUT:
            return f"said no to {answer.topic or 'everything'} on {answer.at:%Y-%m-%d}"
    if topic.default == TopicDefault.NEEDS_OPT_IN and by_customer is None:
        return f"has not said yes to {topic}"
    return None
