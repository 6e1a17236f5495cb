"""domain.md, "Identity", sentence by sentence."""

import threading
from datetime import UTC, datetime

import pytest
from django.db import connection, connections, transaction

from apps.customers import selectors
from apps.customers.actions import consents, identities, merges
from apps.customers.actions.identities import Claim
from apps.customers.enums import Choice
from apps.customers.models import Consent, Customer, Identity, Topic
from tests.factories import CustomerFactory

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def stitch(*claims: Claim) -> list[int]:
    with transaction.atomic():
        return identities.stitch(claims=claims, at=NOW).customer_ids


@pytest.mark.django_db
class TestStitching:
    def test_the_same_id_is_the_same_customer(self):
        assert len(set(stitch(Claim("u1"), Claim("u1")) + stitch(Claim("u1")))) == 1
        assert len(set(stitch(Claim("u1"), Claim("u2"), Claim(anonymous_id="u1")))) == 3

    def test_anonymous_becomes_known_and_keeps_the_row(self):
        (visitor,) = stitch(Claim(anonymous_id="a1"))
        assert not Customer.objects.get(pk=visitor).is_identified
        assert stitch(Claim("u1", "a1")) == [visitor]
        assert Customer.objects.get(pk=visitor).is_identified

    def test_an_anonymous_customer_merges_into_the_known_one(self):
        (known,) = stitch(Claim("u1"))
        (visitor,) = stitch(Claim(anonymous_id="a1"))
        assert stitch(Claim("u1", "a1")) == [known]
        assert Customer.objects.get(pk=visitor).merged_into_id == known
        assert stitch(Claim(anonymous_id="a1")) == [known]

    def test_an_anonymous_id_seen_with_a_second_user_belongs_to_it_for_what_is_new(self):
        (first,) = stitch(Claim("u1", "a1"))
        (second,) = stitch(Claim("u2", "a1"))
        assert first != second
        assert stitch(Claim(anonymous_id="a1")) == [second]
        assert not Customer.objects.exclude(merged_into=None).exists()

    def test_two_identified_customers_never_merge_by_themselves(self):
        first, second = stitch(Claim("u1"), Claim("u2"))
        assert stitch(Claim("u1", previous_id="u2")) == [first]
        assert {first, second} == set(Customer.objects.present().values_list("pk", flat=True))

    def test_several_in_one_batch(self):
        claims = [Claim(anonymous_id="a1"), Claim("u1"), Claim("u1", "a1"), Claim(anonymous_id="a2"), Claim("u1", "a2")]
        assert len(set(stitch(*claims))) == 1
        assert Customer.objects.present().count() == 1

    def test_emails_are_not_unique_and_never_guessed(self):
        traits = {"email": "Ann@Mail.example"}
        first, second = stitch(Claim("u1", traits=traits), Claim("u2", traits=traits))
        assert first != second
        found = selectors.with_identity(value="ann@mail.example").order_by("pk")
        assert [customer.pk for customer in found] == sorted([first, second])

    def test_a_public_key_sets_no_new_address_on_somebody_identified(self):
        (pk,) = stitch(Claim("u1", traits={"email": "ann@mail.example", "name": "Ann"}))
        stitch(Claim("u1", traits={"email": "evil@mail.example", "phone": "+491511234567", "x": 1}, is_public=True))
        customer = Customer.objects.get(pk=pk)
        assert (customer.email, customer.phone, customer.traits["x"]) == ("ann@mail.example", "", 1)
        assert not Identity.objects.filter(value="evil@mail.example").exists()
        assert not Identity.objects.filter(is_verified=True).exists()

    def test_a_public_key_sets_no_address_on_somebody_known_by_id_alone(self):
        (pk,) = stitch(Claim("u1"))
        stitch(Claim("u1", traits={"email": "evil@mail.example"}, is_public=True))
        assert Customer.objects.get(pk=pk).email == ""

    def test_a_public_key_may_introduce_somebody_new(self):
        (pk,) = stitch(Claim("u1", "a1", traits={"email": "new@mail.example"}, is_public=True))
        assert Customer.objects.get(pk=pk).email == "new@mail.example"


@pytest.mark.django_db
class TestMerging:
    def test_consent_never_loosens(self):
        news = Topic.objects.get(key="news")
        gone, kept = CustomerFactory(), CustomerFactory()
        consents.record(
            customer=gone, channel="email", topic=news, choice=Choice.OUT, at=datetime(2025, 1, 1, tzinfo=UTC)
        )
        consents.record(
            customer=kept, channel="email", topic=news, choice=Choice.IN, at=datetime(2026, 1, 1, tzinfo=UTC)
        )
        with transaction.atomic():
            merges.absorb(gone_ids=[gone.pk], kept_ids=[kept.pk])
        says_no = selectors.says_no(customer=kept, address=kept.email, channel="email", topic=news)
        assert says_no is not None
        assert not Consent.objects.filter(customer=gone).exists()

    def test_who_was_merged_before_leads_to_the_last(self):
        first, second, third = (CustomerFactory() for _ in range(3))
        with transaction.atomic():
            merges.absorb(gone_ids=[first.pk], kept_ids=[second.pk])
            merges.absorb(gone_ids=[second.pk], kept_ids=[third.pk])
        first.refresh_from_db()
        assert first.merged_into_id == third.pk


@pytest.mark.django_db(transaction=True)
def test_a_storm_of_the_same_ids_makes_one_customer():
    errors: list[Exception] = []

    def run(number: int) -> None:
        try:
            for step in range(15):
                stitch(Claim(f"u{step % 3}", f"a{(step + number) % 3}"), Claim(anonymous_id=f"b{step % 5}"))
        except Exception as error:  # noqa: BLE001 - told below
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not errors
    known = Identity.objects.filter(kind="external").values("customer").distinct()
    assert known.count() == Identity.objects.filter(kind="external").count() == 3
    assert Identity.objects.filter(kind="anonymous").count() == 8
    assert connection.vendor == "postgresql"
