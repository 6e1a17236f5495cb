import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("touchpoints", "0002_audit"),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="touchpoint",
            name="insert_insert",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="touchpoint",
            name="update_update",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="touchpoint",
            name="delete_delete",
        ),
        migrations.AddField(
            model_name="touchpoint",
            name="description",
            field=models.CharField(blank=True, max_length=500, verbose_name="description"),
        ),
        migrations.AddField(
            model_name="touchpoint",
            name="is_direct",
            field=models.BooleanField(default=True, verbose_name="direct"),
        ),
        migrations.AddField(
            model_name="touchpoint",
            name="ownership",
            field=models.CharField(
                choices=[("owned", "Owned"), ("earned", "Earned"), ("paid", "Paid")],
                default="owned",
                max_length=6,
                verbose_name="ownership",
            ),
        ),
        migrations.AddField(
            model_name="touchpoint",
            name="rules",
            field=models.JSONField(blank=True, default=list, verbose_name="rules"),
        ),
        migrations.AddField(
            model_name="touchpointevent",
            name="description",
            field=models.CharField(blank=True, max_length=500, verbose_name="description"),
        ),
        migrations.AddField(
            model_name="touchpointevent",
            name="is_direct",
            field=models.BooleanField(default=True, verbose_name="direct"),
        ),
        migrations.AddField(
            model_name="touchpointevent",
            name="ownership",
            field=models.CharField(
                choices=[("owned", "Owned"), ("earned", "Earned"), ("paid", "Paid")],
                default="owned",
                max_length=6,
                verbose_name="ownership",
            ),
        ),
        migrations.AddField(
            model_name="touchpointevent",
            name="rules",
            field=models.JSONField(blank=True, default=list, verbose_name="rules"),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="touchpoint",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "touchpoints_touchpointevent" ("channel", "description", "event", "id", "is_direct", "is_moment_of_truth", "name", "ownership", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "rules") VALUES (NEW."channel", NEW."description", NEW."event", NEW."id", NEW."is_direct", NEW."is_moment_of_truth", NEW."name", NEW."ownership", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."rules"); RETURN NULL;',
                    hash="a1d1dbdc1bedc914b7e42540319f2b5ed8d0fc65",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_3da33",
                    table="touchpoints_touchpoint",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="touchpoint",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "touchpoints_touchpointevent" ("channel", "description", "event", "id", "is_direct", "is_moment_of_truth", "name", "ownership", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "rules") VALUES (NEW."channel", NEW."description", NEW."event", NEW."id", NEW."is_direct", NEW."is_moment_of_truth", NEW."name", NEW."ownership", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."rules"); RETURN NULL;',
                    hash="e02406ba166df7ed8c9d93790a325224a7af5e06",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_3b451",
                    table="touchpoints_touchpoint",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="touchpoint",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "touchpoints_touchpointevent" ("channel", "description", "event", "id", "is_direct", "is_moment_of_truth", "name", "ownership", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "rules") VALUES (OLD."channel", OLD."description", OLD."event", OLD."id", OLD."is_direct", OLD."is_moment_of_truth", OLD."name", OLD."ownership", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."rules"); RETURN NULL;',
                    hash="a4cdfa431e3c3ffbeae4db0c0311a9711be9d23b",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_662e2",
                    table="touchpoints_touchpoint",
                    when="AFTER",
                ),
            ),
        ),
    ]
