"""After an erasure nothing tells who it was: not a row, not a file, not the audit, not the broker, not the logs."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType

from apps.campaigns.actions import delivering
from apps.campaigns.models import Enrolment, Message, Suppression
from apps.core import jobs, registry
from apps.core.enums import FileRole, JobState, Origin
from apps.core.models import Change, Job, JobFile
from apps.customers.actions import consents, duplicates, erasing, merges, undoing
from apps.customers.actions.identities import Claim
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
from apps.feedback.actions import responses
from apps.feedback.models import Case, Invitation, Review, ReviewSite, Survey
from apps.staff.enums import Role
from apps.staff.models import Notice
from apps.touchpoints.actions import ingest, log, sources
from apps.touchpoints.enums import By, Channel, SourceKind
from apps.touchpoints.models import Interaction, RefusedItem, SeenEvent, SeenProperty
from tests.everything import broker_keys_with, tables_with
from tests.factories import CustomerFactory, campaign, enrolled, published_shop, run_and_deliver, staff
from tests.pipeline import drain
from tests.touchpoints.sending import post, track

pytestmark = pytest.mark.django_db
MARK = "zq7mark81"
EMAIL = f"{MARK}@mail.example"


@pytest.fixture
def admin():
    return staff(Role.ADMIN)


@pytest.fixture
def source():
    return sources.create(name="Shop", kind=SourceKind.SERVER)


@pytest.fixture
def send(client, source):
    def send(*items: dict) -> None:
        assert post(client, source, "batch", {"batch": list(items)}).status_code == 200

    return send


def ident(**changes) -> dict:
    return {"type": "identify", "userId": MARK, **changes}


@pytest.fixture
def person(now, admin, send, source):
    """Somebody who left the mark wherever a person can."""
    journey = published_shop(now)
    traits = {"name": f"Ann {MARK}", "email": EMAIL, "phone": "+46701740605", "nick": MARK, "street": f"{MARK} Road 5"}
    send(
        ident(traits=traits),
        track(f"Order {MARK}", userId=MARK, anonymousId=f"an-{MARK}", properties={"order_id": MARK, "text": MARK},
              context={"page": {"url": f"https://shop.example/{MARK}"}}),
        track("Order Completed", userId=MARK, timestamp=(now - timedelta(days=3)).isoformat()),
        {"type": "nonsense", "userId": MARK, "traits": {"email": EMAIL}},
    )  # fmt: skip
    drain(now)
    customer = Customer.objects.get(email=EMAIL)
    customer.name = f"Anna {MARK}"  # the audit has the name of before, too
    customer.save()
    other = CustomerFactory(name=f"A. {MARK}", email=EMAIL)
    _feedback(customer, now)
    _sending(customer, now)
    _staff_work(customer, admin, now)
    undone = merges.merge(kept=customer, gone=other, reason=MARK, by=admin, now=now)
    undoing.undo(merge=undone, by=admin, now=now)
    merges.merge(kept=customer, gone=other, reason=MARK, by=admin, now=now)
    drain(now)
    assert journey.pk
    return Customer.objects.get(pk=customer.pk)


def _feedback(customer: Customer, now) -> None:
    survey = Survey.objects.create(name="NPS of the test", kind="nps", question="?")
    invitation = Invitation.objects.create(
        key=f"k-{MARK}", customer=customer, survey=survey, channel="email", created_at=now
    )
    responses.answer(invitation=invitation, score=1, comment=f"I, {MARK}, am cross", now=now)
    Case.objects.create(customer=customer, kind="complaint", title=f"Call {MARK}", due_at=now)
    site = ReviewSite.objects.create(name="Site of the test", url="https://r.example")
    review = Review.objects.create(
        site=site, external_id=MARK, customer=customer, author=MARK, rating=1, title=MARK, text=MARK, published_at=now
    )
    review.title = f"{MARK} again"
    review.save()


def _sending(customer: Customer, now) -> None:
    enrolled(campaign(now), customer, now)
    run_and_deliver(now)
    assert Message.objects.filter(address=EMAIL, state="sent").exists()
    news = Topic.objects.get(key="news")
    consents.record(customer=customer, channel="email", topic=news, choice=Choice.OUT, at=now, evidence=MARK)
    consents.record(customer=None, address=EMAIL, channel="email", topic=None, choice=Choice.OUT, at=now)
    Suppression.objects.create(channel="email", address=EMAIL, reason=f"bounced {MARK}")


def _staff_work(customer: Customer, admin, now) -> None:
    log.enter(customer=customer, event="Call", by=By.CUSTOMER, channel=Channel.PHONE, at=now, now=now,
              note=f"{MARK} wants a refund", user=admin)  # fmt: skip
    CompanyMember.objects.create(company=Company.objects.create(name="Acme"), customer=customer, role=MARK)
    segment = Segment.objects.create(name="By hand", kind="list")
    Membership.objects.create(segment=segment, customer=customer, joined_at=now, origin=Origin.STAFF)
    Notice.objects.create(user=admin, kind="mention", key="1", text=f"Look at Ann {MARK}", created_at=now)
    Notice.objects.create(
        user=admin, kind="mention", key="2", text="Look", url=f"/customers/{customer.pk}/", created_at=now
    )
    LogEntry.objects.create(
        user=admin, content_type=ContentType.objects.get_for_model(Customer), object_id=str(customer.pk),
        object_repr=str(customer), action_flag=2,
    )  # fmt: skip
    for state in JobState.values:
        job = Job.objects.create(kind="export_person", title=f"Customers {state}", state=state, created_at=now)
        for role in FileRole.values:
            jobs.write_file(
                job=job, role=FileRole(role), name=f"{MARK}.csv", content_type="text/csv", chunks=[EMAIL.encode()]
            )
    Job.objects.create(kind="export_person", title="Preview", state="done", result={"rows": [EMAIL]}, created_at=now)
    SeenEvent.objects.update_or_create(event=f"Order {MARK}", channel="web", defaults={"last_at": now})
    SeenProperty.objects.create(event="Order Completed", path="properties.text", values=[MARK, "x"], last_at=now)


def erase(customer: Customer, admin, now) -> Erasure:
    return erasing.erase(customer=customer, by=admin, reason="asked by letter of 2 March", now=now)


class TestEverything:
    def test_the_mark_is_everywhere_before(self, person):
        found = {where.partition(".")[0] for where in tables_with(MARK)}
        assert found >= {
            "customers_customer", "customers_customerevent", "customers_identity", "customers_identityevent",
            "customers_searchterm", "customers_consent", "customers_companymember", "customers_merge",
            "customers_movedrows", "touchpoints_interaction", "touchpoints_refuseditem", "touchpoints_seenevent",
            "touchpoints_seenproperty", "feedback_invitation", "feedback_response", "feedback_case", "feedback_review",
            "feedback_reviewevent", "campaigns_message", "campaigns_suppression", "campaigns_suppressionevent",
            "core_job", "core_jobfile", "core_jobfilepart", "staff_notice", "django_admin_log",
        }  # fmt: skip

    def test_nothing_tells_afterwards(self, person, admin, now, caplog):
        ids = erasing.chain(person.pk)
        assert len(ids) == 2
        receipt = erase(person, admin, now)
        drain(now)
        # What is being read by a job that has not ended goes when it ends: docs/people.md.
        kept_inputs = ["core_jobfile.name", "core_jobfilepart.content"]
        assert tables_with(MARK) == kept_inputs
        JobFile.objects.filter(role=FileRole.INPUT).delete()
        assert tables_with(MARK) == []
        assert tables_with("46701740605") == []
        assert broker_keys_with(MARK) == []
        assert MARK not in caplog.text
        assert not Customer.objects.filter(pk__in=ids).exists()
        assert not Change.objects.filter(customer_id__in=ids).exists()
        assert receipt.counts["customers.Customer"] == 2
        assert receipt.counts["feedback.Response.customer"] == 1
        assert (receipt.by, receipt.reason) == (admin, "asked by letter of 2 March")

    def test_nobody_else_is_touched(self, person, admin, now, send):
        send(
            {"type": "identify", "userId": "u2", "traits": {"name": "Bo Lind", "email": "bo@mail.example"}},
            track("Order Completed", userId="u2"),
            {"type": "nonsense", "userId": "u2"},
        )
        drain(now)
        bo = Customer.objects.get(email="bo@mail.example")
        consents.record(customer=bo, channel="email", topic=None, choice=Choice.IN, at=now, evidence="form")
        Notice.objects.create(user=admin, kind="mention", key="9", text="Look at Bo Lind", created_at=now)
        before = _of(bo)
        erase(person, admin, now)
        assert _of(bo) == before

    def test_each_foreign_key_to_a_customer_is_dealt_with(self):
        assert set(registry.merge_handlers) <= set(registry.erase_handlers)
        assert set(registry.erase_handlers) <= set(registry.personal_rows)


def _of(customer: Customer) -> dict:
    return {
        **erasing.counts(customer_ids=[customer.pk]),
        "refused": list(RefusedItem.objects.filter(item__contains='"u2"').values_list("pk", flat=True)),
        "notices": list(Notice.objects.filter(key="9").values_list("pk", flat=True)),
        "entries": list(customer.stage_entries.values_list("stage_key", "entered_at")),
    }


class TestRefused:
    def test_a_reason_that_names_the_person(self, person, admin, now):
        with pytest.raises(erasing.NotErasable, match="out of the reason"):
            erasing.erase(customer=person, by=admin, reason=f"{EMAIL.upper()} wrote", now=now)
        assert Customer.objects.filter(pk=person.pk).exists()

    def test_twice(self, admin, now):
        customer = CustomerFactory()
        erase(customer, admin, now)
        with pytest.raises(erasing.NotErasable, match="no longer here"):
            erase(customer, admin, now)
        assert Erasure.objects.count() == 1

    def test_one_who_was_merged_away(self, admin, now):
        kept, gone = CustomerFactory(), CustomerFactory()
        merges.merge(kept=kept, gone=gone, reason="", by=admin, now=now)
        with pytest.raises(erasing.NotErasable):
            erase(gone, admin, now)
        assert Customer.objects.count() == 2


class TestLater:
    def test_a_late_event_is_passed_over_in_silence(self, person, admin, now, send):
        erase(person, admin, now)
        send(
            track("Order Completed", userId=MARK),
            track("Order Completed", userId=None, anonymousId=f"an-{MARK}"),
            ident(traits={"email": EMAIL}),
            ident(userId=MARK, anonymousId="new-browser"),
            {"type": "nonsense", "userId": MARK},
            {"type": "nonsense", "anonymousId": f"an-{MARK}"},
            {"type": "nonsense", "previousId": f"an-{MARK}"},
            {"type": "nonsense", "context": {"traits": {"email": EMAIL.upper()}}},
        )
        assert tables_with(MARK) == ["core_jobfile.name", "core_jobfilepart.content"]
        assert not Interaction.objects.exists()
        assert RefusedItem.objects.count() == 0
        assert not Customer.objects.filter(is_identified=True).exists()

    def test_the_others_of_the_batch_are_taken(self, person, admin, now, send):
        erase(person, admin, now)
        send(track("A", userId=MARK), track("B", userId="u9"), track("C", userId="u9", anonymousId=f"an-{MARK}"))
        assert sorted(Interaction.objects.values_list("event", flat=True)) == ["B", "C"]
        assert list(Identity.objects.values_list("value", flat=True)) == ["u9"]

    def test_an_alias_of_an_erased_id_joins_nobody(self, person, admin, now, send):
        erase(person, admin, now)
        send({"type": "alias", "userId": "u9", "previousId": MARK})
        assert list(Identity.objects.values_list("value", flat=True)) == ["u9"]

    def test_an_event_that_was_stitched_before_and_written_after(self, person, admin, now, source):
        """Ingestion reads who it is and writes without a lock between: the foreign key says no, and it reads again."""
        seen = Claim(MARK)
        erase(person, admin, now)
        item = ingest.Item(seen, "late", now, "Late", By.CUSTOMER, None, {}, {})
        assert ingest.store(source=source, items=[item], received_at=now) == 0
        assert not Interaction.objects.exists()

    def test_a_new_key_knows_whom_an_older_one_hashed(self, person, admin, now, send, settings):
        erase(person, admin, now)
        settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
        settings.SECRET_KEY = "another"
        send(track("A", userId=MARK))
        assert not Interaction.objects.exists()

    def test_no_key_no_name(self, person, admin, now):
        erase(person, admin, now)
        digests = ErasedIdentity.objects.values_list("digest", flat=True)
        assert len(digests) == len(set(digests)) >= 4
        assert all(len(digest) == 64 for digest in digests)


class TestComesBack:
    """The same person under a new id is a new customer, to whom nothing is sent without a fresh yes."""

    @pytest.fixture
    def again(self, person, admin, now, send):
        erase(person, admin, now)
        send({"type": "identify", "userId": "new-id", "traits": {"email": EMAIL}})
        return Customer.objects.get(email=EMAIL)

    def sent(self, customer, now) -> str:
        run = enrolled(campaign(now, name="Later"), customer, now, cause="entry:9")
        run_and_deliver(now)
        return Message.objects.filter(enrolment=run).order_by("pk").first().state

    def test_nothing_is_sent(self, again, now):
        assert again.is_identified
        assert self.sent(again, now + timedelta(days=1)) == "skipped"

    def test_until_a_fresh_yes(self, again, now):
        service = Topic.objects.get(key="service")
        consents.record(
            customer=again, channel="email", topic=service, choice=Choice.IN, at=now + timedelta(hours=1), evidence="f"
        )
        assert self.sent(again, now + timedelta(days=1)) == "sent"

    def test_a_yes_of_before_is_none(self, again, now):
        service = Topic.objects.get(key="service")
        consents.record(
            customer=again, channel="email", topic=service, choice=Choice.IN, at=now - timedelta(hours=1), evidence="f"
        )
        assert self.sent(again, now + timedelta(days=1)) == "skipped"


class TestSharedAddress:
    def test_what_was_said_about_it_stays_for_the_other(self, admin, now):
        first, second = (CustomerFactory(email="home@mail.example") for _ in range(2))
        consents.record(customer=None, address=first.email, channel="email", topic=None, choice=Choice.OUT, at=now)
        Suppression.objects.create(channel="email", address=first.email, reason="asked")
        erase(first, admin, now)
        assert Suppression.objects.count() == 1
        assert Consent.objects.filter(customer=None).count() == 1
        assert not ErasedIdentity.objects.exists()
        erase(second, admin, now)
        assert tables_with("home@mail.example") == []
        assert ErasedIdentity.objects.count() == 1


def test_a_message_in_hand_is_waited_for_and_runs_end_first(admin, now, monkeypatch):
    published_shop(now)
    customer = CustomerFactory()
    run = enrolled(campaign(now), customer, now)
    seen = []
    monkeypatch.setattr(registry, "before_erase_handlers", [*registry.before_erase_handlers, lambda p: seen.append(
        (Enrolment.objects.get(pk=run.pk).state, p.customer_ids))])  # fmt: skip
    erase(customer, admin, now)
    assert seen == [("exited", [customer.pk])]
    assert delivering.deliver_due(now=now) == 0


def test_a_pair_of_duplicates_goes(admin, now):
    first, second = (CustomerFactory(email="same@mail.example") for _ in range(2))
    duplicates.find(customer_ids=[first.pk], now=now)
    erase(second, admin, now)
    assert erasing.counts(customer_ids=[first.pk]) == {"customers.Identity.customer": 1}
