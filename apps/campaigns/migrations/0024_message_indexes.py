from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import deletion

_UNIQUE = """
    CREATE UNIQUE INDEX CONCURRENTLY message_of_invitation ON campaigns_message (invitation_id)
    WHERE invitation_id IS NOT NULL
"""
# By hand: Django would make the foreign keys anew, and read the whole table for each.
_DROP = [
    "DROP INDEX CONCURRENTLY IF EXISTS campaigns_message_customer_id_40e49b9f",
    "DROP INDEX CONCURRENTLY IF EXISTS campaigns_message_step_id_594faaac",
    "ALTER TABLE campaigns_message DROP CONSTRAINT IF EXISTS campaigns_message_invitation_id_key",
]
_BACK = [
    "CREATE INDEX campaigns_message_customer_id_40e49b9f ON campaigns_message (customer_id)",
    "CREATE INDEX campaigns_message_step_id_594faaac ON campaigns_message (step_id)",
    "ALTER TABLE campaigns_message ADD CONSTRAINT campaigns_message_invitation_id_key UNIQUE (invitation_id)",
]


class Migration(migrations.Migration):
    """Fewer indexes to write to at each change of a message; the new ones first, so that nothing waits."""

    atomic = False
    dependencies = [("campaigns", "0023_endpoint_secret_overlap"), ("feedback", "0009_going_back_without_new_answers")]

    operations = [
        AddIndexConcurrently(
            model_name="message", index=models.Index(fields=["customer", "sent_at"], name="message_of_customer")
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL("DROP INDEX CONCURRENTLY IF EXISTS message_of_invitation", migrations.RunSQL.noop),
                migrations.RunSQL(_UNIQUE, "DROP INDEX message_of_invitation"),
                migrations.RunSQL(_DROP, _BACK),
            ],
            state_operations=[
                migrations.AlterField(
                    model_name="message",
                    name="customer",
                    field=models.ForeignKey(
                        db_index=False, on_delete=deletion.CASCADE, related_name="messages", to="customers.customer"
                    ),
                ),
                migrations.AlterField(
                    model_name="message",
                    name="invitation",
                    field=models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=deletion.SET_NULL,
                        related_name="+",
                        to="feedback.invitation",
                    ),
                ),
                migrations.AlterField(
                    model_name="message",
                    name="step",
                    field=models.ForeignKey(
                        db_index=False, on_delete=deletion.PROTECT, related_name="messages", to="campaigns.campaignstep"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="message",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(invitation__isnull=False),
                        fields=("invitation",),
                        name="message_of_invitation",
                    ),
                ),
            ],
        ),
        migrations.RemoveIndex(model_name="message", name="message_sent_to"),
    ]
