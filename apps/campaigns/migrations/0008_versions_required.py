import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0007_first_versions")]

    operations = [
        migrations.RemoveField(model_name="campaignstep", name="campaign"),
        migrations.AlterField(
            model_name="campaignstep",
            name="version",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="steps", to="campaigns.campaignversion"
            ),
        ),
        migrations.AlterField(
            model_name="enrolment",
            name="version",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="enrolments",
                to="campaigns.campaignversion",
            ),
        ),
        migrations.AddConstraint(
            model_name="campaign",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["draft", "archived"]), ("version__isnull", False), _connector="OR"),
                name="campaign_in_force_has_version",
            ),
        ),
    ]
