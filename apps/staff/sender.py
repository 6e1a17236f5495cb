"""What has to stand in the DNS of the sender's domain, so that mails arrive."""

from dataclasses import dataclass

from django.utils.translation import gettext as _


@dataclass(frozen=True)
class Record:
    """`is_exact`: to be copied as it is; else the provider says what goes in the place of the words in capitals."""

    id: str
    name: str
    kind: str
    host: str
    value: str
    why: str
    is_exact: bool


def domain_of(address: str) -> str:
    return address.rpartition("@")[2].lower()


def records(domain: str) -> list[Record]:
    return [
        Record(
            "spf", "SPF", "TXT", domain, "v=spf1 include:YOUR-PROVIDER ~all",
            _("Says which servers may send for the domain. Where a record begins with v=spf1 already, add the include "
              "to it: a domain may have only one."),
            is_exact=False,
        ),
        Record(
            "dkim", "DKIM", "TXT", f"SELECTOR._domainkey.{domain}", "v=DKIM1; k=rsa; p=PUBLIC-KEY",
            _("The key with which your provider signs each mail. It shows you selector and key; some ask for a CNAME "
              "instead. The signature has to cover List-Unsubscribe and List-Unsubscribe-Post."),
            is_exact=False,
        ),
        Record(
            "dmarc", "DMARC", "TXT", f"_dmarc.{domain}", f"v=DMARC1; p=none; rua=mailto:dmarc@{domain}",
            _("Says what becomes of mails that fail both, and where reports go. Begin with p=none; when the reports "
              "show only your own servers, change it to p=quarantine."),
            is_exact=True,
        ),
    ]  # fmt: skip


def asked_for() -> list[tuple[str, str]]:
    """By Gmail and Yahoo of who sends 5,000 mails a day or more; and who does that for it."""
    return [
        (_("SPF and DKIM both pass, and one of them is of the domain in From"), _("The records above.")),
        (_("A DMARC record, p=none is enough"), _("The record above.")),
        (_("Unsubscribing by one click, in the mail program and by a link in the text"), _("Milepost, in each mail.")),
        (_("Who unsubscribes gets nothing after two days"), _("Milepost, within a minute.")),
        (
            _("Fewer than 0.1 % of mails called spam, never 0.3 %"),
            _("You, by what you write and to whom. A campaign that reaches 0.3 % pauses itself."),
        ),
        (_("TLS on the way, and a host name for the sending address"), _("Your provider or mail server.")),
        (_("A postal address in advertising (CAN-SPAM)"), _("Milepost, from the field above.")),
    ]
