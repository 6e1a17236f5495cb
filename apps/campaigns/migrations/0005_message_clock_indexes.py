from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # built beside a large table that goes on being written

    dependencies = [("campaigns", "0004_message_held_until_due")]

    operations = [
        AddIndexConcurrently(
            model_name="message",
            index=models.Index(
                condition=models.Q(("is_held_until_due", True), ("state", "held")),
                fields=["due_at", "id"],
                name="message_held_until_due",
            ),
        ),
        AddIndexConcurrently(
            model_name="message",
            index=models.Index(
                condition=models.Q(("state", "sent")), fields=["customer", "sent_at"], name="message_sent_to"
            ),
        ),
    ]
