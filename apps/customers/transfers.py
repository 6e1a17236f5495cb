"""Customers in from a file."""

import re
import zoneinfo
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.enums import RowState
from apps.core.transfers import Cells, Column, Context, Importer, Plan, Problem, Row, differences, each, json_object
from apps.customers import finding, folding, imported_consents
from apps.customers.actions import importing
from apps.customers.actions.importing import Consented, Person
from apps.customers.enums import IdentityKind
from apps.customers.finding import Key, Known
from apps.customers.imported_consents import Answer, Recorded
from apps.customers.models import Company, CompanyMember, Customer
from apps.staff.models import User

ZONES = zoneinfo.available_timezones()

WHO = (
    Column("number", gettext_lazy("Milepost number"), gettext_lazy("From an export of Milepost."), ("milepostid",)),
    Column(
        "external_id",
        gettext_lazy("External id"),
        gettext_lazy("The id in your own systems."),
        ("id", "customerid", "userid", "clientid", "customernumber"),
    ),
    Column("email", gettext_lazy("E-mail"), "", ("mail", "emailaddress")),
    Column("phone", gettext_lazy("Phone"), gettext_lazy("With its country code."), ("mobile", "tel", "phonenumber")),
)


@dataclass(frozen=True)
class Values:
    number: int | None = None
    external_id: str = ""
    email: str = ""
    phone: str = ""
    name: str = ""
    first_name: str = ""
    last_name: str = ""
    country: str = ""
    time_zone: str = ""
    tags: tuple[str, ...] = ()
    owner: str = ""
    company: str = ""
    company_id: str = ""
    role: str = ""
    traits: dict[str, Any] = field(default_factory=dict)
    answer: Answer | None = None

    @property
    def title(self) -> str:
        return (
            self.name or f"{self.first_name} {self.last_name}".strip() or self.email or self.external_id or self.phone
        )

    def identities(self) -> list[Key]:
        found = [("external", self.external_id), ("email", self.email), ("phone", self.phone)]
        return [(kind, value) for kind, value in found if value]

    def all_traits(self) -> dict[str, Any]:
        named = {"firstName": self.first_name, "lastName": self.last_name}
        return {**self.traits, **{key: value for key, value in named.items() if value}}


def who(cells: Cells, *, region: str = "") -> dict[str, Any]:
    """The identities of a row; at least one is needed."""
    found = {
        "number": cells.parsed("number", number),
        "external_id": cells.parsed("external_id", external_id) or "",
        "email": cells.parsed("email", email) or "",
        "phone": cells.parsed("phone", partial(_phone, region=region)) or "",
    }
    if cells.are_empty(*found):
        cells.refuse("", _("needs an external id, an e-mail or a phone number"))
    return found


def number(text: str) -> int:
    if not text.isdecimal() or len(text) > 18:
        raise ValueError(_("“%(text)s” is no number of a customer") % {"text": text[:40]})
    return int(text)


def external_id(text: str) -> str:
    found = folding.external_id(text)
    if found is None:
        raise ValueError(
            _("“%(text)s” is sent by many systems for nobody, so it cannot be an id") % {"text": text[:40]}
        )
    return found


def email(text: str) -> str:
    found = folding.email(text)
    if found is None:
        raise ValueError(_("“%(text)s” is no e-mail address") % {"text": text[:80]})
    return found


def _phone(text: str, *, region: str) -> str:
    found = folding.phone(text, region=region)
    if found is None:
        words = _("“%(text)s” is no phone number; write it with its country code, such as +49 30 123456")
        raise ValueError(words % {"text": text[:40]})
    return found


def country(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{2}", text):
        raise ValueError(_("“%(text)s” is no country code of two letters, such as DE") % {"text": text[:40]})
    return text.upper()


def _zone(text: str) -> str:
    if text not in ZONES:
        raise ValueError(_("“%(text)s” is no time zone such as Europe/Berlin") % {"text": text[:40]})
    return text


def _tags(text: str) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(tag.strip() for tag in re.split(r"[,;|]", text) if tag.strip()))
    if any(len(tag) > 50 for tag in found):
        raise ValueError(_("a tag may have at most 50 characters"))
    return found


class CustomersImporter(Importer[Values]):
    label = gettext_lazy("Customers")
    help = gettext_lazy("People with their ids, addresses, traits, tags, company and consent.")
    icon = "users"
    extra = gettext_lazy("trait")
    needs = (("external_id", "email", "phone", "number"),)
    columns = (
        *WHO,
        Column("name", gettext_lazy("Name"), "", ("fullname", "customername")),
        Column("first_name", gettext_lazy("First name"), "", ("givenname", "forename")),
        Column("last_name", gettext_lazy("Last name"), "", ("surname", "familyname")),
        Column("country", gettext_lazy("Country"), gettext_lazy("Two letters, such as DE."), ("countrycode",)),
        Column("time_zone", gettext_lazy("Time zone"), gettext_lazy("Such as Europe/Berlin."), ("timezone", "tz")),
        Column(
            "tags", gettext_lazy("Tags"), gettext_lazy("Added to those they have; separated by commas."), ("labels",)
        ),
        Column("owner", gettext_lazy("Owner"), gettext_lazy("The e-mail of a member of staff."), ("owneremail",)),
        Column("company", gettext_lazy("Company"), gettext_lazy("By its name; made when missing."), ("companyname",)),
        Column("company_id", gettext_lazy("Company: external id"), "", ("companyid", "accountid")),
        Column("role", gettext_lazy("Role at the company"), gettext_lazy("Such as buyer."), ("role",)),
        Column("traits", gettext_lazy("Traits as JSON"), "", ("othertraits",)),
        *imported_consents.COLUMNS,
    )

    def parse(self, row: Row, context: Context) -> Values:
        cells = Cells(row, self.columns)
        land = cells.parsed("country", country) or ""
        found = Values(
            **who(cells, region=land),
            name=cells.text("name", most=300),
            first_name=cells.text("first_name", most=150),
            last_name=cells.text("last_name", most=150),
            country=land,
            time_zone=cells.parsed("time_zone", _zone) or "",
            tags=cells.parsed("tags", _tags) or (),
            owner=cells.text("owner", most=320).lower(),
            company=cells.text("company", most=200),
            company_id=cells.text("company_id", most=200),
            role=cells.text("role", most=50),
            traits={**(cells.parsed("traits", json_object) or {}), **cells.extras()},
            answer=imported_consents.parse(cells, now=context.now),
        )
        cells.check()
        return found

    def keys(self, value: Values) -> set[str]:
        own = {f"{kind}:{text}" for kind, text in value.identities()}
        company = {f"company:{text}" for text in (value.company, value.company_id) if text}
        return own | company | ({f"number:{value.number}"} if value.number else set())

    def prepare(self, values: Sequence[Values], context: Context) -> None:
        importing.lock(key for value in values for key in value.identities())

    def plan(self, values: Sequence[Values], context: Context) -> list[Plan[Values] | Problem]:
        return People(values, context.now).plans()

    def apply(self, plans: Sequence[Plan[Values]], context: Context) -> None:
        if plans:
            by = User.objects.filter(pk=context.user_id or 0).first()
            importing.save_people(people=[plan.target for plan in plans], by=by, now=context.now)


class People:
    """What a set of rows would change, no two of the same person."""

    def __init__(self, values: Sequence[Values], now: datetime) -> None:
        self._values, self._now = values, now
        known = finding.known(key for value in values for key in value.identities())
        numbers = finding.by_number(value.number for value in values)
        self._matched = each(values, lambda value: match(value, known, numbers))
        self._has_id = known.with_external
        self._owns = known.owners
        self._customers = importing.locked([pk for pk in self._matched if isinstance(pk, int)])
        self._recorded = Recorded(self._customers, [v.email for v in values] + [v.phone for v in values])
        self._owners = _staff({value.owner for value in values if value.owner})
        self._companies = _companies(values)
        self._members = {
            (one.company_id, one.customer_id): one.role
            for one in CompanyMember.objects.filter(customer_id__in=list(self._customers))
        }

    def plans(self) -> list[Plan[Values] | Problem]:
        return each(zip(self._values, self._matched, strict=True), lambda pair: self._plan(*pair))

    def _plan(self, value: Values, match: int | Problem | None) -> Plan[Values]:
        if isinstance(match, Problem):
            raise match
        person = self._person(value, self._customers.get(match) if match is not None else None)
        changes = self._changes(value, person)
        state = RowState.CHANGED if changes else RowState.UNCHANGED
        state = RowState.NEW if person.customer is None else state
        title = value.title if person.customer is None else str(person.customer)
        return Plan(value, state, title, changes, person)

    def _person(self, value: Values, customer: Customer | None) -> Person:
        owner = self._owners.get(value.owner)
        if value.owner and not may_own(owner, customer):
            raise Problem(_("nobody of the staff signs in as %(email)s") % {"email": value.owner})
        if any(customer is None or pk != customer.pk for pk in self._owns.get(("external", value.external_id), {})):
            raise Problem(_("the external id belongs to another customer"))
        return Person(
            customer=customer,
            external_id=value.external_id if self._is_news(customer, "external", value.external_id) else "",
            email=value.email,
            phone=value.phone,
            name=value.name or _joined(value, customer),
            country=value.country,
            time_zone=value.time_zone,
            traits=value.all_traits(),
            tags=list(value.tags),
            owner_id=owner.pk if owner else None,
            company=self._company(value, customer),
            role=value.role,
            answer=self._answer(value, customer),
        )

    def _is_news(self, customer: Customer | None, kind: str, text: str) -> bool:
        return bool(text) and (customer is None or customer.pk not in self._owns.get((kind, text), {}))

    def _company(self, value: Values, customer: Customer | None) -> Company | None:
        if not (value.company or value.company_id):
            return None
        found = self._companies.get(("id", value.company_id) if value.company_id else ("name", value.company), [])
        own = [one for one in found if customer is not None and (one.pk, customer.pk) in self._members]
        found = own if len(own) == 1 else found
        if len(found) > 1:
            words = _("%(count)d companies are called “%(name)s”; say which one by its external id")
            raise Problem(words % {"count": len(found), "name": value.company})
        return (
            found[0] if found else Company(name=value.company or value.company_id, external_id=value.company_id or None)
        )

    def _answer(self, value: Values, customer: Customer | None) -> Consented | None:
        answer = value.answer
        if answer is None:
            return None
        address = {"email": value.email, "sms": value.phone}.get(answer.channel, "")
        pk = customer.pk if customer else None
        if not self._recorded.is_news(answer, customer_id=pk, address=address):
            return None
        topic = self._recorded.topic_of(answer)
        return Consented(answer.channel, topic, answer.choice, answer.evidence, answer.at or self._now)

    def _changes(self, value: Values, person: Person) -> list[tuple[str, str, str]]:
        old = person.customer or Customer()
        labels = {column.key: column.label for column in CustomersImporter.columns}
        own = [(labels[name], getattr(old, name), getattr(person, name)) for name in
               ("email", "phone", "name", "country", "time_zone")]  # fmt: skip
        tags = [*old.tags, *(tag for tag in person.tags if tag not in old.tags)]
        pairs: list[tuple[Any, object, object]] = [
            (labels["external_id"], self._has_id.get(old.pk, "") if old.pk else "", person.external_id),
            *own,
            (labels["tags"], ", ".join(old.tags), ", ".join(tags)),
            *((key, old.traits.get(key), new) for key, new in person.traits.items()),
        ]
        return differences(pairs) + self._other_changes(value, person, old)

    def _other_changes(self, value: Values, person: Person, old: Customer) -> list[tuple[str, str, str]]:
        found = []
        if person.owner_id and person.owner_id != old.owner_id:
            found.append((_("Owner"), str(old.owner or ""), value.owner))
        company = person.company
        if company is not None:
            role = self._members.get((company.pk, old.pk))
            if role is None or (person.role and role != person.role):
                found.append((_("Company"), role or "", f"{company.name} {person.role}".strip()))
        if person.answer is not None:
            topic = person.answer.topic or _("everything")
            found.append((_("Consent"), "", f"{person.answer.channel}, {topic}: {person.answer.choice.label}"))
        return found


def match(value: Values, known: Known, numbers: dict[int, int]) -> int | None:
    """By number, else external id, else e-mail, else phone. Raises Problem where it cannot be said."""
    if value.number:
        return of_number(value.number, value.identities(), known, numbers)
    if value.external_id:
        found = known.owner_of(IdentityKind.EXTERNAL, value.external_id)
        if found is not None:
            return found
        known.check_not_erased(IdentityKind.EXTERNAL, value.external_id)
    return _by_address(value, known)


def of_number(said: int, keys: list[Key], known: Known, numbers: dict[int, int]) -> int:
    """Numbers differ from installation to installation, so what else the row says must belong to the same customer."""
    if said not in numbers:
        raise Problem(_("there is no customer %(number)d") % {"number": said})
    if keys and not known.is_known_as(numbers[said], keys):
        raise Problem(_("customer %(number)d is somebody else here; leave out the numbers") % {"number": said})
    return numbers[said]


def _by_address(value: Values, known: Known) -> int | None:
    """Somebody with another external id is somebody else: people share addresses."""
    for kind, text in ((IdentityKind.EMAIL, value.email), (IdentityKind.PHONE, value.phone)):
        owners = set(known.owners.get((kind.value, text), {})) if text else set()
        if kind is IdentityKind.PHONE and value.email:
            owners = {pk for pk in owners if pk not in known.with_email}
        free = {pk for pk in owners if not value.external_id or pk not in known.with_external}
        found = known.owner_of(kind, text, among=free) if free else None
        if found is not None:
            return found
        if text and not value.external_id:
            known.check_not_erased(kind, text)
    return None


def may_own(user: User | None, thing: Customer | Company | None) -> bool:
    """Somebody who left keeps what they own, and gets nothing new."""
    return user is not None and (user.is_active or (thing is not None and thing.owner_id == user.pk))


def _joined(value: Values, customer: Customer | None) -> str:
    """A name of two parts; half a name does not replace a whole one."""
    joined = f"{value.first_name} {value.last_name}".strip()
    is_whole = bool(value.first_name and value.last_name)
    return joined if is_whole or customer is None or not customer.name else ""


def _staff(emails: set[str]) -> dict[str, User]:
    return {user.email.lower(): user for user in User.objects.filter(email__in=emails)}


def _companies(values: Sequence[Values]) -> dict[tuple[str, str], list[Company]]:
    names = {value.company for value in values if value.company}
    ids = {value.company_id for value in values if value.company_id}
    found: dict[tuple[str, str], list[Company]] = {}
    for company in Company.objects.filter(name__in=names).order_by("pk"):
        found.setdefault(("name", company.name), []).append(company)
    for company in Company.objects.filter(external_id__in=ids):
        found[("id", str(company.external_id))] = [company]
    return found
