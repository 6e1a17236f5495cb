"""Every URL that takes anything: is it in the table of texts, and does it bear what nobody should send?"""

import base64
import json

import pytest
from django.db import transaction
from django.urls import reverse

from tests.architecture.test_access import POSTS, PUBLIC, WHO
from tests.hostile.paths import API, JSON, Ground
from tests.hostile.paths_of_forms import FORMS
from tests.hostile.paths_of_office import OFFICE
from tests.hostile.strings import LONG

TABLE = {path.url for path in [*API, *OFFICE, *FORMS]}
ELSEWHERE = {
    "collect": "test_ingestion.py",
    "import_create": "test_ingestion.py: a file",
    "api_import_list": "test_ingestion.py: the same file",
    "journey_import": "tests/journeys/test_interchange.py: a file",
    "join": "test_ingestion.py",
    "campaign_edit": "tests/campaigns/test_builder.py",
    "subscribe": "tests/campaigns/test_topics.py: an e-mail address",
    "web_note_seen": "tests/campaigns/test_notes.py",
    "hook_esp": "tests/campaigns/test_bounces.py",
    "hook_bounce": "tests/campaigns/test_bounces.py",
    "hook_sms": "tests/campaigns/test_texting.py",
}
# What is written there is no text that anybody reads: a choice, a look-up, or a secret.
NO_TEXT = {
    **dict.fromkeys(
        [
            "confirm",
            "task_done",
            "step_change",
            "draft_undo",
            "replay_all",
            "campaign_copy",
            "map_undo",
            "map_redo",
            "emotion_set",
            "part_move",
            "part_duplicate",
            "part_delete",
            "journey_delete",
            "version_restore",
            "api_version_restore",
            "comment_change",
            "share_link_revoke",
            "api_share_link_revoke",
            "step_reach",
            "improvement_change",
            "merge_undo",
            "duplicate_dismiss",
            "company_delete",
            "company_member_remove",
            "api_merge_undo",
            "api_duplicate_dismiss",
            "job_cancel",
            "api_job_cancel",
            "import_start",
            "journey_publish",
            "segment_delete",
            "segment_remove",
            "invite_again",
            "invite_revoke",
            "second_factor_remove",
            "department_delete",
            "key_renew",
            "key_revoke",
            "audit_undo",
            "first_hour_hide",
            "notice_open",
            "notice_read_all",
            "touchpoint_delete",
            "touchpoint_apply",
            "snippet_delete",
            "template_delete",
            "interaction_retract",
            "survey_duplicate",
            "survey_archive",
            "survey_restore",
            "case_reopen",
            "message_replay",
            "source_renew_key",
            "endpoint_rotate",
            "endpoint_test",
            "endpoint_switch",
            "api_endpoint_rotate",
            "api_endpoint_test",
            "api_journey_publish",
            "api_campaign_pause",
            "campaign_dry_run_start",
            "api_campaign_dry_run",
            "account_logout",
            "api_invite_again",
            "api_key_detail",
            "api_audit_undo",
            "api_source_renew_key",
            "api_import_start",
            "api_notices_read",
            "api_interaction_retract",
            "consent_ask",
            "api_customer_confirmations",
        ],
        "a button",
    ),
    **dict.fromkeys(
        [
            "survey_share",
            "step_add",
            "campaign_publish",
            "customer_persona",
            "customer_export",
            "export_create",
            "api_export_list",
            "api_import_check",
            "campaign_change",
            "api_campaign_activate",
            "set_theme",
            "unsubscribe",
            "preferences",
            "step_message_begin",
            "api_customer_export",
            "api_segment_members",
        ],
        "choices",
    ),
    "step_message_preview": "shows what step_message would save",
    "segment_add": "a look-up by e-mail, phone or id",
    "api_persona_detail": "a rule, as api_segment_detail takes it",
    "api_conversion_rule": "a rule, as api_segment_detail takes it",
    "api_suppression_list": "an address, refused where it is none",
    "campaign_enrol": "a look-up by e-mail, phone or id",
    "api_campaign_enrol": "ids, and a key that nobody reads",
    "rule_edit": "shows the builder anew; its values are those of persona_rule",
    **dict.fromkeys(
        [
            "account_login",
            "account_reset_password",
            "account_reset_password_from_key",
            "account_change_password",
            "account_set_password",
            "account_reauthenticate",
            "account_signup",
            "account_confirm_email",
            "account_confirm_login_code",
            "mfa_authenticate",
            "mfa_reauthenticate",
            "mfa_activate_totp",
            "mfa_deactivate_totp",
            "mfa_generate_recovery_codes",
            "mfa_reauthenticate_webauthn",
            "mfa_remove_webauthn",
            "usersessions_list",
            "account_email_verification_sent",
        ],
        "passwords and codes",
    ),
    **dict.fromkeys(["mfa_add_webauthn", "mfa_edit_webauthn"], "the name of a security key, which needs one"),
    **dict.fromkeys(
        [
            "account_inactive",
            "account_reset_password_done",
            "account_reset_password_from_key_done",
            "mfa_index",
            "mfa_list_webauthn",
            "mfa_view_recovery_codes",
            "mfa_download_recovery_codes",
            "snippet",
            "web_notes",
            "api_docs",
        ],
        "allauth's and other pages that only show",
    ),
}

NASTY = ["²", "a\x00b", "9" * 30, "x" * 250, "\u2028<\ufffe>{{7*7}}{%", "-1", "x" * 5000, "%s' OR 1=1--", "__proto__"]
FIELDS = [
    "who",
    "role",
    "company",
    "login",
    "password",
    "password1",
    "password2",
    "oldpassword",
    "email",
    "code",
    "state",
    "theme",
    "everything",
    "next",
    "op",
    "stage",
    "persona",
    "back",
    "form",
    "add",
    "remove",
    "confirmation",
    "reason",
    "site",
    "score",
    "comment",
    "kind",
    "channel",
    "name",
    "description",
    "event",
    "note",
    "at",
    "by",
    "touchpoint",
    "country",
    "time_zone",
    "phone",
    "tags",
    "owner",
    "stays",
    "scopes",
    "department",
    "is_active",
    "since",
    "until",
    "reply",
    "root_cause",
    "rule.join",
    "rule.0.is",
    "rule.0.value",
    "rule-TOTAL_FORMS",
    "rule-0-event",
    "rule-0-url",
    "quiet_from",
    "currency",
    "column_0",
    "file",
    "credential",
    "authenticators",
    "include_present",
    "title",
    "due_at",
    "yes",
    "shown",
    "From",
    "Body",
    "MessageSid",
    "key",
    "chosen",
    "question",
    "options",
    "thanks",
    "comment_label",
    "case_due_hours",
    "row-TOTAL_FORMS",
    "row-INITIAL_FORMS",
    "row-0-low",
    "row-0-option",
    "row-0-url",
    "mode",
    "blocks",
    "block-0-kind",
    "block-0-most",
    "as",
    "scheme",
    "revision",
    "code",
    "template",
    "insert_name",
]
QUERY = [
    "q",
    "tag",
    "journey",
    "stage",
    "status",
    "owner",
    "known",
    "kind",
    "state",
    "campaign",
    "show",
    "site",
    "stars",
    "page_size",
    "identity",
    "name",
    "from",
    "to",
    "order",
    "unit",
    "window_seconds",
    "breakdown",
    "days",
    "person",
    "day",
    "saved",
    "stays",
    "channel",
    "ownership",
    "truth",
    "link",
    "history",
    "form",
    "event",
    "url",
    "utm_source",
    "referrer",
    "page",
    "next",
    "role",
    "writeKey",
    "anonymousId",
    "customer",
    "score",
    "chosen",
    "survey",
    "download",
    "what",
    "step",
    "at",
    "split",
    "way",
    "variant",
    "hour",
    "held_out",
    "goal",
    "due",
]


GETS = sorted({*WHO, *PUBLIC} - POSTS - {"account_logout"})
LISTS = {name for name in WHO if name.endswith("_list")} | {
    "customer_detail",
    "segment_detail",
    "survey_detail",
    "api_survey_responses",
    "feedback",
    "outbox",
    "campaign_customers",
    "api_customer_timeline",
    "api_customer_messages",
    "api_company_members",
    "api_segment_members",
}


def told(wrong: list[tuple]) -> str:
    return "\n".join(ascii(one) for one in wrong)


NAMES = [*FIELDS, *QUERY, "steps", "stages", "rule", "other", "customer", "reason", "value", "by_answer"]


def cursor(*values: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


CURSORS = [
    "²",
    "a\x00b",
    "x" * 4000,
    cursor(1, 2),
    cursor("0001-01-01T00:00:00+14:00", 1),
    cursor("9999-12-31T23:59:59-14:00", 2**62),
    cursor("2026-01-01T00:00:00+00:00", 2**70),
    cursor(2**63, 1),
    cursor([[]], {}),
    base64.urlsafe_b64encode(b"[" * 3000).decode(),
]


def methods_of(ground: Ground, name: str) -> set[str]:
    """What it says that it takes; where it says nothing, anything."""
    allowed = ground.client.options(ground.url(name)).headers.get("Allow", "GET, POST")
    return set(allowed.split(", "))


def test_every_way_to_write_is_in_the_table(ground):
    writing = {name for name in {*WHO, *PUBLIC} if methods_of(ground, name) & {"POST", "PUT", "PATCH"}}
    listed = TABLE | set(ELSEWHERE) | set(NO_TEXT)
    assert not writing - listed, f"put them into paths.py, or say why they take no text: {sorted(writing - listed)}"
    assert not TABLE & set(NO_TEXT)
    assert not listed - {*WHO, *PUBLIC}


def tried(ground: Ground, method: str, url: str, *args: object, **more: object) -> list[tuple]:
    with transaction.atomic():
        response = getattr(ground.client, method)(url, *args, **more)
        b"".join(response) if response.streaming else response.content
        transaction.set_rollback(True)
    return [(method, url[:200], response.status_code, args)] if response.status_code >= 500 else []


@pytest.mark.parametrize("text", NASTY if LONG else NASTY[:6], ids=lambda text: ascii(text[:12]))
def test_no_form_fails(ground, text):
    wrong = []
    for name in sorted({*WHO, *PUBLIC} - {"account_logout"}):
        if not name.startswith("api_"):
            wrong += tried(ground, "post", ground.url(name), dict.fromkeys(FIELDS, text))
    assert not wrong, told(wrong)


@pytest.mark.parametrize(
    "body",
    [
        *({text: text, **dict.fromkeys([*FIELDS, *QUERY], text)} for text in NASTY),
        [],
        "x",
        1,
        None,
        {name: [] for name in NAMES},
        {name: {"a": {}} for name in NAMES},
    ],
    ids=lambda body: ascii(str(body)[:12]),
)
def test_no_call_of_the_api_fails(ground, body):
    wrong = []
    for name in sorted(one for one in WHO if one.startswith("api_")):
        for method in sorted(methods_of(ground, name) & {"POST", "PATCH"}):
            wrong += tried(ground, method.lower(), ground.url(name), json.dumps(body), content_type=JSON)
    assert not wrong, told(wrong)


@pytest.mark.parametrize("text", NASTY if LONG else NASTY[:5], ids=lambda text: ascii(text[:12]))
def test_no_question_fails(ground, text):
    wrong = []
    for name in GETS:
        wrong += tried(ground, "get", ground.url(name), dict.fromkeys(QUERY, text))
    for name in ("customer_list", "staff_list", "company_list", "touchpoint_list", "merge_choose", "api_customer_list"):
        wrong += [one for key in ("q", "identity") for one in tried(ground, "get", ground.url(name), {key: text})]
    assert not wrong, told(wrong)


def test_no_cursor_fails(ground):
    wrong = []
    for name in (one for one in GETS if one in LISTS or LONG):
        for text in CURSORS:
            wrong += tried(ground, "get", ground.url(name), {"cursor": text})
    assert not wrong, told(wrong)


def test_a_form_whose_bytes_are_no_text(ground):
    """Neither UTF-8 nor half of a surrogate pair breaks a form."""
    wrong = []
    body = "&".join(f"{name}=%ed%a0%80%ff%fe" for name in FIELDS)
    for name in sorted({*WHO, *PUBLIC} - {"account_logout"}):
        if not name.startswith("api_"):
            wrong += tried(ground, "post", ground.url(name), body, content_type="application/x-www-form-urlencoded")
    assert not wrong, told(wrong)


def test_a_link_that_is_no_text(ground):
    for name in (
        "survey", "survey_open", "survey_open_answer", "unsubscribe", "join", "click", "preferences", "subscribe",
        "confirm",
    ):  # fmt: skip
        for token in ("²", "a\x00b", "{{7*7}}", "x" * 4000, "a:b:c", "🙂"):
            assert ground.client.get(reverse(name, kwargs={"token": token})).status_code in {404, 410}
