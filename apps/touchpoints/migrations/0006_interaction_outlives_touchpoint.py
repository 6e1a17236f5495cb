import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("touchpoints", "0005_remove_touchpoint_event"),
    ]

    operations = [
        migrations.AlterField(
            model_name="interaction",
            name="touchpoint",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="touchpoints.touchpoint",
            ),
        ),
    ]
