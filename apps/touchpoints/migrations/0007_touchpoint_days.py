import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("touchpoints", "0006_interaction_outlives_touchpoint"),
    ]

    operations = [
        migrations.CreateModel(
            name="TouchpointDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("lane", models.SmallIntegerField()),
                ("interactions", models.BigIntegerField()),
                (
                    "touchpoint",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="days",
                        to="touchpoints.touchpoint",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("day", "touchpoint", "lane"), name="touchpoint_day_once")
                ],
            },
        ),
    ]
