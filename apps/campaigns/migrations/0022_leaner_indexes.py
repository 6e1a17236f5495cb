import django.db.models.deletion
from django.db import migrations, models

# The unique index stays as it is and gets another name: a large table is not to wait for a new one. The index beside
# it was made for LIKE, which nobody asks of a key.
_LEAN = """
    ALTER TABLE campaigns_message RENAME CONSTRAINT campaigns_message_key_key TO message_once;
    DROP INDEX campaigns_message_key_2d06b49f_like;
"""
_BACK = """
    ALTER TABLE campaigns_message RENAME CONSTRAINT message_once TO campaigns_message_key_key;
    CREATE INDEX campaigns_message_key_2d06b49f_like ON campaigns_message (key varchar_pattern_ops);
"""


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0021_answer_indexes")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(_LEAN, _BACK)],
            state_operations=[
                migrations.AlterField(model_name="message", name="key", field=models.CharField(max_length=100)),
                migrations.AddConstraint(
                    model_name="message", constraint=models.UniqueConstraint(fields=("key",), name="message_once")
                ),
            ],
        ),
        migrations.AlterField(
            model_name="enrolment",
            name="campaign",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="enrolments",
                to="campaigns.campaign",
            ),
        ),
        migrations.AlterField(
            model_name="message",
            name="topic",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="customers.topic",
            ),
        ),
    ]
