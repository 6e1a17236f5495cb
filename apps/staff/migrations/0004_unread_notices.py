from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("staff", "0003_api_keys_overlap")]

    operations = [
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(condition=models.Q(("read_at", None)), fields=["user"], name="notice_unread"),
        ),
    ]
