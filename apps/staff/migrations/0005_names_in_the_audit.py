from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("staff", "0004_unread_notices")]

    operations = [
        migrations.AlterModelOptions(
            name="invite",
            options={"verbose_name": "invitation to the staff", "verbose_name_plural": "invitations to the staff"},
        ),
        migrations.AlterModelOptions(
            name="userrole",
            options={"verbose_name": "role of a user", "verbose_name_plural": "roles of users"},
        ),
    ]
