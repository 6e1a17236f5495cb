"""Reviews in from a file; reviews and responses out to one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db.models import Prefetch, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.enums import RowState
from apps.core.importing import content_hash
from apps.core.transfers import Cells, Column, Context, Exporter, Importer, Plan, Problem, Row, Slice, differences, each
from apps.customers import finding
from apps.customers.enums import IdentityKind
from apps.customers.imported_consents import past
from apps.customers.models import Identity
from apps.customers.transfers import email
from apps.feedback.models import Response, Review, ReviewSite

_FIELDS = ("rating", "title", "text", "author", "published_at", "url", "reply")


@dataclass(frozen=True)
class Values:
    site: str
    site_url: str
    external_id: str
    rating: int
    title: str
    text: str
    author: str
    published_at: datetime
    url: str
    reply: str
    email: str


class ReviewsImporter(Importer[Values]):
    label = gettext_lazy("Reviews")
    help = gettext_lazy("Public opinions from review sites, with your replies.")
    icon = "star"
    counts_equal_rows = True
    needs = (("site",), ("stars",), ("published",))
    columns = (
        Column(
            "site", gettext_lazy("Review site"), gettext_lazy("By its name; made when missing."), ("site", "platform")
        ),
        Column(
            "site_url", gettext_lazy("Address of the site"), gettext_lazy("Needed for a new site."), ("siteaddress",)
        ),
        Column("external_id", gettext_lazy("External id"), gettext_lazy("Of the review."), ("id", "reviewid")),
        Column("stars", gettext_lazy("Stars"), gettext_lazy("1 to 5."), ("rating", "score")),
        Column("title", gettext_lazy("Title"), "", ("headline", "subject")),
        Column("text", gettext_lazy("Text"), "", ("review", "body", "comment", "content")),
        Column("author", gettext_lazy("Author"), "", ("name", "reviewer", "by")),
        Column("published", gettext_lazy("Published"), "", ("date", "publishedat", "createdat", "time")),
        Column("url", gettext_lazy("Address of the review"), "", ("link", "reviewurl")),
        Column("reply", gettext_lazy("Our reply"), "", ("reply", "response", "answer")),
        Column("email", gettext_lazy("E-mail of the customer"), "", ("mail", "customeremail")),
    )

    def parse(self, row: Row, context: Context) -> Values:
        cells = Cells(row, self.columns)
        for key in ("site", "stars", "published"):
            if not cells.raw(key).strip():
                cells.refuse(key, _("is missing"))
        found = Values(
            site=cells.text("site", most=100),
            site_url=cells.parsed("site_url", _url) or "",
            external_id=cells.text("external_id", most=200) or f"row:{content_hash(row.cells).hex()}:{row.ordinal}",
            rating=cells.parsed("stars", _stars) or 0,
            title=cells.text("title", most=300),
            text=cells.raw("text"),
            author=cells.text("author", most=200),
            published_at=cells.parsed("published", partial(past, now=context.now)) or context.now,
            url=cells.parsed("url", _url) or "",
            reply=cells.raw("reply"),
            email=cells.parsed("email", email) or "",
        )
        cells.check()
        return found

    def keys(self, value: Values) -> set[str]:
        return {f"{value.site}:{value.external_id}"}

    def plan(self, values: Sequence[Values], context: Context) -> list[Plan[Values] | Problem]:
        sites = {site.name: site for site in ReviewSite.objects.filter(name__in={value.site for value in values})}
        known = finding.known(("email", value.email) for value in values if value.email)
        there = _there(values, sites)
        urls = {value.site: value.site_url for value in values if value.site_url}

        def plan(value: Values) -> Plan[Values]:
            customer_id = known.owner_of(IdentityKind.EMAIL, value.email) if value.email else None
            if value.email and customer_id is None:
                raise Problem(_("no customer has the e-mail %(email)s") % {"email": value.email})
            if value.site not in sites and value.site not in urls:
                raise Problem(_("there is no review site “%(site)s”; give its address") % {"site": value.site})
            site = sites.get(value.site) or ReviewSite(name=value.site, url=urls[value.site])
            return _plan(value, there.get((value.site, value.external_id)), site, customer_id)

        return each(values, plan)

    def apply(self, plans: Sequence[Plan[Values]], context: Context) -> None:
        sites = _sites(plans)
        for plan in plans:
            review, value = plan.target, plan.value
            review.site = sites[value.site]
            for name in _FIELDS:
                setattr(review, name, getattr(value, name) or getattr(review, name))
            review.replied_at = review.replied_at or (context.now if review.reply else None)
        Review.objects.bulk_create([plan.target for plan in plans if plan.state is RowState.NEW])
        changed = [plan.target for plan in plans if plan.state is RowState.CHANGED]
        Review.objects.bulk_update(changed, [*_FIELDS, "customer", "replied_at"])


def _stars(text: str) -> int:
    if text.removesuffix(".0") not in {"1", "2", "3", "4", "5"}:
        raise ValueError(_("“%(text)s” is no whole number from 1 to 5") % {"text": text[:40]})
    return int(text.removesuffix(".0"))


def _url(text: str) -> str:
    try:
        URLValidator(schemes=["http", "https"])(text)
    except ValidationError as error:
        raise ValueError(_("“%(text)s” is no address that begins with https://") % {"text": text[:80]}) from error
    if len(text) > 500:
        raise ValueError(_("at most 500 characters"))
    return text


def _there(values: Sequence[Values], sites: dict[str, ReviewSite]) -> dict[tuple[str, str], Review]:
    wanted = Q(pk__in=[])
    for value in values:
        if value.site in sites:
            wanted |= Q(site=sites[value.site], external_id=value.external_id)
    rows = Review.objects.filter(wanted).order_by("pk").select_for_update(of=("self",), no_key=True)
    return {(review.site.name, review.external_id): review for review in rows.select_related("site")}


def _plan(value: Values, review: Review | None, site: ReviewSite, customer_id: int | None) -> Plan[Values]:
    old = review or Review()
    labels = {"rating": _("Stars"), "published_at": _("Published"), "url": _("Address of the review")}
    labels |= {"title": _("Title"), "text": _("Text"), "author": _("Author"), "reply": _("Our reply")}
    changes = differences((labels[name], getattr(old, name), getattr(value, name)) for name in _FIELDS)
    if customer_id is not None and customer_id != old.customer_id:
        changes.append((_("Customer"), str(old.customer or ""), value.email))
    target = review or Review(site=site, external_id=value.external_id)
    target.customer_id = customer_id or target.customer_id
    state = RowState.CHANGED if changes else RowState.UNCHANGED
    title = f"{value.site}: {value.title or value.author or value.external_id}"
    return Plan(value, RowState.NEW if review is None else state, title, changes, target)


def _sites(plans: Sequence[Plan[Values]]) -> dict[str, ReviewSite]:
    """By name; those that are new are made."""
    found = {plan.target.site.name: plan.target.site for plan in plans}
    for site in found.values():
        if not site.pk:
            site.save()
    return found


class ReviewsExporter(Exporter):
    label = gettext_lazy("Reviews")
    help = gettext_lazy("Public opinions with your replies.")
    icon = "star"

    def header(self, options: dict[str, str]) -> list[str]:
        return [
            "Review site", "Address of the site", "External id", "Stars", "Title", "Text", "Author", "Published",
            "Address of the review", "Our reply", "E-mail of the customer",
        ]  # fmt: skip

    def count(self, options: dict[str, str]) -> int:
        return Review.objects.count()

    def slice(self, header: list[str], options: dict[str, str], *, after: int, limit: int) -> Slice:
        rows = list(Review.objects.filter(pk__gt=after).select_related("site", "customer").order_by("pk")[:limit])
        return Slice([_review(row) for row in rows], rows[-1].pk if len(rows) == limit else None)


def _review(row: Review) -> list[str]:
    return [
        row.site.name,
        row.site.url,
        row.external_id,
        str(row.rating),
        row.title,
        row.text,
        row.author,
        row.published_at.isoformat(),
        row.url,
        row.reply,
        row.customer.email if row.customer else "",
    ]


class ResponsesExporter(Exporter):
    label = gettext_lazy("Responses")
    help = gettext_lazy("Answers to surveys, each with its question and scale.")
    icon = "message-square-text"

    def header(self, options: dict[str, str]) -> list[str]:
        return [
            "Milepost number", "External id", "E-mail", "Survey", "Kind", "Question", "Score", "Lowest", "Highest",
            "High is good", "Comment", "Channel", "Answered", "Changed", "Chosen", "Question that followed", "Way",
        ]  # fmt: skip

    def count(self, options: dict[str, str]) -> int:
        return Response.objects.count()

    def slice(self, header: list[str], options: dict[str, str], *, after: int, limit: int) -> Slice:
        external = Identity.objects.filter(kind=IdentityKind.EXTERNAL).order_by("pk")
        rows = list(
            Response.objects.filter(pk__gt=after)
            .select_related("customer", "survey")
            .prefetch_related(Prefetch("customer__identities", external, to_attr="external_ids"))
            .order_by("pk")[:limit]
        )
        return Slice([_response(row) for row in rows], rows[-1].pk if len(rows) == limit else None)


def _response(row: Response) -> list[str]:
    return [
        *_customer(row.customer),
        row.survey.name,
        row.kind,
        row.question,
        *("" if number is None else str(number) for number in (row.score, row.scale_low, row.scale_high)),
        "true" if row.is_high_good else "false",
        row.comment,
        row.channel,
        row.answered_at.isoformat(),
        row.changed_at.isoformat() if row.changed_at else "",
        ", ".join(row.chosen),
        row.comment_question,
        row.way,
    ]


def _customer(customer: Any) -> list[str]:
    """Number, external id and e-mail; empty where nobody knows who answered."""
    if customer is None:
        return ["", "", ""]
    return [str(customer.pk), customer.external_ids[0].value if customer.external_ids else "", customer.email]
