from django.db import migrations


def to_rules(apps, schema_editor):
    for touchpoint in apps.get_model("touchpoints", "Touchpoint").objects.exclude(event="").order_by("pk"):
        touchpoint.rules = [{"event": touchpoint.event}]
        touchpoint.save(update_fields=["rules"])


def to_event(apps, schema_editor):
    """The first rule that names an event and nothing else; others have no place in the older form."""
    for touchpoint in apps.get_model("touchpoints", "Touchpoint").objects.exclude(rules=[]).order_by("pk"):
        touchpoint.event = next((rule["event"] for rule in touchpoint.rules if set(rule) == {"event"}), "")
        touchpoint.save(update_fields=["event"])


class Migration(migrations.Migration):
    dependencies = [
        ("touchpoints", "0003_touchpoint_rules"),
    ]

    operations = [migrations.RunPython(to_rules, to_event)]
