from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("core", "0002_jobs_and_settings")]

    operations = [
        migrations.CreateModel(
            name="LastRun",
            fields=[
                ("name", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
            ],
        ),
    ]
