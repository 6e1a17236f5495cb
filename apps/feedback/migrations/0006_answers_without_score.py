from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("feedback", "0005_survey_kinds")]

    operations = [
        migrations.RemoveConstraint(
            model_name="response",
            name="response_score_on_scale",
        ),
        migrations.AddField(
            model_name="response",
            name="chosen",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="response",
            name="comment_question",
            field=models.TextField(blank=True),
        ),
        migrations.AlterField(
            model_name="response",
            name="scale_high",
            field=models.SmallIntegerField(null=True),
        ),
        migrations.AlterField(
            model_name="response",
            name="scale_low",
            field=models.SmallIntegerField(null=True),
        ),
        migrations.AlterField(
            model_name="response",
            name="score",
            field=models.SmallIntegerField(null=True),
        ),
        migrations.AddConstraint(
            model_name="response",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("kind__in", ["nps", "csat", "ces", "stars"]),
                        ("scale_high__isnull", False),
                        ("scale_low__isnull", False),
                        ("score__gte", models.F("scale_low")),
                        ("score__isnull", False),
                        ("score__lte", models.F("scale_high")),
                    ),
                    models.Q(
                        models.Q(("kind__in", ["nps", "csat", "ces", "stars"]), _negated=True),
                        ("scale_high", None),
                        ("scale_low", None),
                        ("score", None),
                    ),
                    _connector="OR",
                ),
                name="response_score_on_scale",
            ),
        ),
    ]
