import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0006_persona_traits"),
        ("feedback", "0007_survey_by_answer_and_open_link"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="response",
            name="entered_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="response",
            name="key",
            field=models.UUIDField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="response",
            name="way",
            field=models.CharField(
                choices=[("invitation", "By invitation"), ("open", "Open link"), ("staff", "Entered by staff")],
                default="invitation",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="response",
            name="customer",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="responses",
                to="customers.customer",
            ),
        ),
        migrations.AlterField(
            model_name="response",
            name="invitation",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="response",
                to="feedback.invitation",
            ),
        ),
        migrations.AddConstraint(
            model_name="response",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("customer__isnull", False),
                        ("invitation__isnull", False),
                        ("key", None),
                        ("way", "invitation"),
                    ),
                    models.Q(("invitation", None), ("key__isnull", False), ("way", "open")),
                    models.Q(
                        ("customer__isnull", False), ("invitation", None), ("key__isnull", False), ("way", "staff")
                    ),
                    _connector="OR",
                ),
                name="response_came_one_way",
            ),
        ),
        migrations.AddConstraint(
            model_name="response",
            constraint=models.UniqueConstraint(fields=("survey", "key"), name="response_once_a_key"),
        ),
    ]
