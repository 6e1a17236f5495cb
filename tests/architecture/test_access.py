"""Every URL is walked with every role and with none: who may do what is the table of interface.md."""

import pytest
from django.conf import settings
from django.test import Client
from django.urls import get_resolver, reverse

from apps.staff.actions import api_keys
from apps.staff.enums import Role
from tests.architecture import world
from tests.factories import staff

pytestmark = pytest.mark.django_db

PUBLIC = {
    "collect", "snippet", "survey", "survey_open", "survey_open_answer", "survey_script",
    "unsubscribe", "set_theme", "account_login", "account_logout", "account_signup",
    "account_reset_password", "account_reset_password_done", "account_reset_password_from_key",
    "account_reset_password_from_key_done", "account_inactive", "account_confirm_email",
    "account_email_verification_sent", "account_confirm_login_code", "join", "mfa_authenticate",
    "healthz", "readyz", "metrics", "map_shared", "map_shared_image", "map_shared_card",
    "mail_image", "click", "open_picture", "preferences", "subscribe", "confirm", "web_notes", "web_note_seen",
    "hook_esp", "hook_bounce", "hook_sms",
}  # fmt: skip
ALL = set(Role)
PEOPLE = {Role.AGENT, Role.MARKETER, Role.ADMIN}
AGENTS = {Role.AGENT, Role.ADMIN}
DESIGNERS = {Role.MARKETER, Role.ADMIN}
ADMINS = {Role.ADMIN}
MERGERS = {"merge_list", "merge_undo", "duplicate_list", "duplicate_dismiss", "merge_choose", "merge_confirm"}
BUILDER = {"replay_all", "campaign_enrol", "api_campaign_enrol", "campaign_new", "campaign_create", "campaign_edit",
           "campaign_publish", "campaign_copy", "step_add", "step_change", "draft_undo"}  # fmt: skip
SURVEYS = {"survey_create", "survey_edit", "survey_duplicate", "survey_archive", "survey_restore", "survey_share"}
EDITOR = {"map_edit", "map_undo", "map_redo", "map_news", "journey_scope", "cell_detail", "emotion_set", "part_create",
          "part_edit", "part_move", "part_duplicate", "part_delete"}  # fmt: skip
ENDPOINTS = {"endpoint_list", "endpoint_create", "endpoint_edit", "endpoint_rotate", "endpoint_test", "endpoint_switch",
             "api_endpoint_list", "api_endpoint_detail", "api_endpoint_rotate", "api_endpoint_test"}  # fmt: skip
WORDING = {"step_message", "step_message_preview", "step_message_variant", "step_message_template",
           "step_message_begin", "brand_edit", "snippet_create", "snippet_edit", "snippet_delete",
           "template_delete"}  # fmt: skip
WHO = {
    "api_schema": ALL, "api_docs": ALL,
    "topic_list": DESIGNERS, "topic_create": DESIGNERS, "topic_edit": DESIGNERS, "api_topic_list": ALL,
    "api_topic_detail": ALL, "task_list": PEOPLE, "task_create": AGENTS, "task_edit": AGENTS, "task_done": AGENTS,
    "api_task_list": PEOPLE, "api_task_detail": PEOPLE, "sender_settings": ADMINS,
    **dict.fromkeys(MERGERS, AGENTS), "erasure_list": ADMINS, "customer_erase": ADMINS, "customer_export": ADMINS,
    "customer_edit": AGENTS, "customer_tag": AGENTS, "customer_company": AGENTS, "company_list": PEOPLE,
    "company_detail": PEOPLE, "company_create": AGENTS, "company_edit": AGENTS, "company_delete": AGENTS,
    "company_member_add": AGENTS, "company_member_remove": AGENTS, "api_customer_detail": PEOPLE,
    "api_company_list": PEOPLE, "api_company_detail": PEOPLE, "api_company_members": PEOPLE,
    "api_company_member": PEOPLE, "api_customer_merge": AGENTS, "api_merge_list": AGENTS, "api_merge_undo": AGENTS,
    "api_duplicate_list": AGENTS, "api_duplicate_dismiss": AGENTS, "api_customer_erase": ADMINS,
    "api_customer_export": ADMINS, "api_erasure_list": ADMINS,
    "job_list": ALL, "api_job_list": ALL, "job_detail": ADMINS, "job_cancel": ADMINS, "job_file": ADMINS,
    "api_job_detail": ADMINS, "api_job_cancel": ADMINS, "data": DESIGNERS, "import_create": DESIGNERS,
    "export_create": DESIGNERS, "import_mapping": ADMINS, "import_review": ADMINS, "import_start": ADMINS,
    **dict.fromkeys(SURVEYS, DESIGNERS), "survey_list": PEOPLE, "survey_detail": PEOPLE, "survey_code": PEOPLE,
    "api_survey_list": ALL, "api_survey_detail": ALL, "api_survey_responses": PEOPLE, "response_enter": AGENTS,
    "review_list": PEOPLE, "review_detail": PEOPLE, "api_review_list": PEOPLE, "api_review_reply": AGENTS,
    "version_list": ALL, "version_compare": ALL, "api_version_list": ALL, "api_version_compare": ALL,
    "card_comments": ALL, "comment_change": ALL, "comment_list": ALL, "share_links": DESIGNERS,
    "share_link_revoke": DESIGNERS, "map_present": ALL, "api_comment_list": ALL, "api_share_link_list": DESIGNERS,
    "api_share_link_revoke": DESIGNERS,
    "step_rule": DESIGNERS, "step_reach": DESIGNERS, "publish_preview": DESIGNERS, "version_restore": DESIGNERS,
    "api_step_reach": ALL, "api_publish_preview": DESIGNERS, "api_version_restore": DESIGNERS,
    "journey_import": DESIGNERS, "journey_export": ALL, "api_journey_export": ALL,
    "journey_create": DESIGNERS, "journey_delete": DESIGNERS,
    **dict.fromkeys(EDITOR | BUILDER, DESIGNERS), "map_image": ALL, "api_card_list": ALL, "api_card_detail": DESIGNERS,
    "journey_publish": DESIGNERS, "stage_set": AGENTS, "api_customer_stage": AGENTS,
    "customer_consents": AGENTS, "consent_ask": AGENTS, "api_customer_confirmations": AGENTS,
    "segment_list": PEOPLE, "segment_detail": PEOPLE, "persona_list": PEOPLE, "persona_detail": PEOPLE,
    "rule_edit": PEOPLE, "api_segment_list": PEOPLE,
    "api_persona_list": PEOPLE, "api_persona_detail": PEOPLE, "api_conversion_rule": ADMINS,
    "api_suppression_list": ADMINS, "api_suppression_detail": ADMINS,
    "api_segment_detail": PEOPLE, "api_segment_members": PEOPLE,
    "api_segment_preview": PEOPLE, "segment_create": DESIGNERS, "segment_edit": DESIGNERS,
    "segment_delete": DESIGNERS, "segment_add": DESIGNERS, "segment_remove": DESIGNERS, "persona_rule": ADMINS,
    "conversion_rule": ADMINS, "customer_persona": AGENTS,
    "improvement_list": ALL, "improvement_matrix": ALL, "improvement_detail": ALL, "api_improvement_list": ALL,
    "improvement_change": DESIGNERS, "improvement_customers": PEOPLE,
    "home": ALL, "journey_list": ALL, "journey_detail": ALL, "insights": ALL, "funnel": ALL,
    "api_journey_list": ALL, "api_journey_detail": ALL, "api_journey_funnel": ALL, "api_health": ALL,
    "customer_list": PEOPLE, "customer_detail": PEOPLE, "funnel_customers": PEOPLE, "feedback": PEOPLE,
    "case_list": PEOPLE, "case_detail": PEOPLE, "campaign_list": PEOPLE,
    "campaigns_of_map": PEOPLE, "campaign_detail": PEOPLE, "outbox": PEOPLE,
    "message_detail": PEOPLE, "api_customer_list": PEOPLE, "api_customer_timeline": PEOPLE,
    "api_customer_journeys": PEOPLE, "api_customer_messages": PEOPLE, "api_campaign_list": PEOPLE,
    "interaction_log": AGENTS, "interaction_retract": AGENTS, "case_reopen": AGENTS, "api_customer_consents": PEOPLE,
    "campaign_change": DESIGNERS, "message_replay": DESIGNERS, "api_journey_import": DESIGNERS,
    "api_journey_publish": DESIGNERS, "api_campaign_import": DESIGNERS, "api_campaign_activate": DESIGNERS,
    "api_campaign_pause": DESIGNERS,
    "customer_why": PEOPLE, "api_customer_why": PEOPLE, "campaign_effect": PEOPLE, "campaign_customers": PEOPLE,
    "campaign_calendar": PEOPLE, "api_campaign_effect": PEOPLE, "campaign_dry_run": PEOPLE,
    "campaign_dry_run_start": DESIGNERS, "api_campaign_dry_run": PEOPLE,
    **dict.fromkeys(WORDING, DESIGNERS), "snippet_list": PEOPLE,
    "company_settings": ADMINS, "staff_list": ADMINS, "staff_invite": ADMINS, "staff_detail": ADMINS,
    "invite_again": ADMINS, "invite_revoke": ADMINS, "second_factor_remove": ADMINS, "department_list": ADMINS,
    "department_detail": ADMINS, "department_delete": ADMINS, "key_list": ADMINS, "key_create": ADMINS,
    "key_renew": ADMINS, "key_revoke": ADMINS, "audit_list": ADMINS, "audit_undo": ADMINS, "first_hour_hide": ADMINS,
    **dict.fromkeys(["api_settings", "api_staff_list", "api_staff_detail", "api_department_list",
                     "api_department_detail", "api_invite_list", "api_invite_detail", "api_invite_again",
                     "api_key_list", "api_key_detail", "api_audit_list", "api_audit_undo", "api_source_list",
                     "api_source_detail", "api_source_renew_key", "api_job_file", "api_import_detail",
                     "api_import_check", "api_import_start"], ADMINS),
    "api_notice_list": ALL, "api_notices_read": ALL, "api_touchpoint_unmatched": ALL,
    "api_import_list": DESIGNERS, "api_export_list": DESIGNERS,
    "api_customer_interactions": AGENTS, "api_interaction_retract": AGENTS,
    "account": ALL, "notice_list": ALL, "notice_open": ALL, "notice_read_all": ALL, "usersessions_list": ALL,
    "mfa_index": ALL, "mfa_activate_totp": ALL, "mfa_deactivate_totp": ALL, "mfa_view_recovery_codes": ALL,
    "mfa_generate_recovery_codes": ALL, "mfa_download_recovery_codes": ALL, "mfa_list_webauthn": ALL,
    "mfa_add_webauthn": ALL, "mfa_reauthenticate": ALL, "mfa_reauthenticate_webauthn": ALL,
    "mfa_remove_webauthn": ALL, "mfa_edit_webauthn": ALL,
    "touchpoint_list": ALL, "touchpoint_detail": ALL, "touchpoint_unmatched": ALL, "touchpoint_create": DESIGNERS,
    "touchpoint_edit": DESIGNERS, "touchpoint_delete": DESIGNERS, "touchpoint_apply": DESIGNERS,
    "api_touchpoint_list": ALL, "api_touchpoint_detail": ALL,
    "source_list": ADMINS, "source_create": ADMINS, "source_detail": ADMINS, "source_renew_key": ADMINS,
    **dict.fromkeys(ENDPOINTS, ADMINS),
    "account_change_password": ALL, "account_set_password": ALL, "account_email": ALL, "account_reauthenticate": ALL,
}  # fmt: skip
# These need something that only the user themselves has: a second factor, a notice.
OWN = {
    "account_set_password",
    "notice_open",
    "mfa_view_recovery_codes",
    "mfa_download_recovery_codes",
    "mfa_remove_webauthn",
    "mfa_edit_webauthn",
    "mfa_deactivate_totp",
}
POSTS = {"api_card_detail", "map_undo", "map_redo", "emotion_set", "part_move", "part_duplicate", "part_delete",
         "merge_undo", "duplicate_dismiss", "customer_tag", "customer_export", "company_delete",
         "company_member_remove", "api_customer_merge", "api_merge_undo", "api_duplicate_dismiss", "api_customer_erase",
         "job_cancel", "api_job_cancel", "import_start", "api_review_reply",
         "task_done", "step_reach", "version_restore", "api_version_restore",
         "journey_delete", "journey_publish", "api_customer_stage", "comment_change", "share_link_revoke",
         "api_share_link_revoke",
         "rule_edit", "api_segment_preview", "segment_delete", "segment_add", "segment_remove", "customer_persona",
         "invite_again", "invite_revoke", "second_factor_remove", "department_delete", "key_renew", "key_revoke",
         "audit_undo", "first_hour_hide", "notice_open", "notice_read_all",
         "touchpoint_delete", "touchpoint_apply",
         "survey_duplicate", "survey_archive", "survey_restore", "survey_share",
         "endpoint_rotate", "endpoint_test", "endpoint_switch", "api_endpoint_rotate", "api_endpoint_test",
         "api_suppression_detail", "replay_all",
         "campaign_enrol", "api_campaign_enrol", "campaign_copy", "step_add", "step_change", "draft_undo",
         "api_invite_detail", "api_invite_again", "api_key_detail", "api_audit_undo", "api_source_renew_key",
         "api_import_list", "api_import_check", "api_import_start", "api_export_list", "api_notices_read",
         "api_customer_interactions", "api_interaction_retract",
         "interaction_retract", "case_reopen", "campaign_change", "message_replay", "source_renew_key", "set_theme",
         "consent_ask", "api_customer_confirmations",
         "api_journey_import", "api_journey_publish", "api_campaign_import",
         "api_campaign_activate", "api_campaign_pause", "campaign_dry_run_start",
         "step_message_variant", "step_message_template",
         "step_message_begin", "snippet_delete", "template_delete"}  # fmt: skip


def names(patterns=None) -> set[str]:
    found = set()
    for pattern in patterns if patterns is not None else get_resolver().url_patterns:
        if getattr(pattern, "app_name", None) == "admin":
            continue
        if hasattr(pattern, "url_patterns"):
            found |= names(pattern.url_patterns)
        elif pattern.name:
            found.add(pattern.name)
    return found


def test_every_url_is_in_one_of_the_lists():
    unknown = names() - PUBLIC - set(WHO)
    assert not unknown, f"say who may open: {sorted(unknown)}"
    assert not (set(WHO) | PUBLIC) - names()


@pytest.fixture
def kwargs(now):
    return world.build(now)


def ask(client: Client, name: str, kwargs: dict):
    url = reverse(name, kwargs=kwargs.get(name))
    if name in POSTS:
        return client.post(url, "{}", content_type="application/json") if name.startswith("api_") else client.post(url)
    return client.get(url)


@pytest.mark.parametrize("role", list(Role))
def test_a_role_opens_what_the_table_says(role, client, kwargs):
    client.force_login(staff(role))
    for name in sorted(set(WHO) - OWN):
        status = ask(client, name, kwargs).status_code
        if role in WHO[name]:
            assert status < 500, (name, status)
            assert status not in {401, 403, 404}, (name, status)
        else:
            assert status == 403, (name, status)


def test_nobody_gets_in_without_signing_in(client, kwargs):
    for name in sorted(WHO):
        response = ask(client, name, kwargs)
        if name.startswith("api_"):
            assert response.status_code in {401, 403}, name
        else:
            assert response.status_code == 302, name
            assert reverse(settings.LOGIN_URL) in response["Location"], name


def test_the_admin_is_for_admins(client):
    for role in Role:
        client.force_login(staff(role))
        assert client.get("/admin/").status_code == (200 if role is Role.ADMIN else 302)


@pytest.mark.parametrize(
    ("scopes", "name", "status"),
    [
        (["read"], "api_health", 200), (["read"], "api_customer_list", 403), (["personal"], "api_customer_list", 200),
        (["read", "personal"], "api_customer_confirmations", 403), (["write"], "api_journey_import", 400),
        (["read"], "api_journey_import", 403), (["admin"], "api_customer_list", 200),
    ],
)  # fmt: skip
def test_a_key_may_what_its_scopes_say(client, kwargs, scopes, name, status):
    key = api_keys.create(name="K", scopes=scopes)
    client.defaults["HTTP_AUTHORIZATION"] = f"Api-Key {key}"
    assert ask(client, name, kwargs).status_code == status


@pytest.mark.parametrize("key", ["", "nonsense", "mp_x_y", "mp_00000000_" + "x" * 43])
def test_a_wrong_key_is_refused(client, key):
    response = client.get(reverse("api_health"), headers={"Authorization": f"Api-Key {key}"})
    assert response.status_code == 401
