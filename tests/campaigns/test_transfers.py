import pytest

from apps.campaigns.models import Suppression
from tests.transfers import bring, counts, refused, take_away

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("not an address,,x", "Address: “not an address” is neither an e-mail address nor a phone number"),
        (",,x", "Address: is missing"),
        ("a@mail.example,,%s" % ("x" * 301), "Reason: at most 300 characters"),
    ],
)
def test_what_cannot_be_taken(now, row, problem):
    assert refused(bring("suppressions", f"address,channel,reason\n{row}\n".encode(), now)) == [problem]


def test_addresses_are_folded_and_the_first_reason_stays(now):
    content = b"address,channel,reason\nAnn@Mail.Example,,bounced\n+49 30 123456,,\nann@mail.example,email,complained\n"
    assert counts(bring("suppressions", content, now)) == (2, 0, 1, 0)
    assert list(Suppression.objects.order_by("pk").values_list("channel", "address", "reason")) == [
        ("email", "ann@mail.example", "bounced"),
        ("sms", "+4930123456", "imported"),
    ]
    for form in ("csv", "xlsx"):
        assert counts(bring("suppressions", take_away("suppressions", form=form), now)) == (0, 0, 2, 0)
    Suppression.objects.filter(channel="email").update(until=now)
    assert counts(bring("suppressions", content, now)) == (0, 1, 2, 0)
    assert not Suppression.objects.exclude(until=None).exists()
