from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

import apps.customers.models


class Migration(migrations.Migration):
    atomic = False  # built beside a large table that goes on being written

    dependencies = [("customers", "0004_merge_undo")]

    operations = [
        AddIndexConcurrently(
            model_name="identity",
            index=models.Index(
                apps.customers.models.Mailbox("value"),
                condition=models.Q(("kind", "email")),
                name="identity_mailbox",
            ),
        ),
    ]
