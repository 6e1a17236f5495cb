from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("feedback", "0003_reviews")]

    operations = [
        migrations.AlterField(
            model_name="survey",
            name="case_due_hours",
            field=models.PositiveIntegerField(default=16, verbose_name="follow up within business hours"),
        ),
        migrations.AlterField(
            model_name="surveyevent",
            name="case_due_hours",
            field=models.PositiveIntegerField(default=16, verbose_name="follow up within business hours"),
        ),
    ]
