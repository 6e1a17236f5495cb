"""One of everything, and the arguments with which each URL is walked."""

import io
from datetime import datetime

from django.apps import apps

from apps.campaigns.models import Suppression
from apps.core import importing, jobs, links
from apps.core.enums import FileRole
from apps.customers.actions import segments
from apps.customers.enums import SegmentKind
from apps.customers.models import Persona, Segment
from apps.feedback.actions import responses
from apps.feedback.models import Case, Invitation, Review, ReviewSite, Survey
from apps.journeys.models import Journey, Step
from apps.staff.actions import api_keys, departments, notices
from apps.staff.enums import NoticeKind, Role
from apps.staff.models import Invite
from apps.touchpoints.actions import log, sources
from apps.touchpoints.enums import By, Channel, SourceKind
from apps.touchpoints.models import Interaction, Touchpoint
from tests.architecture.world_answers import of_answers
from tests.architecture.world_editor import of_editor
from tests.architecture.world_effect import of_effect
from tests.architecture.world_improvements import of_improvements
from tests.architecture.world_people import of_people
from tests.architecture.world_surveys import of_surveys
from tests.architecture.world_together import of_together
from tests.architecture.world_ways import of_ways
from tests.architecture.world_wording import of_wording
from tests.factories import CustomerFactory, published_shop, sent_message, staff
from tests.pipeline import drain


def of_staff(now: datetime) -> dict[str, dict]:
    somebody = staff(Role.AGENT)
    invite = {"pk": Invite.objects.create(email="new@staff.example", role=Role.AGENT, expires_at=now).pk}
    person, department = {"pk": somebody.pk}, {"pk": departments.create(name="Support").pk}
    deleted = {"pk": departments.create(name="Sales").pk}
    event = apps.get_model("staff.DepartmentEvent").objects.latest("pgh_id")
    key = {"pk": api_keys.create_new(name="Old", scopes=["read"], owner=somebody, now=now)[0].pk}
    notices.tell(user_ids=[somebody.pk], kind=NoticeKind.NEED, key="x", text="Look", now=now)
    return {
        "staff_detail": person, "second_factor_remove": person, "invite_again": invite, "invite_revoke": invite,
        "api_staff_detail": person, "api_invite_detail": invite, "api_invite_again": invite,
        "api_department_detail": department, "api_key_detail": key,
        "api_audit_undo": {"model": "staff.DepartmentEvent", "pk": event.pgh_id},
        "department_detail": department, "department_delete": deleted, "key_renew": key, "key_revoke": key,
        "audit_undo": {"model": "staff.DepartmentEvent", "pk": event.pgh_id},
        "notice_open": {"pk": somebody.notices.get().pk},
        "mfa_remove_webauthn": {"pk": 1}, "mfa_edit_webauthn": {"pk": 1}, "join": {"token": "x"},
    }  # fmt: skip


def of_data(now: datetime) -> dict[str, dict]:
    job = {"pk": importing.begin(kind="customers", file=io.BytesIO(b"email\na@mail.example\n"), name="a.csv",
                                 options={}, user_id=None, now=now).pk}  # fmt: skip
    ended = jobs.start(kind="export", title="Export", user_id=None)
    jobs.write_file(job=ended, role=FileRole.RESULT, name="a.csv", content_type="text/csv", chunks=[b"a"])
    running = {"pk": jobs.start(kind="export", title="Export", user_id=None).pk}
    site = ReviewSite.objects.get_or_create(name="Shop reviews", defaults={"url": "https://reviews.example"})[0]
    review = {"pk": Review.objects.create(site=site, external_id="1", rating=4, published_at=now).pk}
    return {
        "api_import_detail": job, "api_import_check": job, "api_import_start": job,
        "api_job_file": {"pk": ended.pk, "role": "result"},
        "import_create": {"kind": "customers"}, "export_create": {"kind": "customers"}, "import_mapping": job,
        "import_review": job, "import_start": job, "job_detail": job, "api_job_detail": job, "job_cancel": job,
        "api_job_cancel": running, "job_file": {"pk": ended.pk, "role": "result"},
        "review_detail": review, "api_review_reply": review,
    }  # fmt: skip


def of_rules(journey: Journey) -> dict[str, dict]:
    pk = {"pk": journey.pk}
    step = Step.objects.filter(stage__journey=journey).earliest("pk")
    version = {**pk, "number": 1}
    return {
        "step_rule": {**pk, "step": step.pk}, "step_reach": {**pk, "step": step.pk},
        "api_step_reach": {**pk, "key": step.key}, "publish_preview": pk, "api_publish_preview": pk,
        "version_restore": version, "api_version_restore": version,
    }  # fmt: skip


def build(now: datetime) -> dict[str, dict]:
    """kwargs of each URL name that takes any."""
    journey = published_shop(now)
    message = sent_message(now)
    agent = staff(Role.AGENT)
    customer = CustomerFactory(name="Bo Lind")
    log.enter(customer=customer, event="Order Completed", by=By.CUSTOMER, channel=Channel.STORE, at=now, now=now,
              note="Bought boots", user=agent)  # fmt: skip
    drain(now)
    invitation = Invitation.objects.create(
        key="x", customer=customer, survey=Survey.objects.get(), channel="email", created_at=now
    )
    responses.answer(invitation=invitation, score=2, comment="Too slow", now=now)
    drain(now)
    source = sources.create(name="Shop", kind=SourceKind.SERVER)
    place = {"pk": Touchpoint.objects.create(name="Till", channel="store", rules=[{"event": "Order Completed"}]).pk}
    spare = {"pk": Touchpoint.objects.create(name="Fair", channel="live_event").pk}
    pk = {"pk": journey.pk}
    campaign = {"pk": message.enrolment.campaign_id}
    no, _is_new = Suppression.objects.get_or_create(address="no@mail.example", defaults={"reason": "asked by letter"})
    person = {"pk": customer.pk}
    case = {"pk": Case.objects.get().pk}
    segment = segments.save(segment=Segment(name="VIPs", kind=SegmentKind.LIST), by=agent, now=now)
    persona = {"pk": Persona.objects.get_or_create(name="Busy buyer")[0].pk}
    one = {"pk": segment.pk}
    spare_segment = segments.save(segment=Segment(name="Spare", kind=SegmentKind.LIST), by=agent, now=now)
    unwanted = {"pk": spare_segment.pk}
    return {
        **of_answers(message, customer, now),
        **of_editor(),
        **of_improvements(),
        **of_rules(journey),
        "journey_export": pk, "api_journey_export": pk,
        "version_list": pk, "version_compare": pk, "api_version_list": pk, "api_version_compare": pk,
        "journey_delete": pk, "journey_publish": pk, "stage_set": person, "api_customer_stage": person,
        "customer_consents": person, "consent_ask": person, "api_customer_confirmations": person,
        "segment_detail": one, "segment_edit": one, "segment_delete": unwanted, "segment_add": one,
        "segment_remove": {**one, "customer": customer.pk}, "api_segment_detail": one, "api_segment_members": one,
        "api_persona_detail": persona, "api_suppression_detail": {"pk": no.pk},
        "persona_detail": persona, "persona_rule": persona, "customer_persona": person,
        "customer_detail": person, "interaction_log": person, "api_customer_timeline": person,
        "api_customer_journeys": person, "api_customer_messages": person, "api_customer_consents": person,
        "api_customer_interactions": person,
        "api_interaction_retract": {"pk": Interaction.objects.filter(event="Order Completed").get().pk},
        "interaction_retract": {"pk": Interaction.objects.filter(event="Order Completed").get().pk},
        "journey_detail": pk, "api_journey_detail": pk, "api_journey_publish": pk, "api_journey_funnel": pk,
        "funnel": pk, "funnel_customers": {**pk, "step": 0},
        **dict.fromkeys(("campaign_edit", "campaign_publish", "campaign_copy", "step_add", "draft_undo",
                         "campaign_enrol", "api_campaign_enrol"), campaign),
        "campaigns_of_map": {"journey": journey.pk},
        "campaign_create": {"recipe": "thank-you"}, "step_change": {**campaign, "key": message.step.key},
        "campaign_detail": campaign, "campaign_change": campaign, "api_campaign_activate": campaign,
        "api_campaign_pause": campaign,
        "message_detail": {"pk": message.pk}, "message_replay": {"pk": message.pk},
        "case_detail": case, "case_reopen": case,
        "touchpoint_detail": place, "touchpoint_edit": place, "touchpoint_apply": place, "touchpoint_delete": spare,
        "api_touchpoint_detail": place,
        "api_source_detail": {"pk": source.pk}, "api_source_renew_key": {"pk": source.pk},
        "source_detail": {"pk": source.pk}, "source_renew_key": {"pk": source.pk},
        **of_staff(now),
        **of_data(now),
        **of_effect(message),
        **of_people(now),
        **of_together(journey, now),
        **of_surveys(customer, agent, now),
        **of_ways(),
        **of_wording(message.enrolment.campaign),
        "survey": {"token": links.sign("survey", invitation.pk)},
        "unsubscribe": {"token": links.sign("unsubscribe", message.pk)},
        "collect": {"kind": "track"},
        "account_reset_password_from_key": {"uidb36": "1", "key": "x"},
        "account_confirm_email": {"key": "x"},
    }  # fmt: skip
