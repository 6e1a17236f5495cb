import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("feedback", "0006_answers_without_score")]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="survey",
            name="insert_insert",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="survey",
            name="update_update",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="survey",
            name="delete_delete",
        ),
        migrations.AddField(
            model_name="survey",
            name="archived_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="survey",
            name="by_answer",
            field=models.JSONField(blank=True, default=list, verbose_name="by answer"),
        ),
        migrations.AddField(
            model_name="survey",
            name="is_open",
            field=models.BooleanField(default=False, verbose_name="open link"),
        ),
        migrations.AddField(
            model_name="survey",
            name="open_channel",
            field=models.CharField(
                choices=[
                    ("web", "Web"),
                    ("app", "App"),
                    ("email", "E-mail"),
                    ("sms", "SMS"),
                    ("messaging", "Messaging"),
                    ("phone", "Phone"),
                    ("chat", "Chat"),
                    ("chatbot", "Chatbot"),
                    ("social", "Social"),
                    ("search", "Search"),
                    ("ad", "Ad"),
                    ("store", "Store"),
                    ("in_person", "In person"),
                    ("review_site", "Review site"),
                    ("print", "Print and outdoor"),
                    ("post", "Post"),
                    ("live_event", "Live event"),
                    ("word_of_mouth", "Word of mouth"),
                ],
                default="web",
                max_length=20,
                verbose_name="channel of the open link",
            ),
        ),
        migrations.AddField(
            model_name="survey",
            name="options",
            field=models.JSONField(blank=True, default=list, verbose_name="options"),
        ),
        migrations.AddField(
            model_name="survey",
            name="takes_several",
            field=models.BooleanField(default=False, verbose_name="several options may be chosen"),
        ),
        migrations.AddField(
            model_name="surveyevent",
            name="archived_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="surveyevent",
            name="by_answer",
            field=models.JSONField(blank=True, default=list, verbose_name="by answer"),
        ),
        migrations.AddField(
            model_name="surveyevent",
            name="is_open",
            field=models.BooleanField(default=False, verbose_name="open link"),
        ),
        migrations.AddField(
            model_name="surveyevent",
            name="open_channel",
            field=models.CharField(
                choices=[
                    ("web", "Web"),
                    ("app", "App"),
                    ("email", "E-mail"),
                    ("sms", "SMS"),
                    ("messaging", "Messaging"),
                    ("phone", "Phone"),
                    ("chat", "Chat"),
                    ("chatbot", "Chatbot"),
                    ("social", "Social"),
                    ("search", "Search"),
                    ("ad", "Ad"),
                    ("store", "Store"),
                    ("in_person", "In person"),
                    ("review_site", "Review site"),
                    ("print", "Print and outdoor"),
                    ("post", "Post"),
                    ("live_event", "Live event"),
                    ("word_of_mouth", "Word of mouth"),
                ],
                default="web",
                max_length=20,
                verbose_name="channel of the open link",
            ),
        ),
        migrations.AddField(
            model_name="surveyevent",
            name="options",
            field=models.JSONField(blank=True, default=list, verbose_name="options"),
        ),
        migrations.AddField(
            model_name="surveyevent",
            name="takes_several",
            field=models.BooleanField(default=False, verbose_name="several options may be chosen"),
        ),
        migrations.AlterField(
            model_name="survey",
            name="comment_label",
            field=models.CharField(
                blank=True, default="What is the main reason?", max_length=200, verbose_name="comment label"
            ),
        ),
        migrations.AlterField(
            model_name="surveyevent",
            name="comment_label",
            field=models.CharField(
                blank=True, default="What is the main reason?", max_length=200, verbose_name="comment label"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="survey",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "feedback_surveyevent" ("archived_at", "by_answer", "case_due_hours", "case_owner_id", "comment_label", "id", "is_open", "kind", "name", "open_channel", "options", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "question", "takes_several", "thanks") VALUES (NEW."archived_at", NEW."by_answer", NEW."case_due_hours", NEW."case_owner_id", NEW."comment_label", NEW."id", NEW."is_open", NEW."kind", NEW."name", NEW."open_channel", NEW."options", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."question", NEW."takes_several", NEW."thanks"); RETURN NULL;',
                    hash="7f347911c68753d1944147ab95c5030e9c43e1e9",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_9d53e",
                    table="feedback_survey",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="survey",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "feedback_surveyevent" ("archived_at", "by_answer", "case_due_hours", "case_owner_id", "comment_label", "id", "is_open", "kind", "name", "open_channel", "options", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "question", "takes_several", "thanks") VALUES (NEW."archived_at", NEW."by_answer", NEW."case_due_hours", NEW."case_owner_id", NEW."comment_label", NEW."id", NEW."is_open", NEW."kind", NEW."name", NEW."open_channel", NEW."options", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."question", NEW."takes_several", NEW."thanks"); RETURN NULL;',
                    hash="2732f0fce6ffc70ed73fa38258f4d475ed798d2f",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_e69c5",
                    table="feedback_survey",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="survey",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "feedback_surveyevent" ("archived_at", "by_answer", "case_due_hours", "case_owner_id", "comment_label", "id", "is_open", "kind", "name", "open_channel", "options", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "question", "takes_several", "thanks") VALUES (OLD."archived_at", OLD."by_answer", OLD."case_due_hours", OLD."case_owner_id", OLD."comment_label", OLD."id", OLD."is_open", OLD."kind", OLD."name", OLD."open_channel", OLD."options", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."question", OLD."takes_several", OLD."thanks"); RETURN NULL;',
                    hash="5b7faf88c92492917f1a9a5da10d47113cfc7ae3",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_82373",
                    table="feedback_survey",
                    when="AFTER",
                ),
            ),
        ),
    ]
