from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("touchpoints", "0007_touchpoint_days"),
    ]

    operations = [
        migrations.CreateModel(
            name="SeenEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("event", models.CharField(max_length=200)),
                ("channel", models.CharField(max_length=20)),
                ("last_at", models.DateTimeField()),
                ("count", models.BigIntegerField(default=0)),
            ],
            options={
                "indexes": [models.Index(fields=["-last_at", "-id"], name="seen_event_latest")],
                "constraints": [models.UniqueConstraint(fields=("event", "channel"), name="seen_event_once")],
            },
        ),
        migrations.CreateModel(
            name="SeenProperty",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("event", models.CharField(max_length=200)),
                ("path", models.CharField(max_length=120)),
                ("kinds", models.JSONField(default=list)),
                ("values", models.JSONField(default=list)),
                ("last_at", models.DateTimeField()),
            ],
            options={
                "indexes": [models.Index(fields=["-last_at", "-id"], name="seen_property_latest")],
                "constraints": [models.UniqueConstraint(fields=("event", "path"), name="seen_property_once")],
            },
        ),
        migrations.CreateModel(
            name="VocabularyCursor",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("interaction_id", models.BigIntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="vocabulary_cursor_one_row")
                ],
            },
        ),
    ]
