"""Customers, companies and consents in from files and out to them."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core import exporting, importing, jobs
from apps.core.enums import Origin
from apps.core.models import Change
from apps.customers import erased
from apps.customers.actions import consents
from apps.customers.enums import Choice
from apps.customers.models import (
    Company,
    CompanyMember,
    Consent,
    Customer,
    ErasedIdentity,
    Erasure,
    Identity,
    Membership,
    Segment,
    Topic,
)
from apps.staff.enums import Role
from tests.factories import CustomerFactory, UserFactory, staff
from tests.transfers import begin, bring, counts, refused, rows_of, take_away, work

pytestmark = pytest.mark.django_db

HEAD = b"id,email,phone,name,country,time zone,tags,owner,company,role,trait: plan\n"


def file(*rows: str, head: bytes = HEAD) -> bytes:
    return head + "\n".join(rows).encode() + b"\n"


def with_id(customer, value):
    Identity.objects.create(kind="external", value=value, customer=customer)
    return customer


# What cannot be taken


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (",,,Ann,,,,,,,", "needs an external id, an e-mail or a phone number"),
        ("guest,,,,,,,,,,", "External id: “guest” is sent by many systems for nobody, so it cannot be an id"),
        ("c1,ann at mail,,,,,,,,,", "E-mail: “ann at mail” is no e-mail address"),
        ("c1,,12,,,,,,,,", "Phone: “12” is no phone number; write it with its country code, such as +49 30 123456"),
        ("c1,,,,Germany,,,,,,", "Country: “Germany” is no country code of two letters, such as DE"),
        ("c1,,,,,Berlin,,,,,", "Time zone: “Berlin” is no time zone such as Europe/Berlin"),
        (f"c1,,,,,,{'x' * 51},,,,", "Tags: a tag may have at most 50 characters"),
        ("c1,,,,,,,who@else.example,,,", "nobody of the staff signs in as who@else.example"),
        (
            "c1,nope,,,XXX,,,,,,",
            "Country: “XXX” is no country code of two letters, such as DE; E-mail: “nope” is no e-mail address",
        ),
    ],
)
def test_what_is_wrong_is_said_in_words_and_the_others_come_in(now, row, problem):
    job = bring("customers", file(row, "c2,,,Bo,,,,,,,"), now)
    assert counts(job) == (1, 0, 0, 1)
    assert refused(job) == [problem]
    assert Customer.objects.get().name == "Bo"


def test_several_matches_are_refused_never_guessed(now):
    for _ in range(2):
        Identity.objects.create(kind="email", value="home@mail.example", customer=CustomerFactory(email=""))
    job = bring("customers", file(",home@mail.example,,,,,,,,,"), now)
    assert refused(job) == ["the e-mail “home@mail.example” matches 2 customers; say which one by an external id"]


def test_the_only_verified_one_of_several_is_meant(now):
    for name, verified in (("Ann", True), ("Bo", False)):
        customer = CustomerFactory(email="", name=name)
        Identity.objects.create(kind="email", value="home@mail.example", customer=customer, is_verified=verified)
    bring("customers", file(",home@mail.example,,,DE,,,,,,"), now)
    assert Customer.objects.get(country="DE").name == "Ann"


# What comes in


def test_a_new_customer_with_everything(now):
    owner = staff(Role.AGENT)
    row = f'c1,Ann@Mail.Example,030 123456,Ann Price,de,Europe/Berlin,"vip, shop",{owner.email},Fernhill,buyer,gold'
    job = begin("customers", file(row), now)
    assert (counts(job), Customer.objects.count(), Company.objects.count()) == ((1, 0, 0, 0), 0, 0)
    bring("customers", file(row), now)
    ann = Customer.objects.get()
    assert (ann.name, ann.email, ann.phone, ann.country, ann.time_zone, ann.tags, ann.owner, ann.traits) == (
        "Ann Price", "ann@mail.example", "+4930123456", "DE", "Europe/Berlin", ["vip", "shop"], owner, {"plan": "gold"},
    )  # fmt: skip
    assert ann.is_identified
    assert set(ann.identities.values_list("kind", "value")) == {
        ("external", "c1"), ("email", "ann@mail.example"), ("phone", "+4930123456"),
    }  # fmt: skip
    assert set(CompanyMember.objects.values_list("company__name", "customer", "role")) == {
        ("Fernhill", ann.pk, "buyer")
    }
    assert [(change.customer_id, change.origin) for change in Change.objects.all()] == [(ann.pk, Origin.IMPORT)]


def test_a_file_imported_twice_changes_nothing(now):
    content = file("c1,ann@mail.example,,Ann,DE,,vip,,Fernhill,buyer,gold", ",bo@mail.example,,Bo,,,,,Fernhill,,3")
    bring("customers", content, now)
    Change.objects.all().delete()
    before = list(Customer.objects.order_by("pk").values())
    assert counts(bring("customers", content, now)) == (0, 0, 2, 0)
    assert list(Customer.objects.order_by("pk").values()) == before
    assert (Company.objects.count(), Change.objects.count()) == (1, 0)


def test_changes_are_shown_old_and_new_and_empty_cells_change_nothing(now):
    ann = with_id(CustomerFactory(name="Ann", email="ann@mail.example", tags=["old"], traits={"plan": "free"}), "c1")
    job = begin("customers", file("c1,,,Ann Price,,,new,,,,gold"), now)
    assert importing.notes_of(job)["changes"] == [
        {
            "row": 2,
            "state": "changed",
            "title": "Ann",
            "changes": [["Name", "Ann", "Ann Price"], ["Tags", "old", "old, new"], ["plan", "free", "gold"]],
        }
    ]
    ann.refresh_from_db()
    assert (ann.name, ann.tags) == ("Ann", ["old"])
    bring("customers", file("c1,,,Ann Price,,,new,,,,gold"), now)
    ann.refresh_from_db()
    assert (ann.name, ann.email, ann.tags, ann.traits) == (
        "Ann Price", "ann@mail.example", ["old", "new"], {"plan": "gold"},
    )  # fmt: skip


def test_two_rows_of_one_person_in_one_file(now):
    job = bring("customers", file("c1,,,Ann,,,,,,,free", "c1,,,,DE,,,,,,gold"), now)
    assert counts(job) == (1, 1, 0, 0)
    ann = Customer.objects.get()
    assert (ann.name, ann.country, ann.traits) == ("Ann", "DE", {"plan": "gold"})


def test_somebody_with_another_external_id_is_somebody_else(now):
    with_id(CustomerFactory(email="home@mail.example"), "c1")
    assert counts(bring("customers", file("c2,home@mail.example,,Bo,,,,,,,"), now)) == (1, 0, 0, 0)
    assert Identity.objects.filter(value="home@mail.example").count() == 2


def test_a_customer_known_by_e_mail_gets_the_external_id(now):
    ann = CustomerFactory(email="ann@mail.example")
    assert counts(bring("customers", file("c1,ann@mail.example,,,,,,,,,"), now)) == (0, 1, 0, 0)
    assert Identity.objects.get(kind="external").customer == ann


def test_half_a_name_does_not_replace_a_whole_one(now):
    ann = with_id(CustomerFactory(name="Ann Price"), "c1")
    bring("customers", b"id,first name,last name\nc1,Anna,\n", now)
    ann.refresh_from_db()
    assert (ann.name, ann.traits) == ("Ann Price", {"firstName": "Anna"})
    bring("customers", b"id,first name,last name\nc1,Anna,Prize\n", now)
    ann.refresh_from_db()
    assert ann.name == "Anna Prize"


def test_a_company_of_two_equal_names_needs_its_id(now):
    Company.objects.create(name="Fernhill")
    Company.objects.create(name="Fernhill", external_id="f2")
    job = bring("customers", b"id,company,company id\nc1,Fernhill,\nc2,Fernhill,f2\n", now)
    assert refused(job) == ["2 companies are called “Fernhill”; say which one by its external id"]
    assert CompanyMember.objects.get().company.external_id == "f2"


def test_chunks_go_on_where_the_last_one_ended(now, monkeypatch):
    monkeypatch.setattr(importing, "CHUNK", 3)
    content = file(*(f"c{n},,,Name {n},,,,,,," for n in range(8)))
    job = begin("customers", content, now)
    importing.start(job=job, now=now)
    assert jobs.run_chunk(job.pk, now=now + timedelta(seconds=1))
    assert Customer.objects.count() == 3
    importing._close(job.pk)  # as in another worker
    job.refresh_from_db()
    assert counts(work(job)) == (8, 0, 0, 0)
    assert Customer.objects.count() == 8


def test_the_same_number_of_queries_for_2_rows_and_for_20(now):
    found = []
    for count in (2, 20):
        content = file(*(f"q{count}-{n},q{count}{n}@mail.example,,N,DE,,x,,,,gold" for n in range(count)))
        job = begin("customers", content, now)
        importing.start(job=job, now=now)
        with CaptureQueriesContext(connection) as queries:
            jobs.run_chunk(job.pk, now=now + timedelta(seconds=1))
        found.append(len(queries))
    assert found[0] == found[1]


# Consent


CONSENT = b"id,channel,topic,choice,evidence,consent time\n"


@pytest.fixture
def ann():
    return with_id(CustomerFactory(name="Ann", email="ann@mail.example"), "c1")


@pytest.fixture
def news():
    return Topic.objects.get_or_create(key="newsletter", defaults={"name": "Newsletter"})[0]


@pytest.mark.usefixtures("ann", "news")
@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("c1,email,newsletter,yes,,", "Consent: evidence: a yes needs evidence: where and how it was given"),
        ("c1,email,newsletter,maybe,paper,", "Consent: choice: “maybe” is neither yes nor no"),
        ("c1,,newsletter,yes,paper,", "Consent: channel: say for which channel, such as email"),
        ("c1,email,weather,yes,paper,", "there is no topic “weather”"),
        ("c1,email,newsletter,,paper,", "Consent: choice: write yes or no"),
        ("c1,email,newsletter,yes,paper,2031-01-01", "Consent: time: lies in the future"),
    ],
)
def test_consent_that_cannot_be_taken(now, row, problem):
    assert refused(bring("customers", file(row, head=CONSENT), now)) == [problem]
    assert not Consent.objects.exists()


def test_a_yes_with_evidence_once(now, ann, news):
    content = file("c1,email,newsletter,yes,signed paper 7,2026-01-05T10:00:00Z", head=CONSENT)
    assert counts(bring("customers", content, now)) == (0, 1, 0, 0)
    found = Consent.objects.get()
    assert (found.customer, found.topic, found.choice, found.evidence, found.at.isoformat()) == (
        ann, news, "in", "signed paper 7", "2026-01-05T10:00:00+00:00",
    )  # fmt: skip
    assert counts(bring("customers", content, now)) == (0, 0, 1, 0)


@pytest.mark.parametrize("topic", ["newsletter", None])
def test_a_no_stays_unless_the_yes_is_later_and_proven(now, ann, news, topic):
    consents.record(
        customer=ann, channel="email", topic=news if topic else None, choice=Choice.OUT, at=now - timedelta(days=10)
    )
    earlier = (now - timedelta(days=11)).isoformat()
    words = "they said no on 2026-02-20; only a yes from after that, with its time, counts"
    for at in (earlier, ""):
        job = bring("customers", file(f"c1,email,newsletter,yes,paper,{at}", head=CONSENT), now)
        assert refused(job) == [words]
    later = (now - timedelta(days=9)).isoformat()
    bring("customers", file(f"c1,email,newsletter,yes,paper,{later}", head=CONSENT), now)
    assert Consent.objects.latest("at").choice == Choice.IN


def test_a_no_of_an_address_counts_for_a_new_customer_too(now, news):
    consents.record(customer=None, channel="email", topic=news, choice=Choice.OUT, at=now, address="bo@mail.example")
    head = b"id,email,channel,topic,choice,evidence,consent time\n"
    job = bring("customers", file("c9,bo@mail.example,email,newsletter,yes,paper,2026-01-01", head=head), now)
    assert refused(job) == ["they said no on 2026-03-02; only a yes from after that, with its time, counts"]
    assert not Customer.objects.exists()


def test_consents_go_out_and_come_in_again(now, ann, news):
    for choice, at in ((Choice.IN, now - timedelta(days=3)), (Choice.OUT, now - timedelta(days=1))):
        consents.record(customer=ann, channel="email", topic=news, choice=choice, at=at, evidence="paper")
    consents.record(customer=None, channel="email", topic=None, choice=Choice.OUT, at=now, address="x@mail.example")
    content = take_away("consents")
    assert [row["Consent: choice"] for row in rows_of(content)] == ["yes", "no", "no"]
    job = bring("consents", content, now)
    # A yes from before the no would change nothing, and is there already.
    assert counts(job)[:2] == (0, 0)
    assert Consent.objects.count() == 3


# Out


def test_the_round_trip_of_customers_changes_nothing(now):
    owner = UserFactory(is_active=False)
    company = Company.objects.create(name="Fernhill", external_id="f1")
    ann = with_id(CustomerFactory(name="Ann", owner=owner, tags=["a", "b"], country="DE", time_zone="Nowhere"), "=1+1")
    Customer.objects.filter(pk=ann.pk).update(
        traits={"plan": "gold", "seats": 5, "rate": 1.5, "vip": True, "zip": "007", "none": None, "empty": "",
                "list": [1, {"a": "b"}], " spaced ": "x", "=f": "+1 a", "'=x": "'=x", "email": "old@x.example"}
    )  # fmt: skip
    CompanyMember.objects.create(company=company, customer=ann, role="buyer")
    CustomerFactory(name="Bo")
    shared = CustomerFactory(name="Cy", email="")
    for customer in (shared, CustomerFactory(name="Di", email="")):
        Customer.objects.filter(pk=customer.pk).update(email="home@mail.example")
        Identity.objects.create(kind="email", value="home@mail.example", customer=customer)
    before = list(Customer.objects.order_by("pk").values())
    for form in ("csv", "xlsx"):
        job = bring("customers", take_away("customers", form=form), now)
        assert counts(job) == (0, 0, 4, 0)
    assert list(Customer.objects.order_by("pk").values()) == before


def test_an_export_of_a_segment_holds_its_members_of_now(now):
    segment = Segment.objects.create(name="VIPs", kind="list")
    ann, bo = CustomerFactory(name="Ann"), CustomerFactory(name="Bo")
    CustomerFactory(name="Cy")
    Membership.objects.create(segment=segment, customer=ann, joined_at=now, origin="staff")
    Membership.objects.create(segment=segment, customer=bo, joined_at=now, left_at=now, origin="staff")
    found = rows_of(take_away("customers", options={"segment": str(segment.pk)}))
    assert [row["Name"] for row in found] == ["Ann"]


def test_slices_hold_everybody_once(now, monkeypatch):
    monkeypatch.setattr(exporting, "SLICE", 3)
    for _ in range(7):
        CustomerFactory()
    for form in ("csv", "xlsx"):
        found = [int(row["Milepost number"]) for row in rows_of(take_away("customers", form=form))]
        assert found == list(Customer.objects.order_by("pk").values_list("pk", flat=True))


def test_numbers_of_another_installation_change_nobody(now):
    ann = CustomerFactory(name="Ann", email="ann@mail.example")
    content = f"Milepost number,E-mail,Name\n{ann.pk},bo@mail.example,Bo\n999999,,X\n".encode()
    assert refused(bring("customers", content, now)) == [
        f"customer {ann.pk} is somebody else here; leave out the numbers",
        "there is no customer 999999",
    ]
    ann.refresh_from_db()
    assert ann.name == "Ann"


def test_companies_in_out_and_in_again(now):
    content = b"id,name,domain,country,trait: size\nf1,Fernhill,fernhill.example,de,40\n,Oakley,,,\n,,,,\n"
    assert counts(bring("companies", content, now)) == (2, 0, 0, 0)
    fern = Company.objects.get(external_id="f1")
    assert (fern.name, fern.domain, fern.country, fern.traits) == ("Fernhill", "fernhill.example", "DE", {"size": 40})
    assert counts(bring("companies", content, now)) == (0, 0, 2, 0)
    assert counts(bring("companies", take_away("companies"), now)) == (0, 0, 2, 0)
    assert counts(bring("companies", b"name,country\nOakley,FR\nFernhill,X\n", now)) == (0, 1, 0, 1)
    assert Company.objects.get(name="Oakley").country == "FR"
    assert isinstance(fern.created_at, datetime)


def test_somebody_who_was_erased_stays_erased(now):
    erasure = Erasure.objects.create(customer_id=1, at=now)
    for key in (("external", "c1"), ("email", "ann@mail.example")):
        ErasedIdentity.objects.create(digest=erased.digest(key), kind=key[0], erasure=erasure)
    content = file("c1,,,Ann,,,,,,,", ",ann@mail.example,,Ann,,,,,,,", "c2,ann@mail.example,,Somebody new,,,,,,,")
    assert refused(bring("customers", content, now)) == ["this person was erased"] * 2
    assert Customer.objects.get().name == "Somebody new"
