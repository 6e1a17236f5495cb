"""Personas and statuses: by rule, by hand, with a preview; the persona's page counts its real people."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from apps.core import jobs
from apps.core.models import CompanySettings, Job
from apps.customers.actions import standing
from apps.customers.models import Customer, Persona
from apps.desk.selectors_personas import Share, persona_page
from apps.staff.enums import Role
from apps.touchpoints.actions import log
from apps.touchpoints.enums import By, Channel
from tests.factories import CustomerFactory, staff
from tests.pipeline import drain

pytestmark = pytest.mark.django_db
GOLD = {"rule.join": "all", "rule.0.is": "trait", "rule.0.value.0.path": "plan", "rule.0.value.0.operator": "=",
        "rule.0.value.0.value": "gold"}  # fmt: skip


def happens(customer, event, at, channel=Channel.WEB):
    log.record(customer_id=customer.pk, event=event, by=By.CUSTOMER, channel=channel, at=at, received_at=at,
               message_id=f"{event}{customer.pk}{at}")  # fmt: skip


def look_at_everybody(now):
    standing.keep(now=now)
    later = now + timedelta(days=30000)
    jobs.run_due(clock=lambda: later, goes_on=lambda: True)
    drain(now)


def test_status_follows_what_happens_and_silence(now):
    visitor = CustomerFactory(anonymous=True)
    prospect, buyer = CustomerFactory.create_batch(2, last_activity_at=now)
    for customer in (visitor, prospect):
        happens(customer, "Page Viewed", now)
    happens(buyer, "Order Completed", now)
    drain(now)
    statuses = dict(Customer.objects.values_list("pk", "status"))
    assert statuses == {visitor.pk: "visitor", prospect.pk: "prospect", buyer.pk: "customer"}
    later = now + timedelta(days=366)
    assert standing.sweep_former(now=later) == 1
    drain(later)
    buyer.refresh_from_db()
    assert buyer.status == "former"
    happens(buyer, "Page Viewed", later)
    drain(later)
    buyer.refresh_from_db()
    assert buyer.status == "customer"


def test_whoever_bought_stays_a_customer_when_the_order_is_pruned(now):
    CompanySettings.objects.update_or_create(pk=1, defaults={"keep_interactions_days": 30})
    bought = CustomerFactory(first_seen_at=now - timedelta(days=40), last_activity_at=now)
    happens(bought, "Order Completed", now - timedelta(days=35))
    drain(now)
    bought.interactions.all().delete()
    happens(bought, "Page Viewed", now)
    drain(now)
    bought.refresh_from_db()
    assert bought.status == "customer"


def test_an_edited_conversion_rule_is_looked_at_for_everybody_once(now, client):
    client.force_login(staff(Role.ADMIN))
    gold = CustomerFactory(traits={"plan": "gold"})
    look_at_everybody(now)
    url = reverse("conversion_rule")
    assert client.post(url, {"rule.join": "all"}).status_code == 422
    bad = client.post(url, {"rule.0.is": "status", "rule.0.value": "customer"})
    assert (bad.status_code, "cannot be asked here" in bad.content.decode()) == (422, True)
    assert client.post(url, GOLD).status_code == 302
    assert CompanySettings.current().conversion_rule == {"trait": ["plan", "=", "gold"]}
    look_at_everybody(now)
    gold.refresh_from_db()
    assert gold.status == "customer"
    assert standing.keep(now=now) is False
    assert Job.objects.latest("pk").result == {"changed": 1}


def test_personas_by_rule_in_order_and_by_hand(now, client):
    client.force_login(staff(Role.AGENT))
    first = Persona.objects.create(name="First", rule={"trait": ["plan", "=", "gold"]}, position=1)
    second = Persona.objects.create(name="Second", rule={"trait": ["plan", "exists", True]}, position=2)
    gold, silver = CustomerFactory(traits={"plan": "gold"}), CustomerFactory(traits={"plan": "silver"})
    neither = CustomerFactory(persona=first)
    look_at_everybody(now)
    assert dict(Customer.objects.values_list("pk", "persona")) == {
        gold.pk: first.pk, silver.pk: second.pk, neither.pk: None,
    }  # fmt: skip
    url = reverse("customer_persona", args=[gold.pk])
    for wanted, persona in ((str(second.pk), second), ("none", None), ("nonsense", None), ("rule", first)):
        client.post(url, {"persona": wanted})
        drain(now)
        gold.refresh_from_db()
        assert gold.persona == persona, wanted


def test_who_would_change_is_shown_before_it_happens(now, client):
    client.force_login(staff(Role.ADMIN))
    persona = Persona.objects.create(name="Busy buyer")
    gold = CustomerFactory(name="Ann Gold", traits={"plan": "gold"})
    url = reverse("persona_rule", args=[persona.pk])
    page = client.post(url, GOLD | {"op": "preview"}).content.decode()
    assert "1 customer would change" in page
    assert "Ann Gold" in page
    persona.refresh_from_db()
    gold.refresh_from_db()
    assert (persona.rule, gold.persona) == ({}, None)
    assert client.post(url, {"rule.0.is": "persona", "rule.0.value": "Busy buyer"}).status_code == 422
    assert client.post(url, GOLD).status_code == 302
    look_at_everybody(now)
    gold.refresh_from_db()
    assert gold.persona == persona


def test_the_page_counts_real_people_and_fit(now, client):
    persona = Persona.objects.create(name="Busy", channels="Web, phone", traits=[["plan", "=", "gold"]])
    gold = CustomerFactory(traits={"plan": "gold"}, persona=persona, last_activity_at=now)
    silver = CustomerFactory(traits={"plan": "silver"}, persona=persona, last_activity_at=now)
    CustomerFactory(persona=persona, last_activity_at=now - timedelta(days=100))
    for customer in (gold, silver):
        happens(customer, "Page Viewed", now)
    happens(gold, "Call", now - timedelta(days=95), Channel.PHONE)
    drain(now)
    page = persona_page(persona, now=now)
    assert (page.looked_at, page.active, page.fit) == (3, 2, 50)
    assert page.expected == [Share("Web", 2, 2), Share("Phone", 0, 2), Share("plan is “gold”", 1, 2)]
    assert page.channels == [Share("Web", 2, 2)]
    with time_machine.travel(now, tick=False):
        client.force_login(staff(Role.AGENT))
        assert "Fit 50" in client.get(reverse("persona_detail", args=[persona.pk])).content.decode()
