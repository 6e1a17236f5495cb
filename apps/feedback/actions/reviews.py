from datetime import datetime

from django.db import transaction

from apps.feedback.models import Review


@transaction.atomic
def reply(*, review: Review, text: str, now: datetime) -> Review:
    """Keeps what the company answered on the review site; Milepost itself publishes nothing. An empty text takes the
    reply back."""
    review = Review.objects.select_for_update(of=("self",), no_key=True).get(pk=review.pk)
    if text == review.reply:
        return review
    review.reply = text
    review.replied_at = (review.replied_at or now) if text else None
    review.save(update_fields=["reply", "replied_at"])
    return review
