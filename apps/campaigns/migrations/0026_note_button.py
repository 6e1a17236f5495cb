from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0025_asked_customer_and_due_by_way")]

    operations = [migrations.AddField(model_name="message", name="button", field=models.JSONField(null=True))]
