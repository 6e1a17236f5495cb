"""What every import and export does: guesses, one step after the other, chunks, files; and naughty strings."""

import csv
import io
from datetime import timedelta

import pytest

from apps.core import importing, jobs, mappings, registry, transfers
from apps.core.enums import FileRole, JobState
from apps.core.importing import EqualRows, Phase, WrongPhase
from apps.core.models import ColumnMapping, Job, JobFile
from apps.core.tables.cells import protect
from apps.core.tables.limits import TableError
from apps.core.transfers import guess, guesses, missing, text_of, value_of
from apps.customers.models import Customer
from apps.staff.enums import Role
from tests.factories import staff
from tests.transfers import begin, bring, content_of, counts, rows_of, take_away, work

# After the Big List of Naughty Strings (minimaxir/big-list-of-naughty-strings, MIT).
NAUGHTY = [
    "undefined", "undef", "null", "NULL", "(null)", "nil", "NIL", "true", "True", "FALSE", "None", "hasOwnProperty",
    "\\", "\\\\", "0", "1", "1.00", "$1.00", "1/2", "1E2", "1E02", "-1", "-1.00", "0.0", "-0", "+0", "1,000", "NaN",
    "Infinity", "-Infinity", "1#QNAN", "0x0", "0xffffffff", "123456789012345678901234567890123456789", "01000",
    "08", "2.2250738585072011e-308", ",./;'[]\\-=", '<>?:"{}|_+', "!@#$%^&*()`~", "\x01\x02\x03\x04\x05\x06\x07\x08",
    "\x0e\x0f\x10\x11\x1b\x1f", "\t\x0b\x0c \x85\xa0 \u2003\u200b\u2028\u2029\u3000", "\ufeff", "\ufffe", "Ω≈ç√∫˜µ≤≥÷",
    "田中さんにあげて下さい", "Ⱥ", "ヽ༼ຈل͜ຈ༽ﾉ", "😍", "👩🏽", "👨‍👩‍👧‍👦", "🇺🇸🇷🇺", "１２３",
    "בְּרֵאשִׁית", "هَلَّا", "\u202atest\u202a", "test\u2060test\u202b", "Ṱ̺̺̕o͞ ̷i̲̬͇̪͙n̝̗͕v̟̜̘̦͟o̶̙̰̠kè͚̮̺̪̹̱̤ ̖t̝͕̳̣̻̪͞h̼͓̲̦̳̘̲e͇̣̰̦̬͎",
    "<script>alert(0)</script>", '"><img src=x onerror=alert(1)>', "javascript:alert(1);", "1;DROP TABLE users",
    "' OR 1=1 -- 1", "%s%d %(x)s", "{{ 7*7 }}", "{% debug %}", "$HOME", "/dev/null; touch /tmp/x", "../../etc/passwd",
    "=cmd|' /C calc'!A0", "@SUM(1+1)", "+1-1", "-1+1", "\rCR first", "\ttab first", "'=quoted", "''=twice", "'", '"',
    '""', "a\nb", "a\r\nb", "a\rb", "_x000D_", "_x005F_x000D_", "  spaces  ", "sep=;", "x" * 30_000, "é" * 20_000,
    "CON", "LPT1", "If you're reading this, you've been in a coma", "But now...\x1b[20Cfor my greatest trick...",
]  # fmt: skip


def test_names_of_columns_are_guessed():
    customers = registry.importers["customers"]
    for name, key in {
        "E-mail": "email", "E-Mail Address": "email", "MAIL": "email", "id": "external_id",
        "Customer ID": "external_id",
        "Surname": "last_name", "first_name": "first_name", "TimeZone": "time_zone", "Milepost number": "number",
        "trait: plan": "extra:plan", "Plan": "", "": "",
    }.items():  # fmt: skip
        assert guess(name, customers) == key, name


def test_no_target_is_guessed_twice():
    assert guesses(["mail", "e-mail"], registry.importers["customers"]) == {"mail": "email", "e-mail": ""}


def test_each_importer_guesses_its_own_labels_and_says_what_is_missing():
    for importer in registry.importers.values():
        labels = [str(column.label) for column in importer.columns]
        assert guesses(labels, importer) == {str(column.label): column.key for column in importer.columns}, (
            importer.label
        )
        assert len(missing([], importer)) == len(importer.needs)
        assert missing([column.key for column in importer.columns], importer) == []


@pytest.mark.parametrize("kind", ["customers", "companies", "consents", "interactions", "reviews", "suppressions"])
def test_what_an_export_heads_its_columns_the_import_knows(kind):
    importer = registry.importers[kind]
    found = {guess(name, importer) for name in registry.exporters[kind].header({})} - {""} if kind in {
        "consents", "reviews", "suppressions", "interactions"} else None  # fmt: skip
    if found is not None:
        assert missing(found, importer) == []


@pytest.mark.parametrize("text", NAUGHTY)
def test_a_value_goes_back_to_its_text(text):
    assert text_of(value_of(text)) == text


def test_only_canonical_numbers_are_numbers():
    assert [value_of(text) for text in ("5", "-5", "1.5", "true", "05", "+5", "1.50", "1e3", "5 ", "-0", "")] == [
        5, -5, 1.5, True, "05", "+5", "1.50", "1e3", "5 ", "-0", "",
    ]  # fmt: skip


def test_equal_rows_are_counted_wherever_their_columns_stand():
    equal = EqualRows()
    rows = [{"a": "1", "b": "2"}, {"b": "2", "a": "1"}, {"a": "1"}, {"a": "1", "b": "2", "c": ""}, {"a": "1"}]
    assert [equal.before(row) for row in rows] == [0, 1, 0, 2, 1]
    equal.close()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"a": 1}', {"a": 1}),
        ("[1]", None),
        ("nonsense", None),
        ('{"a": "\\u0000"}', None),
        ('{"a": "\\ud800"}', None),
        ("[" * 100_000, None),
        ('{"a":' * 2000 + "1" + "}" * 2000, None),
        ('{"a": 1' + "0" * 400 + "}", None),
    ],
)
def test_json_that_can_be_kept(text, found):
    if found is not None:
        assert transfers.json_object(text) == found
        return
    with pytest.raises(ValueError, match="is no JSON object"):
        transfers.json_object(text)


# Steps


@pytest.mark.django_db
class TestSteps:
    content = b"email,name\nann@mail.example,Ann\n"

    def begin(self, now, content=None) -> Job:
        return importing.begin(
            kind="customers", file=io.BytesIO(content or self.content), name="f.csv", options={}, user_id=None, now=now
        )

    def test_a_file_that_cannot_be_read_makes_no_job(self, now):
        with pytest.raises(TableError):
            self.begin(now, b"email\n")
        assert not Job.objects.exists()

    def test_it_waits_for_its_columns_and_then_for_the_go_ahead(self, now):
        job = self.begin(now)
        assert (job.params["phase"], jobs.run_chunk(job.pk, now=now)) == (Phase.MAPPING, False)
        with pytest.raises(WrongPhase):
            importing.start(job=job, now=now)
        importing.check(job=job, mapping={"email": "email", "name": "name"}, now=now)
        job.refresh_from_db()
        work(job)
        assert (job.params["phase"], job.state, counts(job)) == (Phase.REVIEW, JobState.QUEUED, (1, 0, 0, 0))
        assert not Customer.objects.exists()
        assert not jobs.run_chunk(job.pk, now=now)

    def test_the_go_ahead_counts_once(self, now):
        job = begin("customers", self.content, now)
        importing.start(job=job, now=now)
        with pytest.raises(WrongPhase):
            importing.start(job=job, now=now)
        job.refresh_from_db()
        assert work(job).state == JobState.DONE
        assert Customer.objects.get().name == "Ann"

    def test_columns_may_be_named_anew_after_the_check(self, now):
        job = begin("customers", self.content, now)
        importing.check(job=job, mapping={"email": "email", "name": ""}, now=now)
        job.refresh_from_db()
        work(job)
        importing.start(job=job, now=now)
        job.refresh_from_db()
        work(job)
        assert (Customer.objects.get().email, Customer.objects.get().name) == ("ann@mail.example", "")

    def test_nobody_goes_on_for_a_week(self, now):
        job = self.begin(now)
        at = now + timedelta(days=7, seconds=1)
        assert jobs.run_chunk(job.pk, now=at)
        job.refresh_from_db()
        assert (job.state, job.error) == (
            JobState.FAILED,
            "Nobody went on with this import within 7 days, so its file was deleted. Upload it again.",
        )
        assert not JobFile.objects.exists()

    def test_cancel_leaves_no_file_behind(self, now):
        job = begin("customers", self.content, now)
        assert jobs.ask_to_cancel(job=job, now=now)
        job.refresh_from_db()
        work(job)
        assert (job.state, JobFile.objects.count(), Customer.objects.count()) == (JobState.CANCELLED, 0, 0)
        with pytest.raises(WrongPhase):
            importing.start(job=job, now=now)

    def test_a_file_that_breaks_off_in_the_middle_says_where(self, now):
        rows = b"".join(b"u%d@mail.example,Ann\n" % number for number in range(600))
        job = begin("customers", b"email,name\n" + rows + b'x@mail.example,"Ann\n', now)
        assert job.state == JobState.FAILED
        assert job.error.startswith("Line 602 cannot be read: a quotation mark")
        assert not Customer.objects.exists()

    def test_notes_of_an_import_are_no_result(self, now):
        job = begin("customers", self.content, now)
        assert importing.notes_of(job)["rows"] == [["ann@mail.example", "Ann"]]
        importing.start(job=job, now=now)
        job.refresh_from_db()
        work(job)
        assert not JobFile.objects.filter(job=job, role=FileRole.RESULT).exists()
        assert "ann" not in str(job.params | job.cursor | job.result).lower()

    def test_the_error_file_mended_comes_in(self, now):
        job = bring("customers", b"email,name,note\nnope,=Ann,x\n", now)
        errors = content_of(job, FileRole.ERRORS)
        assert errors.decode("utf-8-sig") == (
            "email,name,note,problem\r\nnope,'=Ann,x,E-mail: “nope” is no e-mail address\r\n"
        )
        again = bring("customers", errors, now)
        assert content_of(again, FileRole.ERRORS) == errors
        bring("customers", errors.replace(b"nope,", b"ann@mail.example,", 1), now)
        assert Customer.objects.get().name == "=Ann"

    def test_choices_are_remembered_by_name_and_offered_where_they_fit(self, now):
        columns = {"Mail": "email", "X": ""}
        for target in ("name", "role"):
            mappings.remember(kind="customers", name="Shop", columns=columns | {"N": target}, user_id=None, now=now)
        assert ColumnMapping.objects.get().columns == {"Mail": "email", "N": "role"}
        assert [m.name for m in mappings.fitting(kind="customers", header=["N", "Mail", "More"])] == ["Shop"]
        assert mappings.fitting(kind="customers", header=["Mail"]) == []
        assert mappings.fitting(kind="companies", header=["N", "Mail"]) == []


# Naughty strings: in, shown, and out again


@pytest.mark.django_db
def test_naughty_strings_come_back_as_they_went_in(now, client):
    text = io.StringIO(newline="")
    csv.writer(text).writerows(
        [["id", "trait: word"], *([f"c{number}", protect(word)] for number, word in enumerate(NAUGHTY))]
    )
    assert counts(bring("customers", text.getvalue().encode(), now)) == (len(NAUGHTY), 0, 0, 0)
    kept = {one.identities.get(kind="external").value: one.traits["word"] for one in Customer.objects.order_by("pk")}
    assert [text_of(kept[f"c{number}"]) for number in range(len(NAUGHTY))] == NAUGHTY
    client.force_login(staff(Role.ADMIN))
    for customer in Customer.objects.all():
        assert client.get(f"/customers/{customer.pk}/").status_code == 200
    found = client.get("/api/customers/?page_size=200").json()["results"]
    assert sorted(text_of(one["traits"]["word"]) for one in found) == sorted(NAUGHTY)
    for form in ("csv", "xlsx"):
        content = take_away("customers", form=form)
        words = {row["External id"]: row["trait: word"] for row in rows_of(content)}
        assert [words[f"c{number}"] for number in range(len(NAUGHTY))] == NAUGHTY
        assert counts(bring("customers", content, now)) == (0, 0, len(NAUGHTY), 0)
