from django.db import migrations

TOPICS = [
    ("service", "Service", "allowed"),
    ("feedback", "Feedback", "allowed"),
    ("news", "News and offers", "needs_opt_in"),
]


def add(apps, schema_editor):
    topic = apps.get_model("customers", "Topic")
    for key, name, default in TOPICS:
        topic.objects.get_or_create(key=key, defaults={"name": name, "default": default})


class Migration(migrations.Migration):
    dependencies = [("customers", "0002_initial")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
