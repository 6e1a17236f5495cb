"""Who may change what, where that is said neither by the page's own line in WHO nor by POSTS.

A page that only those open who act on it (AGENTS, DESIGNERS, ADMINS) needs no line here: who opens it may write. One
that everybody or all PEOPLE open and that takes a POST, PUT, PATCH or DELETE needs one; test_writing.py names it."""

from apps.staff.enums import Role, Scope

ALL = set(Role)
PEOPLE = {Role.AGENT, Role.MARKETER, Role.ADMIN}
AGENTS = {Role.AGENT, Role.ADMIN}
DESIGNERS = {Role.MARKETER, Role.ADMIN}
ADMINS = {Role.ADMIN}

WRITES = {
    "api_persona_detail": ADMINS,
    # their own account
    **dict.fromkeys(
        ["account", "account_change_password", "account_reauthenticate", "usersessions_list",
         "mfa_activate_totp", "mfa_generate_recovery_codes", "mfa_add_webauthn", "mfa_reauthenticate",
         "mfa_reauthenticate_webauthn"], ALL),
    # what is said on a map
    "card_comments": ALL, "api_comment_list": ALL,
    # a question to the database that writes nothing, with the question in its body
    "rule_edit": PEOPLE, "api_segment_preview": PEOPLE,
    "api_notices_read": ALL, "case_detail": AGENTS, "review_detail": AGENTS,
    **dict.fromkeys(["api_customer_detail", "api_company_list", "api_company_detail", "api_company_members",
                     "api_company_member", "api_task_list", "api_task_detail", "api_customer_consents"], AGENTS),
    **dict.fromkeys(["api_segment_list", "api_segment_detail", "api_segment_members", "api_touchpoint_list",
                     "api_touchpoint_detail", "api_card_list", "api_topic_list", "api_topic_detail",
                     "api_survey_list", "api_survey_detail", "api_campaign_dry_run"], DESIGNERS),
}  # fmt: skip

# Which scope of an API key is enough. A route that is not here follows its roles: what all staff see needs `read`, what
# PEOPLE see `personal`, what DESIGNERS may do `write`, what ADMINS may do `admin`. `admin` may everything.
ANY_KEY = set(Scope)
READ, PERSONAL, WRITE, ONLY_ADMIN = {Scope.READ}, {Scope.PERSONAL}, {Scope.WRITE}, set()  # type: ignore[var-annotated]
KEYS_READ = {
    "api_schema": ANY_KEY, "api_docs": ANY_KEY,
    "api_customer_consents": PERSONAL, "api_customer_stage": PERSONAL,
    # merging is no scope of its own
    **dict.fromkeys(["api_customer_merge", "api_merge_list", "api_merge_undo", "api_duplicate_list",
                     "api_duplicate_dismiss"], ONLY_ADMIN),
}  # fmt: skip
KEYS_WRITE = {
    "api_customer_consents": WRITE, "api_customer_confirmations": WRITE,
    "api_customer_stage": WRITE, "api_customer_detail": WRITE,
    "api_customer_interactions": WRITE, "api_interaction_retract": WRITE,
    "api_review_reply": WRITE, "api_segment_preview": PERSONAL,
    "api_comment_list": ONLY_ADMIN,  # or `read` and `write` together: test_comments.py
    **dict.fromkeys(["api_company_list", "api_company_detail", "api_company_members", "api_company_member",
                     "api_task_list", "api_task_detail"], WRITE),
    **dict.fromkeys(["api_customer_merge", "api_merge_undo", "api_duplicate_dismiss",
                     "api_import_list", "api_export_list"], ONLY_ADMIN),
}  # fmt: skip
