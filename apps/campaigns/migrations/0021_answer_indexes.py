from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # built beside a large table that goes on being written

    dependencies = [("campaigns", "0020_answers")]

    operations = [
        AddIndexConcurrently(
            model_name="message",
            index=models.Index(
                condition=models.Q(("state", "sent"), models.Q(("address", ""), _negated=True)),
                fields=["address", "sent_at"],
                name="message_sent_to_address",
            ),
        ),
        AddIndexConcurrently(
            model_name="message",
            index=models.Index(
                condition=models.Q(("bounced_at__isnull", False)), fields=["bounced_at"], name="message_bounced"
            ),
        ),
        AddIndexConcurrently(
            model_name="message",
            index=models.Index(
                condition=models.Q(("complained_at__isnull", False)),
                fields=["complained_at"],
                name="message_complained",
            ),
        ),
    ]
