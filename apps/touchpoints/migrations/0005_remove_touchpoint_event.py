import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("touchpoints", "0004_event_to_rules"),
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
        migrations.RemoveField(
            model_name="touchpoint",
            name="event",
        ),
        migrations.RemoveField(
            model_name="touchpointevent",
            name="event",
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="touchpoint",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "touchpoints_touchpointevent" ("channel", "description", "id", "is_direct", "is_moment_of_truth", "name", "ownership", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "rules") VALUES (NEW."channel", NEW."description", NEW."id", NEW."is_direct", NEW."is_moment_of_truth", NEW."name", NEW."ownership", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."rules"); RETURN NULL;',
                    hash="90b68d27e285a9f34f9b1e1490f9a4e4223db3b1",
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
                    func='INSERT INTO "touchpoints_touchpointevent" ("channel", "description", "id", "is_direct", "is_moment_of_truth", "name", "ownership", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "rules") VALUES (NEW."channel", NEW."description", NEW."id", NEW."is_direct", NEW."is_moment_of_truth", NEW."name", NEW."ownership", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."rules"); RETURN NULL;',
                    hash="794e900ad1112949a3abe4462b3554dac0492793",
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
                    func='INSERT INTO "touchpoints_touchpointevent" ("channel", "description", "id", "is_direct", "is_moment_of_truth", "name", "ownership", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "rules") VALUES (OLD."channel", OLD."description", OLD."id", OLD."is_direct", OLD."is_moment_of_truth", OLD."name", OLD."ownership", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."rules"); RETURN NULL;',
                    hash="0e0b67c87d5bed49a32381dc61155b30982e480f",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_662e2",
                    table="touchpoints_touchpoint",
                    when="AFTER",
                ),
            ),
        ),
    ]
