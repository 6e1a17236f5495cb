import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0006_persona_traits"),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="topic",
            name="insert_insert",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="topic",
            name="update_update",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="topic",
            name="delete_delete",
        ),
        migrations.AddField(
            model_name="topic",
            name="description",
            field=models.CharField(
                blank=True,
                help_text="People read it where they choose.",
                max_length=300,
                verbose_name="what it is about",
            ),
        ),
        migrations.AddField(
            model_name="topic",
            name="is_public",
            field=models.BooleanField(
                default=True,
                help_text="It stands on the page of preferences that messages lead to.",
                verbose_name="people choose it themselves",
            ),
        ),
        migrations.AddField(
            model_name="topicevent",
            name="description",
            field=models.CharField(
                blank=True,
                help_text="People read it where they choose.",
                max_length=300,
                verbose_name="what it is about",
            ),
        ),
        migrations.AddField(
            model_name="topicevent",
            name="is_public",
            field=models.BooleanField(
                default=True,
                help_text="It stands on the page of preferences that messages lead to.",
                verbose_name="people choose it themselves",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="topic",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "customers_topicevent" ("default", "description", "id", "is_public", "key", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") VALUES (NEW."default", NEW."description", NEW."id", NEW."is_public", NEW."key", NEW."name", _pgh_attach_context(), NOW(), \'insert\', NEW."id"); RETURN NULL;',
                    hash="b84d4e4174cb9553fbfa7f25ed9d1cb01714d9c1",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_8b65a",
                    table="customers_topic",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="topic",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "customers_topicevent" ("default", "description", "id", "is_public", "key", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") VALUES (NEW."default", NEW."description", NEW."id", NEW."is_public", NEW."key", NEW."name", _pgh_attach_context(), NOW(), \'update\', NEW."id"); RETURN NULL;',
                    hash="52a9818e31637ea91701c4c9fc4d42e402653fdc",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_6cff1",
                    table="customers_topic",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="topic",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "customers_topicevent" ("default", "description", "id", "is_public", "key", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") VALUES (OLD."default", OLD."description", OLD."id", OLD."is_public", OLD."key", OLD."name", _pgh_attach_context(), NOW(), \'delete\', OLD."id"); RETURN NULL;',
                    hash="762dcc0d02253bf1dc78aca379561c28b5cba1a0",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_8f976",
                    table="customers_topic",
                    when="AFTER",
                ),
            ),
        ),
    ]
