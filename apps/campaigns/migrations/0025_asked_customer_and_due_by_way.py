from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import deletion


class Migration(migrations.Migration):
    atomic = False  # built beside a large table that goes on being written

    dependencies = [("campaigns", "0024_message_indexes"), ("customers", "0007_topic_public")]

    operations = [
        AddIndexConcurrently(
            model_name="message",
            index=models.Index(
                condition=models.Q(state="queued"), fields=["channel", "due_at", "id"], name="message_due_by_way"
            ),
        ),
        migrations.RemoveIndex(model_name="message", name="message_due"),
        migrations.AddField(
            model_name="confirmation",
            name="customer",
            field=models.ForeignKey(null=True, on_delete=deletion.SET_NULL, related_name="+", to="customers.customer"),
        ),
    ]
