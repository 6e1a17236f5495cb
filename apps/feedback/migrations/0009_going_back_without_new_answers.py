from django.db import migrations
from django.db.models import Q

NEW = ["stars", "choice", "text"]


def forget(apps, schema_editor):
    """What the tables cannot hold as they were: answers without a score or an invitation, and the kinds of those."""
    responses = apps.get_model("feedback", "Response")
    responses.objects.filter(Q(kind__in=NEW) | ~Q(way="invitation")).delete()
    apps.get_model("feedback", "Survey").objects.filter(kind__in=NEW).update(kind="nps")


class Migration(migrations.Migration):
    dependencies = [("feedback", "0008_answers_without_invitation")]

    operations = [migrations.RunPython(migrations.RunPython.noop, forget)]
