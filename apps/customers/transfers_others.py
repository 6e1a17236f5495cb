"""Companies and consents in from a file."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.enums import RowState
from apps.core.transfers import Cells, Column, Context, Importer, Plan, Problem, Row, differences, each, json_object
from apps.customers import finding, folding, imported_consents
from apps.customers.actions import importing
from apps.customers.actions.importing import Consented
from apps.customers.enums import Choice
from apps.customers.imported_consents import Answer, Recorded
from apps.customers.models import Company, Customer
from apps.customers.transfers import WHO, Values, country, match, may_own, who
from apps.staff.models import User


@dataclass(frozen=True)
class CompanyValues:
    name: str
    external_id: str = ""
    domain: str = ""
    country: str = ""
    owner: str = ""
    traits: dict[str, Any] = field(default_factory=dict)


class CompaniesImporter(Importer[CompanyValues]):
    label = gettext_lazy("Companies")
    help = gettext_lazy("The firms that your customers belong to.")
    icon = "building-2"
    extra = gettext_lazy("trait")
    needs = (("name",),)
    columns = (
        Column("name", gettext_lazy("Name"), "", ("company", "companyname")),
        Column("external_id", gettext_lazy("External id"), "", ("id", "companyid", "accountid")),
        Column("domain", gettext_lazy("Domain"), gettext_lazy("Such as fernhill.example."), ("website",)),
        Column("country", gettext_lazy("Country"), gettext_lazy("Two letters, such as DE."), ("countrycode",)),
        Column("owner", gettext_lazy("Owner"), gettext_lazy("The e-mail of a member of staff."), ("owneremail",)),
        Column("traits", gettext_lazy("Traits as JSON"), "", ("othertraits",)),
    )

    def parse(self, row: Row, context: Context) -> CompanyValues:
        cells = Cells(row, self.columns)
        found = CompanyValues(
            name=cells.text("name", most=200),
            external_id=cells.text("external_id", most=200),
            domain=cells.text("domain", most=200).lower(),
            country=cells.parsed("country", country) or "",
            owner=cells.text("owner", most=320).lower(),
            traits={**(cells.parsed("traits", json_object) or {}), **cells.extras()},
        )
        if not found.name:
            cells.refuse("name", _("is missing"))
        cells.check()
        return found

    def keys(self, value: CompanyValues) -> set[str]:
        return {f"name:{value.name}", *([f"id:{value.external_id}"] if value.external_id else [])}

    def plan(self, values: Sequence[CompanyValues], context: Context) -> list[Plan[CompanyValues] | Problem]:
        names, ids = [value.name for value in values], [value.external_id for value in values if value.external_id]
        by_name: dict[str, list[Company]] = {}
        locked = Company.objects.select_related("owner").order_by("pk").select_for_update(of=("self",), no_key=True)
        for company in locked.filter(name__in=names):
            by_name.setdefault(company.name, []).append(company)
        by_id = {str(company.external_id): company for company in locked.filter(external_id__in=ids)}
        staff = {u.email.lower(): u for u in User.objects.filter(email__in={v.owner for v in values})}
        return [
            _company_plan(value, by_name.get(value.name, []), by_id.get(value.external_id), staff) for value in values
        ]

    def apply(self, plans: Sequence[Plan[CompanyValues]], context: Context) -> None:
        for plan in plans:
            company, value = plan.target, plan.value
            company.name = value.name
            company.external_id = value.external_id or company.external_id
            company.domain = value.domain or company.domain
            company.country = value.country or company.country
            company.traits = {**company.traits, **value.traits}
        Company.objects.bulk_create([plan.target for plan in plans if plan.state is RowState.NEW])
        changed = [plan.target for plan in plans if plan.state is RowState.CHANGED]
        Company.objects.bulk_update(changed, ["name", "external_id", "domain", "country", "traits", "owner"])


def _company_plan(
    value: CompanyValues, named: list[Company], known: Company | None, staff: dict[str, User]
) -> Plan[CompanyValues] | Problem:
    # One of the same name that has another id is another company.
    fit = [one for one in named if not value.external_id or not one.external_id]
    if known is None and len(fit) > 1:
        words = _("%(count)d companies are called “%(name)s”; say which one by its external id")
        return Problem(words % {"count": len(fit), "name": value.name})
    old = known or (fit[0] if fit else None)
    if value.owner and not may_own(staff.get(value.owner), old):
        return Problem(_("nobody of the staff signs in as %(email)s") % {"email": value.owner})
    company = old or Company(name=value.name, external_id=value.external_id or None)
    changes = _company_changes(value, old or Company(), staff)
    if value.owner:
        company.owner = staff[value.owner]
    state = RowState.CHANGED if changes else RowState.UNCHANGED
    return Plan(value, RowState.NEW if old is None else state, value.name, changes, company)


def _company_changes(value: CompanyValues, old: Company, staff: dict[str, User]) -> list[tuple[str, str, str]]:
    labels = {column.key: column.label for column in CompaniesImporter.columns}
    own = [(labels[n], getattr(old, n), getattr(value, n)) for n in ("name", "external_id", "domain", "country")]
    owner = (labels["owner"], str(old.owner or ""), str(staff[value.owner]) if value.owner else "")
    return differences([*own, owner, *((key, old.traits.get(key), new) for key, new in value.traits.items())])


@dataclass(frozen=True)
class ConsentValues:
    who: Values
    address: str
    answer: Answer


class ConsentsImporter(Importer[ConsentValues]):
    label = gettext_lazy("Consents")
    help = gettext_lazy("What people said yes or no to, with evidence. Nobody new is made.")
    icon = "file-check"
    needs = (("external_id", "email", "phone", "number", "address"), ("consent_channel",), ("consent_choice",))
    columns = (
        *WHO,
        Column("address", gettext_lazy("Address"), gettext_lazy("For a no that belongs to no customer.")),
        *imported_consents.COLUMNS,
    )

    def parse(self, row: Row, context: Context) -> ConsentValues:
        cells = Cells(row, self.columns)
        address = cells.text("address", most=320)
        of_somebody = any(cells.raw(column.key).strip() for column in WHO)
        found = Values(**who(cells)) if of_somebody or not address else Values()
        answer = imported_consents.parse(cells, now=context.now, is_needed=True)
        if answer is not None and not of_somebody and answer.choice is Choice.IN:
            cells.refuse("consent_choice", _("a yes must belong to a customer"))
        cells.check()
        assert answer is not None  # noqa: S101 - else check() has refused
        folded = folding.address(channel=answer.channel, value=address) if address else ""
        return ConsentValues(found, folded, answer)

    def keys(self, value: ConsentValues) -> set[str]:
        own = {f"{kind}:{text}" for kind, text in value.who.identities()}
        return own | {f"number:{value.who.number}", f"address:{value.address}"} - {"number:None", "address:"}

    def prepare(self, values: Sequence[ConsentValues], context: Context) -> None:
        importing.lock(key for value in values for key in value.who.identities())

    def plan(self, values: Sequence[ConsentValues], context: Context) -> list[Plan[ConsentValues] | Problem]:
        known = finding.known(key for value in values for key in value.who.identities())
        numbers = finding.by_number(value.who.number for value in values)
        found = each(values, lambda value: match(value.who, known, numbers))
        ids = [pk for pk in found if isinstance(pk, int)]
        people = Customer.objects.in_bulk(ids)
        recorded = Recorded(ids, [value.address for value in values])
        return each(
            zip(values, found, strict=True), lambda pair: _consent_plan(pair[0], pair[1], people, recorded, context)
        )

    def apply(self, plans: Sequence[Plan[ConsentValues]], context: Context) -> None:
        by = User.objects.filter(pk=context.user_id or 0).first()
        for plan in plans:
            customer, consent = plan.target
            importing.record(consent, customer=customer, by=by)
        importing.look_again([customer.pk for customer, _consent in (p.target for p in plans) if customer is not None])


def _consent_plan(
    value: ConsentValues,
    found: int | Problem | None,
    people: dict[int, Customer],
    recorded: Recorded,
    context: Context,
) -> Plan[ConsentValues]:
    if isinstance(found, Problem):
        raise found
    if found is None and not value.address:
        raise Problem(_("there is no such customer"))
    answer, customer = value.answer, people.get(found) if found is not None else None
    topic = recorded.topic_of(answer)
    is_news = recorded.is_news(answer, customer_id=found, address=value.address)
    words = f"{answer.channel}, {topic or _('everything')}: {answer.choice.label}"
    consent = Consented(answer.channel, topic, answer.choice, answer.evidence, answer.at or context.now, value.address)
    state = RowState.NEW if is_news else RowState.UNCHANGED
    changes = [(_("Consent"), "", words)] if is_news else []
    return Plan(value, state, str(customer or value.address), changes, (customer, consent))
