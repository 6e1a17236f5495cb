from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0003_audit")]

    operations = [
        migrations.AddField(
            model_name="message",
            name="is_held_until_due",
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
