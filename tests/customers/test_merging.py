"""Staff make one customer of two, and take it back."""

import threading
from datetime import timedelta

import pytest
from django.db import connections

from apps.core import actions as pipeline
from apps.core import pruning
from apps.core.enums import Origin
from apps.core.models import Change
from apps.customers import selectors
from apps.customers.actions import consents, merges, undoing
from apps.customers.actions.identities import Claim
from apps.customers.enums import Choice
from apps.customers.models import (
    Company,
    CompanyMember,
    Consent,
    Customer,
    Identity,
    LaterByIdentity,
    Membership,
    Merge,
    MovedRows,
    SearchTerm,
    Segment,
    Topic,
)
from apps.staff.enums import Role
from apps.touchpoints.actions import ingest, sources
from apps.touchpoints.enums import By, SourceKind
from apps.touchpoints.models import Interaction
from apps.touchpoints.wire import Item
from tests.factories import staff
from tests.pipeline import drain, in_other_hands

pytestmark = pytest.mark.django_db


@pytest.fixture
def source():
    return sources.create(name="Shop", kind=SourceKind.SERVER)


@pytest.fixture
def send(source, now):
    """What a server sends, as customer ids; times in minutes after now."""
    count = 0

    def send(*claims: Claim, event: str = "Product Viewed", minutes: float = 0) -> list[int]:
        nonlocal count
        at = now + timedelta(minutes=minutes)
        ids = []
        for claim in claims:
            count += 1
            traits = claim.traits or {}
            kind, by = ("Identify", By.MACHINE) if traits else (event, By.CUSTOMER)
            ingest.store(
                source=source,
                items=[Item(claim, f"m{count}", at, kind, by, None, traits, {})],
                received_at=at,
            )
            found = Interaction.objects.filter(message_id=f"m{count}").first()
            ids.append(found.customer_id if found else None)
        return ids

    return send


@pytest.fixture
def agent():
    return staff(Role.AGENT)


@pytest.fixture
def pair(send):
    """Ann, known by u1 and a1, and Ann again, known by u2 and a2."""
    first, second = send(
        Claim("u1", "a1", traits={"name": "Ann Price", "email": "ann@mail.example", "plan": "gold"}),
        Claim(
            "u2", "a2", traits={"name": "Ann Price", "email": "ann@mail.example", "phone": "+46701740605", "size": 9}
        ),
    )
    send(Claim("u1"), Claim("u2"), Claim("u2"))
    return Customer.objects.get(pk=first), Customer.objects.get(pk=second)


def join(pair, agent, now, **changes) -> Merge:
    kept, gone = pair
    return merges.merge(**{"kept": kept, "gone": gone, "reason": "same person", "by": agent, "now": now, **changes})


def state() -> dict:
    """Who has what, without what times and the log say."""
    tables = {
        "identities": Identity.objects.values_list("customer", "kind", "value"),
        "terms": SearchTerm.objects.values_list("customer", "term"),
        "interactions": Interaction.objects.values_list("customer", "message_id"),
        "members": CompanyMember.objects.values_list("customer", "company", "role"),
        "segments": Membership.objects.values_list("customer", "segment", "left_at"),
        "customers": Customer.objects.values_list(
            "pk", "merged_into", "name", "email", "phone", "tags", "owner", "traits__plan", "traits__size",
            "is_identified", "first_seen_at", "last_activity_at",
        ),
    }  # fmt: skip
    return {name: sorted(map(str, rows)) for name, rows in tables.items()}


class TestRefused:
    def test_with_itself(self, pair, agent, now):
        with pytest.raises(merges.NotMergeable, match="same customer"):
            join(pair, agent, now, gone=pair[0])

    def test_twice(self, pair, agent, now):
        join(pair, agent, now)
        with pytest.raises(merges.NotMergeable, match="merged already"):
            join(pair, agent, now)
        assert Merge.objects.count() == 1

    def test_the_known_one_stays(self, pair, agent, now, send):
        (visitor,) = send(Claim(anonymous_id="a9"))
        with pytest.raises(merges.NotMergeable, match="known stays"):
            join((Customer.objects.get(pk=visitor), pair[0]), agent, now)

    def test_somebody_who_is_no_longer_here(self, pair, agent, now):
        stranger = Customer(pk=10**9, is_identified=True)
        with pytest.raises(merges.NotMergeable, match="no longer here"):
            join(pair, agent, now, gone=stranger)


class TestMerge:
    def test_everything_moves_and_the_log_says_what(self, pair, agent, now):
        kept, gone = pair
        done = join(pair, agent, now)
        kept.refresh_from_db()
        gone.refresh_from_db()
        assert gone.merged_into_id == kept.pk
        assert (kept.phone, kept.traits) == ("+46701740605", {"name": "Ann Price", "plan": "gold", "size": 9})
        assert Interaction.objects.filter(customer=kept).count() == 5
        assert set(kept.identities.values_list("value", flat=True)) == {
            "u1", "a1", "u2", "a2", "ann@mail.example", "+46701740605",
        }  # fmt: skip
        logged = {log.table: (len(log.ids), len(log.dropped)) for log in MovedRows.objects.filter(merge=done)}
        assert logged == {
            "customers_identity": (3, 1),  # the e-mail of both is there once
            "customers_searchterm": (0, 2),
            "touchpoints_interaction": (3, 0),
        }

    def test_tags_owner_and_company_of_both(self, pair, agent, now):
        kept, gone = pair
        Customer.objects.filter(pk=kept.pk).update(tags=["vip", "north"])
        Customer.objects.filter(pk=gone.pk).update(tags=["north", "press"], owner=agent)
        CompanyMember.objects.create(company=Company.objects.create(name="Acme"), customer=gone, role="buyer")
        join(pair, agent, now)
        kept.refresh_from_db()
        assert (kept.tags, kept.owner) == (["vip", "north", "press"], agent)
        assert kept.companies.get().role == "buyer"

    def test_it_fires_nothing(self, pair, agent, now):
        drain(now)
        join(pair, agent, now)
        assert set(Change.objects.values_list("customer_id", "origin")) == {(pair[0].pk, Origin.MERGE)}

    def arrives(self, customer_id, source, now) -> None:
        """An event that was stitched just before a merge is written just after it."""
        row = {"customer_id": customer_id, "message_id": "late", "occurred_at": now, "event": "Late", "by": "customer",
               "channel": "web", "touchpoint_id": None, "properties": {}, "context": {}}  # fmt: skip
        ingest.write_rows([row], source=source, received_at=now, origin=Origin.LIVE)

    def whose(self, now) -> int:
        drain(now)
        return Interaction.objects.get(message_id="late").customer_id

    def test_what_was_on_its_way_follows_and_returns(self, pair, agent, now, source):
        kept, gone = pair
        done = join(pair, agent, now)
        self.arrives(gone.pk, source, now)
        assert self.whose(now) == kept.pk
        undoing.undo(merge=done, by=agent, now=now)
        assert self.whose(now) == gone.pk

    def test_what_was_on_its_way_follows_two_merges_and_returns_a_step_at_a_time(self, pair, agent, now, source, send):
        kept, gone = pair
        third = Customer.objects.get(pk=send(Claim("u3"))[0])
        first, second = join(pair, agent, now), join((third, kept), agent, now)
        self.arrives(gone.pk, source, now)
        assert self.whose(now) == third.pk
        undoing.undo(merge=second, by=agent, now=now)
        assert self.whose(now) == kept.pk
        undoing.undo(merge=first, by=agent, now=now)
        assert self.whose(now) == gone.pk

    def test_a_visit_on_its_way_while_its_visitor_was_recognised_and_merged(self, pair, agent, now, source, send):
        kept, gone = pair
        (visitor,) = send(Claim(anonymous_id="a7"))
        send(Claim("u2", "a7"))  # becomes part of the one who goes, which no log tells
        done = join(pair, agent, now)
        self.arrives(visitor, source, now)
        assert self.whose(now) == kept.pk
        undoing.undo(merge=done, by=agent, now=now)
        assert self.whose(now) == gone.pk

    def test_a_visit_on_its_way_while_its_visitor_was_brought_parted_and_merged(self, pair, agent, now, source, send):
        kept, gone = pair
        (visitor,) = send(Claim(anonymous_id="a7"))
        done = join(pair, agent, now)
        send(Claim("u2", "a7"), minutes=5)
        undoing.undo(merge=done, by=agent, now=now + timedelta(minutes=6))
        again = join((Customer.objects.get(pk=kept.pk), Customer.objects.get(pk=gone.pk)), agent, now)
        self.arrives(visitor, source, now)
        assert self.whose(now) == kept.pk
        undoing.undo(merge=again, by=agent, now=now)
        assert self.whose(now) == gone.pk

    @pytest.mark.django_db(transaction=True)
    def test_what_arrives_between_look_and_move_waits_and_follows(self, pair, agent, now, source, monkeypatch):
        kept, gone = pair
        look = merges.moved.look

        def arrive() -> None:
            try:
                self.arrives(gone.pk, source, now)
            finally:
                connections.close_all()

        arriving = threading.Thread(target=arrive)

        def look_and_be_slow(**who):
            found = look(**who)
            arriving.start()
            arriving.join(0.5)
            return found

        monkeypatch.setattr(merges.moved, "look", look_and_be_slow)
        done = join(pair, agent, now)
        arriving.join(30)
        assert self.whose(now) == kept.pk
        undoing.undo(merge=done, by=agent, now=now)
        assert self.whose(now) == gone.pk

    @pytest.mark.django_db(transaction=True)
    def test_a_merge_that_is_being_undone_is_waited_for(self, pair, agent, now, source):
        """Without the lock the interaction would follow a merge that is over."""
        kept, gone = pair
        join(pair, agent, now)
        self.arrives(gone.pk, source, now)
        with in_other_hands(kept.pk):
            pipeline.run_pipeline(now=now)
            assert Interaction.objects.get(message_id="late").customer_id == gone.pk
        assert self.whose(now + timedelta(seconds=1)) == kept.pk


class TestUndo:
    def test_all_is_as_before(self, pair, agent, now):
        kept, gone = pair
        Customer.objects.filter(pk=kept.pk).update(tags=["vip"])
        Customer.objects.filter(pk=gone.pk).update(tags=["press"], owner=agent)
        company, segment = Company.objects.create(name="Acme"), Segment.objects.create(name="S", kind="list")
        for customer, role in ((kept, "buyer"), (gone, "approver")):
            CompanyMember.objects.create(company=company, customer=customer, role=role)
            Membership.objects.create(segment=segment, customer=customer, joined_at=now, origin="staff")
        before = state()
        done = join(pair, agent, now)
        drain(now)
        assert state() != before
        undoing.undo(merge=done, by=agent, now=now + timedelta(days=29))
        drain(now)
        assert state() == before
        done.refresh_from_db()
        assert (done.undone_by, done.undone_at) == (agent, now + timedelta(days=29))

    def test_both_are_folded_anew_and_nothing_fires(self, pair, agent, now):
        done = join(pair, agent, now)
        drain(now)
        undoing.undo(merge=done, by=agent, now=now)
        assert set(Change.objects.values_list("customer_id", "origin")) == {
            (pair[0].pk, Origin.MERGE),
            (pair[1].pk, Origin.MERGE),
        }

    def test_what_changed_since_stays_on_the_one_that_stayed(self, pair, agent, now):
        kept, gone = pair
        done = join(pair, agent, now)
        kept.refresh_from_db()
        kept.name, kept.tags, kept.traits = "Ann P. Price", ["new"], {**kept.traits, "plan": "silver"}
        kept.save()
        undoing.undo(merge=done, by=agent, now=now)
        kept.refresh_from_db()
        gone.refresh_from_db()
        assert (kept.name, kept.tags, kept.phone) == ("Ann P. Price", ["new"], "")
        assert kept.traits == {"name": "Ann Price", "plan": "silver"}
        assert (gone.name, gone.tags, gone.phone) == ("Ann Price", [], "+46701740605")

    def test_what_came_later_goes_by_its_identity(self, pair, agent, now, send):
        kept, gone = pair
        done = join(pair, agent, now)
        assert (
            send(
                Claim("u1"),
                Claim("u2"),
                Claim(anonymous_id="a2"),
                Claim("u1", "a2"),
                Claim(anonymous_id="a1"),
                minutes=5,
            )
            == [kept.pk] * 5
        )
        drain(now + timedelta(minutes=6))
        undoing.undo(merge=done, by=agent, now=now + timedelta(minutes=7))
        later = Interaction.objects.filter(received_at__gt=now).order_by("pk").values_list("customer_id", flat=True)
        assert list(later) == [kept.pk, gone.pk, gone.pk, kept.pk, kept.pk]
        gone.refresh_from_db()
        assert gone.last_activity_at == now + timedelta(minutes=5)
        assert send(Claim("u1"), Claim("u2"), minutes=8) == [kept.pk, gone.pk]

    def test_an_id_that_came_through_a_moved_one_goes_along(self, pair, agent, now, send):
        kept, gone = pair
        done = join(pair, agent, now)
        send(Claim("u2", "a9"), Claim(anonymous_id="a9"), Claim("u1", "a8"), minutes=5)
        undoing.undo(merge=done, by=agent, now=now + timedelta(minutes=7))
        assert send(Claim(anonymous_id="a9"), Claim(anonymous_id="a8"), minutes=8) == [gone.pk, kept.pk]
        assert Interaction.objects.filter(customer=gone, received_at__gt=now).count() == 3

    def test_a_visitor_recognised_by_a_moved_identity_goes_along(self, pair, agent, now, send):
        kept, gone = pair
        (visitor,) = send(Claim(anonymous_id="a7"))
        done = join(pair, agent, now)
        send(Claim("u2", "a7"), minutes=5)
        assert Customer.objects.get(pk=visitor).merged_into_id == kept.pk
        undoing.undo(merge=done, by=agent, now=now + timedelta(minutes=7))
        assert Customer.objects.get(pk=visitor).merged_into_id == gone.pk
        assert Interaction.objects.filter(customer=gone).count() == 5
        assert send(Claim(anonymous_id="a7"), minutes=8) == [gone.pk]

    def test_two_merges_are_taken_back_one_after_the_other(self, pair, agent, now, send):
        kept, gone = pair
        (third,) = send(Claim("u3", traits={"name": "Ann P."}))
        before = state()
        first = join(pair, agent, now)
        second = join((Customer.objects.get(pk=third), kept), agent, now)
        assert Customer.objects.get(pk=gone.pk).merged_into_id == third
        with pytest.raises(undoing.NotUndoable, match="Undo that merge first"):
            undoing.undo(merge=first, by=agent, now=now)
        undoing.undo(merge=second, by=agent, now=now)
        undoing.undo(merge=first, by=agent, now=now)
        assert state() == before

    def test_refused_after_30_days_and_twice(self, pair, agent, now):
        done = join(pair, agent, now)
        with pytest.raises(undoing.NotUndoable, match="30 days"):
            undoing.undo(merge=done, by=agent, now=now + timedelta(days=30, seconds=1))
        undoing.undo(merge=done, by=agent, now=now + timedelta(days=30))
        with pytest.raises(undoing.NotUndoable, match="already"):
            undoing.undo(merge=done, by=agent, now=now)

    def test_what_belonged_to_a_deleted_segment_stays_away(self, pair, agent, now):
        segment = Segment.objects.create(name="S", kind="list")
        for customer in pair:
            Membership.objects.create(segment=segment, customer=customer, joined_at=now, origin="staff")
        done = join(pair, agent, now)
        segment.delete()
        undoing.undo(merge=done, by=agent, now=now)
        assert not Membership.objects.exists()

    def test_merged_again_after_an_undo(self, pair, agent, now):
        undoing.undo(merge=join(pair, agent, now), by=agent, now=now)
        before = state()
        undoing.undo(merge=join(pair, agent, now), by=agent, now=now)
        assert state() == before


class TestConsent:
    @pytest.fixture
    def news(self):
        return Topic.objects.get(key="news")

    def says(self, customer, news, choice, at):
        consents.record(customer=customer, channel="email", topic=news, choice=choice, at=at)

    def may(self, customer, news) -> bool:
        return selectors.says_no(customer=customer, address="x@y.example", channel="email", topic=news) is None

    @pytest.mark.parametrize("who", [0, 1])
    def test_a_no_of_either_holds_for_both_ever_after(self, pair, agent, now, news, who):
        self.says(pair[who], news, Choice.OUT, now - timedelta(days=9))
        self.says(pair[1 - who], news, Choice.IN, now - timedelta(days=1))
        done = join(pair, agent, now)
        assert not self.may(pair[0], news)
        undoing.undo(merge=done, by=agent, now=now + timedelta(days=1))
        assert [self.may(customer, news) for customer in pair] == [False, False]

    def test_a_no_given_since_holds_for_both(self, pair, agent, now, news):
        for customer in pair:
            self.says(customer, news, Choice.IN, now - timedelta(days=1))
        done = join(pair, agent, now)
        assert self.may(pair[0], news)
        self.says(pair[0], news, Choice.OUT, now + timedelta(hours=1))
        undoing.undo(merge=done, by=agent, now=now + timedelta(days=1))
        assert [self.may(customer, news) for customer in pair] == [False, False]

    def test_each_has_the_own_yes_back(self, pair, agent, now, news):
        self.says(pair[1], news, Choice.IN, now - timedelta(days=1))
        done = join(pair, agent, now)
        assert self.may(pair[0], news)
        undoing.undo(merge=done, by=agent, now=now + timedelta(days=1))
        assert [self.may(customer, news) for customer in pair] == [False, True]
        assert Consent.objects.count() == 1


def test_what_is_kept_for_an_undo_goes_when_it_is_over(pair, agent, now, send):
    done = join(pair, agent, now)
    send(Claim("u2"), minutes=5)
    assert LaterByIdentity.objects.count() == 1
    pruning.prune(now=now + timedelta(days=30), goes_on=lambda: True)
    assert MovedRows.objects.exists()
    pruning.prune(now=now + timedelta(days=30, minutes=1), goes_on=lambda: True)
    pruning.prune(now=now + timedelta(days=30, minutes=1), goes_on=lambda: True)
    assert not MovedRows.objects.exists()
    assert not LaterByIdentity.objects.exists()
    assert not Identity.objects.exclude(watched_until=None).exists()
    done.refresh_from_db()
    assert (done.before, done.reason) == ({}, "same person")
