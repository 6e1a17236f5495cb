from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("feedback", "0004_case_due_in_business_hours")]

    operations = [
        migrations.SeparateDatabaseAndState(
            # Going back leaves the columns wide: the audit, which nobody may change, keeps the longer words.
            database_operations=[
                migrations.RunSQL(
                    f"ALTER TABLE {table} ALTER COLUMN kind TYPE varchar(6)", reverse_sql=migrations.RunSQL.noop
                )
                for table in ("feedback_survey", "feedback_surveyevent", "feedback_response")
            ],
            state_operations=[
                migrations.AlterField(
                    model_name="response",
                    name="kind",
                    field=models.CharField(
                        choices=[
                            ("nps", "NPS"),
                            ("csat", "CSAT"),
                            ("ces", "CES"),
                            ("stars", "Stars"),
                            ("choice", "Choice"),
                            ("text", "Words"),
                        ],
                        max_length=6,
                    ),
                ),
                migrations.AlterField(
                    model_name="survey",
                    name="kind",
                    field=models.CharField(
                        choices=[
                            ("nps", "NPS"),
                            ("csat", "CSAT"),
                            ("ces", "CES"),
                            ("stars", "Stars"),
                            ("choice", "Choice"),
                            ("text", "Words"),
                        ],
                        max_length=6,
                        verbose_name="kind",
                    ),
                ),
                migrations.AlterField(
                    model_name="surveyevent",
                    name="kind",
                    field=models.CharField(
                        choices=[
                            ("nps", "NPS"),
                            ("csat", "CSAT"),
                            ("ces", "CES"),
                            ("stars", "Stars"),
                            ("choice", "Choice"),
                            ("text", "Words"),
                        ],
                        max_length=6,
                        verbose_name="kind",
                    ),
                ),
            ],
        ),
    ]
