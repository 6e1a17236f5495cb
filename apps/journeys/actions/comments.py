from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.journeys.models import Comment, Journey, ShareLink
from apps.journeys.selectors.comments import Mentions, Place, people
from apps.staff.actions import notices
from apps.staff.enums import Act, NoticeKind
from apps.staff.models import User

MOST_OF_A_LINK = 500


class Closed(ValueError):
    """This link takes no comments; the text says why."""


class NotYours(PermissionError):
    """Only who said it, or who designs maps, may do this."""


@transaction.atomic
def say(*, journey: Journey, place: Place, text: str, by: User | None, now: datetime, key_name: str = "") -> Comment:
    """By staff, or by a program with an API key of that name. Whoever else is mentioned gets one notice."""
    comment = Comment.objects.create(
        journey=journey, card_key=place.key, text=text, by=by, guest_name="" if by else key_name, at=now
    )
    ids = Mentions(people()).ids(text) - {by.pk if by else None}
    words = {"who": by or key_name, "card": place.text or _("a card"), "journey": journey, "text": text}
    notices.tell(
        user_ids=[pk for pk in ids if pk],
        kind=NoticeKind.MENTION,
        key=f"comment:{comment.pk}",
        text=_("%(who)s mentioned you on “%(card)s” of %(journey)s: %(text)s") % words,
        url=reverse("card_comments", kwargs={"pk": journey.pk, "key": place.key}),
        now=now,
    )
    return comment


@transaction.atomic
def say_as_guest(*, link_id: int, key: UUID, name: str, text: str, now: datetime) -> Comment:
    """Guests mention nobody. Raises Closed when the link was revoked, takes no comments or had too many."""
    link = ShareLink.objects.select_for_update(of=("self",), no_key=True).get(pk=link_id)
    if link.revoked_at is not None or not link.takes_comments:
        raise Closed(_("This link takes no comments."))
    if Comment.objects.filter(link=link).count() >= MOST_OF_A_LINK:
        raise Closed(_("This link has all the comments it takes. Ask for another one."))
    return Comment.objects.create(
        journey_id=link.journey_id, card_key=key, link=link, guest_name=name, text=text, at=now
    )


def resolve(*, comment: Comment, by: User, now: datetime) -> None:
    """Idempotent: the first time stands. Raises NotYours."""
    _check(comment, by)
    Comment.objects.open().filter(pk=comment.pk).update(resolved_at=now, resolved_by=by)


def reopen(*, comment: Comment, by: User) -> None:
    """Raises NotYours."""
    _check(comment, by)
    Comment.objects.filter(pk=comment.pk).update(resolved_at=None, resolved_by=None)


def delete(*, comment: Comment, by: User) -> None:
    """One's own; whoever designs maps, also what no member of staff said. Raises NotYours."""
    if comment.by_id is not None and comment.by_id != by.pk:
        raise NotYours
    _check(comment, by)
    Comment.objects.filter(pk=comment.pk).delete()


def _check(comment: Comment, by: User) -> None:
    if comment.by_id != by.pk and not by.has_perm(Act.DESIGN.permission):
        raise NotYours
