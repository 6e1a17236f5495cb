"""Interactions in from files, by page and by command, and out again: what a file imported twice adds is nothing."""

import json
from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command

from apps.core import importing
from apps.core.enums import Origin
from apps.core.models import Change
from apps.customers.models import Customer, Identity
from apps.touchpoints.enums import Channel
from apps.touchpoints.models import Interaction, Source, Touchpoint
from tests.factories import CustomerFactory
from tests.transfers import begin, bring, counts, refused, rows_of, take_away

pytestmark = pytest.mark.django_db

HEAD = b"customer id,anonymous id,email,event,time,channel,by,touchpoint,total\n"


def file(*rows: str, head: bytes = HEAD) -> bytes:
    return head + "\n".join(rows).encode() + b"\n"


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (",,,Bought,2026-01-01,,,,", "needs an external id, an anonymous id or an e-mail of the customer"),
        ("c1,,,,2026-01-01,,,,", "Event: is missing"),
        ("c1,,,Bought,,,,,", "Time: a time such as 2026-11-22T10:00:00Z is needed"),
        ("c1,,,Bought,2027-01-01,,,,",
         "Time: lies in the future"),
        ("c1,,,Bought,2026-01-01,pigeon,,,",
         f"Channel: “pigeon” is no channel; use one of: {', '.join(Channel.values)}"),
        ("c1,,,Bought,2026-01-01,,robot,,", "By: use customer, company or machine"),
        ("c1,,,Bought,2026-01-01,,,Nowhere,", "there is no touchpoint “Nowhere”"),
        ("guest,,,Bought,2026-01-01,,,,",
         "External id: “guest” is sent by many systems for nobody, so it cannot be an id"),
    ],
)  # fmt: skip
def test_what_cannot_be_taken(now, row, problem):
    job = bring("interactions", file(row, "c2,,,Bought,2026-01-01,,,,"), now)
    assert (counts(job), refused(job)) == ((1, 0, 0, 1), [problem])


def test_a_row_becomes_an_interaction_of_origin_import(now):
    till = Touchpoint.objects.create(name="Till", channel="store")
    bring("interactions", file("c1,,,Order Completed,2026-01-01T10:00:00+01:00,store,,Till,59.9"), now)
    found = Interaction.objects.get()
    assert (found.event, found.occurred_at, found.channel, found.by) == (
        "Order Completed", datetime(2026, 1, 1, 9, tzinfo=UTC), "store", "customer",
    )  # fmt: skip
    assert (found.touchpoint, found.properties, found.origin) == (till, {"total": 59.9}, "import")
    assert (found.source.name, found.source.kind) == ("Import", "import")
    assert found.customer.is_identified
    assert list(Change.objects.values_list("interaction_id", "origin")) == [(found.pk, Origin.IMPORT)]


def test_equal_rows_are_all_kept_and_a_second_import_adds_nothing(now):
    content = file(
        *["c1,,,Bought,2026-01-01,,,,5"] * 3, "c1,,,Bought,2026-01-02,,,,5", ",a1,,Page Viewed,2026-01-01,,,,"
    )
    assert counts(bring("interactions", content, now)) == (5, 0, 0, 0)
    assert counts(bring("interactions", content, now)) == (0, 0, 5, 0)
    assert Interaction.objects.count() == 5
    assert counts(bring("interactions", content, now, options={"source": "Till"})) == (5, 0, 0, 0)


def test_one_more_equal_row_is_one_more_interaction(now):
    row = "c1,,,Bought,2026-01-01,,,,5"
    bring("interactions", file(row, row), now)
    assert counts(bring("interactions", file(row, row, row), now)) == (1, 0, 2, 0)


def test_equal_rows_in_other_chunks_count_too(now, monkeypatch):
    monkeypatch.setattr(importing, "CHUNK", 2)
    content = file(*["c1,,,Bought,2026-01-01,,,,5"] * 5)
    assert counts(bring("interactions", content, now)) == (5, 0, 0, 0)


def test_by_e_mail(now):
    ann = CustomerFactory(email="ann@mail.example")
    for name in ("Bo", "Cy"):
        Identity.objects.create(kind="email", value="home@mail.example", customer=CustomerFactory(name=name, email=""))
    job = bring(
        "interactions",
        file(
            ",,ann@mail.example,Bought,2026-01-01,,,,",
            ",,home@mail.example,Bought,2026-01-01,,,,",
            ",,new@mail.example,Bought,2026-01-01,,,,",
            ",,new@mail.example,Bought,2026-01-02,,,,",
        ),
        now,
    )
    assert counts(job) == (3, 0, 0, 1)
    assert "matches 2 customers" in refused(job)[0]
    assert ann.interactions.count() == 1
    assert Customer.objects.get(email="new@mail.example").interactions.count() == 2


def test_interactions_go_out_and_come_in_again(now):
    bring("interactions", file("c1,,,Bought,2026-01-01,,,,5", ",a1,,Page Viewed,2026-02-01,,,,"), now)
    for form in ("csv", "xlsx"):
        assert counts(bring("interactions", take_away("interactions", form=form), now)) == (0, 0, 2, 0)
    found = rows_of(take_away("interactions", options={"since": "2026-01-15", "until": "2026-02-01"}))
    assert [(row["Event"], row["Anonymous id"]) for row in found] == [("Page Viewed", "a1")]


def test_a_dry_run_makes_no_source(now):
    assert counts(begin("interactions", file("c1,,,Bought,2026-01-01,,,,"), now)) == (1, 0, 0, 0)
    assert (Source.objects.count(), Customer.objects.count(), Interaction.objects.count()) == (0, 0, 0)


# The command


def run(path, *more, capsys):
    call_command("import_interactions", str(path), "--source", "History", *more)
    return capsys.readouterr().out


def test_the_command_reads_csv_twice_and_adds_once(tmp_path, capsys):
    path = tmp_path / "history.csv"
    path.write_bytes(
        b"user_id,event,timestamp,plan\nc1,Bought,2026-01-01,gold\nc1,Bought,2026-01-01,gold\n,Bought,x,\n"
    )
    out = run(path, capsys=capsys)
    assert "3 rows, 2 new, 1 refused" in out
    problem = (
        "Time: “x” is no time such as 2026-11-22T10:00:00Z; "
        "needs an external id, an anonymous id or an e-mail of the customer"
    )
    assert (tmp_path / "history.csv.refused.csv").read_text("utf-8-sig").splitlines() == [
        "user_id,event,timestamp,plan,problem",
        f',Bought,x,,"{problem}"',
    ]
    assert "3 rows, 0 new, 1 refused" in run(path, capsys=capsys)
    assert list(Interaction.objects.values_list("source__name", "properties")) == [("History", {"plan": "gold"})] * 2


def test_the_command_takes_other_names_of_columns(tmp_path, capsys):
    path = tmp_path / "history.csv"
    path.write_bytes(b"who;what;when;skip me\nc1;Bought;2026-01-01;x\n")
    columns = "who=external_id,what=event,when=occurred_at,skip me="
    assert "1 rows, 1 new" in run(path, "--columns", columns, capsys=capsys)
    assert Interaction.objects.get().properties == {}
    with pytest.raises(CommandError, match="Say by --columns which column is: Time"):
        run(path, "--columns", "who=external_id,what=event", capsys=capsys)
    with pytest.raises(CommandError, match="no NAME=COLUMN"):
        run(path, "--columns", "who", capsys=capsys)


def test_the_command_reads_json_lines(tmp_path, capsys):
    path = tmp_path / "history.jsonl"
    lines = [
        {"userId": "c1", "event": "Bought", "timestamp": "2026-01-01T10:00:00Z", "properties": {"total": 5}, "n": 1},
        {"anonymousId": "a1", "event": "Page Viewed", "timestamp": "2026-01-01T10:00:00Z", "messageId": "m1"},
    ]
    path.write_text("\n".join([*map(json.dumps, lines), "not json", "[1]"]) + "\n")
    assert "4 rows, 2 new, 2 refused" in run(path, capsys=capsys)
    assert list(Interaction.objects.order_by("pk").values_list("event", "properties")) == [
        ("Bought", {"total": 5, "n": 1}),
        ("Page Viewed", {}),
    ]
    assert (tmp_path / "history.jsonl.refused.csv").read_text("utf-8-sig").splitlines() == [
        "row,problem", "not json,The line is no JSON.", "[1],The line is no JSON object.",
    ]  # fmt: skip
    assert "4 rows, 0 new, 2 refused" in run(path, capsys=capsys)


def test_the_command_says_what_it_cannot_read(tmp_path, capsys):
    with pytest.raises(CommandError, match="No such file"):
        run(tmp_path / "none.csv", capsys=capsys)
    (tmp_path / "empty.csv").write_bytes(b"")
    with pytest.raises(CommandError, match="The file is empty"):
        run(tmp_path / "empty.csv", capsys=capsys)
