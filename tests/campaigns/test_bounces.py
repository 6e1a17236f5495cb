"""What mail servers and providers say did not arrive: nonsense and forgeries first."""

import base64
import io
import json
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from apps.campaigns import bounce_mails
from apps.campaigns.actions import bounces, handing, reports
from apps.campaigns.bounce_policy import BouncePolicy, kind_of
from apps.campaigns.enums import BounceKind
from apps.campaigns.models import Message, Suppression
from apps.customers.models import Consent
from tests.factories import published_shop, sent_message

pytestmark = pytest.mark.django_db

SECRET = "s" * 40
HOOK = "hook:secret"
DSN = """From: MAILER-DAEMON@mx.example
To: bounces@shop.example
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

I could not deliver your message.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; {address}
Action: failed
Status: {status}
Diagnostic-Code: smtp; 550 {status} {said}

--b
Content-Type: text/rfc822-headers

To: {address}
Message-ID: <{identity}@shop.example>
Subject: Thank you

--b--
"""
ARF = """From: feedback@mail.example
Subject: complaint
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b
Content-Type: text/plain

This is an email abuse report.
--b
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: Provider/1.0

--b
Content-Type: message/rfc822

To: {address}
Message-ID: <{identity}@shop.example>

Hello
--b--
"""


@pytest.fixture
def message(now) -> Message:
    published_shop(now)
    made = sent_message(now)
    Message.objects.update(sent_at=timezone.now() - timedelta(minutes=5), provider_id="p-1", created_at=now)
    made.refresh_from_db()
    return made


def dsn(message: Message, *, status: str = "5.1.1", said: str = "No such user", identity: str | None = None) -> bytes:
    found = handing.identity_of(message.key) if identity is None else identity
    return DSN.format(address=message.address, status=status, said=said, identity=found).encode()


def facts_of(message: Message) -> tuple[bool, str, bool]:
    message.refresh_from_db()
    return message.bounced_at is not None, message.bounce_kind, message.complained_at is not None


@pytest.mark.parametrize(
    ("text", "kind"),
    [("", "unknown"), ("550 5.1.1 no such user", "hard"), ("5.2.1 disabled", "hard"), ("452 4.2.2 full", "soft"),
     ("5.2.2 mailbox full", "soft"), ("4.4.7 expired", "soft"), ("554 5.7.1 blocked as spam", "unknown"),
     ("5.1.8 bad sender", "unknown"), ("10.5.1.1 is an address", "unknown"), ("x" * 5000, "unknown")],
)  # fmt: skip
def test_kinds(text, kind):
    assert kind_of(text) == kind


class TestPolicy:
    def soft(self, now, *days: float) -> bool:
        at = [now - timedelta(days=one) for one in days]
        return BouncePolicy().after(BounceKind.SOFT, soft_at=at, now=now).suppresses

    def test_soft_needs_five_over_a_week(self, now):
        assert not self.soft(now, 8, 6, 4, 0)
        assert not self.soft(now, 6, 5, 4, 3, 0)
        assert self.soft(now, 7, 5, 4, 3, 0)

    def test_hard_at_once_and_for_ever_unknown_never(self, now):
        policy = BouncePolicy()
        assert policy.after(BounceKind.HARD, soft_at=[], now=now).until is None
        assert policy.after(BounceKind.HARD, soft_at=[], now=now).suppresses
        assert not policy.after(BounceKind.UNKNOWN, soft_at=[now] * 99, now=now).suppresses


class TestFacts:
    def test_a_hard_bounce_suppresses_at_once_and_is_counted_once(self, message):
        now = timezone.now()
        for _ in range(3):
            bounces.bounced(message=message, kind=BounceKind.HARD, detail="5.1.1\x00\r\n<b>gone</b>", at=now, now=now)
        (row,) = Suppression.objects.all()
        assert (row.address, row.until, row.channel) == (message.address, None, "email")
        assert row.reason == "Hard bounce: 5.1.1 <b>gone</b>"

    def test_five_soft_bounces_pause_the_address_for_thirty_days(self, message):
        now = timezone.now()
        for n, days in enumerate((8, 6, 4, 2, 0)):
            at = now - timedelta(days=days)
            Message.objects.filter(pk=message.pk).update(bounced_at=None, bounce_kind="", created_at=at)
            other = Message.objects.get(pk=message.pk)
            other.pk, other.key, other.sent_at, other.invitation = None, f"k{n}", at, None
            other.save()
            assert not Suppression.objects.exists()
            bounces.bounced(message=other, kind=BounceKind.SOFT, detail="full", at=at, now=at)
        assert Suppression.objects.get().until == now + timedelta(days=30)

    def test_a_pause_becomes_for_ever_and_never_shorter(self, message):
        now = timezone.now()
        Suppression.objects.create(channel="email", address=message.address, reason="x", until=now + timedelta(days=1))
        bounces.bounced(message=message, kind=BounceKind.HARD, detail="", at=now, now=now)
        assert Suppression.objects.get().until is None
        bounces.suppress(channel="email", address=message.address, reason="soft", until=now)
        assert Suppression.objects.get().until is None

    def test_a_complaint_ends_everything(self, message):
        now = timezone.now()
        for _ in range(2):
            bounces.complained(message=message, detail="", at=now, now=now)
        assert Suppression.objects.get().until is None
        consent = Consent.objects.get()
        assert (consent.topic, consent.choice, consent.address) == (None, "out", message.address)

    def test_a_clock_that_is_wrong(self, message):
        now = timezone.now()
        bounces.delivered(message=message, at=now + timedelta(days=900), now=now)
        message.refresh_from_db()
        assert message.delivered_at == now


class TestMails:
    @pytest.mark.parametrize(
        "raw",
        [b"", b"\x00\xff" * 500, b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n" * 3000, b"Hello there",
         b"Content-Type: message/rfc822\n\n" * 2000, "To: \ud800@x".encode("utf-8", "surrogatepass")],
    )  # fmt: skip
    def test_what_is_no_bounce(self, message, raw):
        assert reports.take_mail(raw, now=timezone.now()) == "no bounce"

    def test_is_matched_by_our_message_id(self, message):
        assert reports.take_mail(dsn(message), now=timezone.now()) == f"hard bounce of message {message.pk}"
        assert facts_of(message) == (True, "hard", False)
        assert Suppression.objects.get().reason.startswith("Hard bounce: 5.1.1")

    def test_who_knows_only_the_address_suppresses_nobody(self, message):
        said = reports.take_mail(dsn(message, identity="0" * 32), now=timezone.now())
        assert said == f"soft bounce of message {message.pk}, by its address"
        assert not Suppression.objects.exists()

    def test_an_address_that_was_not_written_to_lately(self, message):
        Message.objects.update(sent_at=timezone.now() - timedelta(days=8))
        assert reports.take_mail(dsn(message, identity="x"), now=timezone.now()) == "of no message of ours"
        assert facts_of(message) == (False, "", False)

    def test_a_complaint(self, message):
        raw = ARF.format(address=message.address, identity=handing.identity_of(message.key)).encode()
        assert reports.take_mail(raw, now=timezone.now()) == f"complaint about message {message.pk}"
        assert facts_of(message)[2]

    def test_a_forged_complaint(self, message):
        raw = ARF.format(address=message.address, identity="f" * 32).encode()
        assert reports.take_mail(raw, now=timezone.now()) == "of no message of ours"
        assert not Suppression.objects.exists()

    def test_by_a_pipe(self, message, monkeypatch, capsys):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(dsn(message))))
        call_command("take_bounce")
        assert "hard bounce" in capsys.readouterr().out
        assert message.address not in capsys.readouterr().out

    @pytest.mark.parametrize(("setting", "said", "code"), [("", "", 404), ("", SECRET, 404), (SECRET, "x", 404)])
    def test_without_the_secret_there_is_no_hook(self, client, message, settings, setting, said, code):
        settings.BOUNCE_SECRET = setting
        url = reverse("hook_bounce", args=[said or "x"])
        assert client.post(url, dsn(message), content_type="message/rfc822").status_code == code
        assert facts_of(message) == (False, "", False)

    def test_by_the_hook(self, client, message, settings):
        settings.BOUNCE_SECRET = SECRET
        url = reverse("hook_bounce", args=[SECRET])
        for _ in range(2):
            assert client.post(url, dsn(message), content_type="message/rfc822").status_code == 200
        assert facts_of(message) == (True, "hard", False)
        assert client.get(url).status_code == 405
        large = b"x" * (bounce_mails.MOST_BYTES + 1)
        assert client.post(url, large, content_type="message/rfc822").status_code == 413


class TestProviders:
    """Postmark's calls, as django-anymail reads them."""

    @pytest.fixture(autouse=True)
    def _password(self, settings) -> None:
        settings.ANYMAIL = {"WEBHOOK_SECRET": [HOOK]}

    def post(self, client, body, *, password: str = HOOK, name: str = "postmark"):
        login = base64.b64encode(password.encode()).decode()
        raw = body if isinstance(body, str | bytes) else json.dumps(body)
        return client.post(
            reverse("hook_esp", args=[name]), raw, content_type="application/json",
            headers={"Authorization": f"Basic {login}"},
        )  # fmt: skip

    def event(self, kind: str, **more: object) -> dict[str, object]:
        return {"RecordType": kind, "MessageID": "p-1", **more}

    def bounce(self, **more: object) -> dict[str, object]:
        return self.event("Bounce", Type="HardBounce", Email="ann@mail.example", ID=1) | more

    @pytest.mark.parametrize("password", ["", "hook:", "hook:secre", "hook:secret2", "x:y"])
    def test_a_wrong_password(self, client, message, password):
        assert self.post(client, self.bounce(), password=password).status_code == 403
        assert facts_of(message) == (False, "", False)

    def test_without_a_password_set_there_is_no_hook(self, client, message, settings):
        settings.ANYMAIL = {"WEBHOOK_SECRET": []}
        assert self.post(client, self.bounce()).status_code == 404

    @pytest.mark.parametrize("name", ["none", "admin", "postmark-inbound"])
    def test_a_provider_that_nobody_knows(self, client, message, name):
        assert self.post(client, self.bounce(), name=name).status_code == 404

    @pytest.mark.parametrize("body", ["", "x", "[]", "1", "null", b"\xff", '{"RecordType": []}', "[" * 3000])
    def test_nonsense(self, client, message, body):
        assert self.post(client, body).status_code == 400

    @pytest.mark.parametrize(
        "more", [{"MessageID": []}, {"MessageID": "a\x00"}, {"MessageID": "unknown"},
                 {"Metadata": {"identity": 1}, "MessageID": 7},
                 {"Email": {}, "MessageID": None}, {"Description": "\ud800", "MessageID": None}],
    )  # fmt: skip
    def test_hostile_fields(self, client, message, more):
        assert self.post(client, self.bounce(**more)).status_code in {200, 400}
        assert facts_of(message) == (False, "", False)

    def test_a_bounce_however_often_it_comes(self, client, message):
        for _ in range(5):
            assert self.post(client, self.bounce(Description="<script>1</script>")).status_code == 200
        assert facts_of(message) == (True, "hard", False)
        assert Suppression.objects.count() == 1

    def test_a_soft_one_by_its_name(self, client, message):
        self.post(client, self.bounce() | {"Type": "SoftBounce"})
        assert facts_of(message) == (True, "soft", False)

    def test_by_the_identity_in_the_metadata(self, client, message):
        metadata = {"identity": handing.identity_of(message.key)}
        body = self.bounce(Metadata=metadata) | {"MessageID": "other", "Email": message.address}
        self.post(client, body)
        assert facts_of(message) == (True, "hard", False)

    def test_the_other_facts(self, client, message):
        agent = "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0"
        self.post(client, self.event("Delivery", DeliveredAt=timezone.now().isoformat()))
        self.post(client, self.event("Open", UserAgent=agent, ReceivedAt=timezone.now().isoformat()))
        self.post(client, self.event("Click", UserAgent=agent, OriginalLink="https://shop.example/"))
        self.post(client, self.event("SpamComplaint", Type="SpamComplaint", Email=message.address))
        message.refresh_from_db()
        assert None not in {message.delivered_at, message.opened_at, message.complained_at}
        assert message.clicks.get().url == "https://shop.example/"

    def test_unsubscribed_at_the_provider(self, client, message):
        body = self.event("SubscriptionChange", SuppressSending=True, SuppressionReason="ManualSuppression")
        for _ in range(2):
            self.post(client, body)
        assert Consent.objects.get().choice == "out"
