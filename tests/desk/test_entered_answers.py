"""Answers that staff write down for a customer, and how they are taken back."""

from uuid import uuid4

import pytest
from django.urls import reverse

from apps.feedback.models import Case, Response, Survey
from apps.staff.enums import Role
from apps.touchpoints.models import Interaction
from tests.factories import CustomerFactory, staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent(client):
    user = staff(Role.AGENT)
    client.force_login(user)
    return user


@pytest.fixture
def survey():
    return Survey.objects.create(name="CSAT", kind="csat", question="How satisfied are you?")


def url(customer, survey) -> str:
    return f"{reverse('response_enter', args=[customer.pk])}?survey={survey.pk}"


def typed(**fields) -> dict[str, str]:
    return {"key": str(uuid4()), "channel": "phone", "score": "1", "comment": "Said by phone", **fields}


@pytest.mark.parametrize("wrong", [{"score": "6"}, {"score": ""}, {"channel": "pigeon"}, {"key": "x"}, {"key": ""}])
def test_what_is_no_answer_is_422(client, agent, survey, wrong):
    response = client.post(url(CustomerFactory(), survey), typed(**wrong))
    assert (response.status_code, "Said by phone" in response.content.decode()) == (422, True)
    assert (Response.objects.exists(), Interaction.objects.exists()) == (False, False)


def test_who_may_not_edit_customers_enters_nothing(client, survey):
    client.force_login(staff(Role.MARKETER))
    assert client.post(url(CustomerFactory(), survey), typed()).status_code == 403
    assert not Response.objects.exists()


def test_without_a_survey_the_page_says_so(client, agent):
    page = client.get(reverse("response_enter", args=[CustomerFactory().pk]))
    assert (page.status_code, "No surveys yet" in page.content.decode()) == (200, True)


def test_an_answer_stands_on_the_timeline_with_who_entered_it(client, agent, survey):
    customer, data = CustomerFactory(), typed()
    for _ in range(2):  # a double click
        assert client.post(url(customer, survey), data).status_code == 302
    answer = Response.objects.get()
    assert (answer.way, answer.entered_by, answer.customer, answer.channel) == ("staff", agent, customer, "phone")
    seen = Interaction.objects.get(event="Survey Answered")
    assert (seen.by, seen.source.kind, seen.channel) == ("customer", "staff", "phone")
    page = client.get(reverse("customer_detail", args=[customer.pk])).content.decode()
    assert ("CSAT: 1 / 5" in page, str(agent) in page, "Said by phone" in page) == (True, True, True)
    assert Case.objects.open().get().customer == customer


def test_retracted_it_counts_for_nothing(client, agent, survey):
    customer = CustomerFactory()
    client.post(url(customer, survey), typed())
    seen = Interaction.objects.get(event="Survey Answered")
    for _ in range(2):
        client.post(reverse("interaction_retract", args=[seen.pk]))
    assert not Response.objects.exists()
    case = Case.objects.get()
    assert (case.closed_by, case.root_cause) == (agent, "The answer was entered by mistake.")
    assert Interaction.objects.filter(event="Interaction Retracted").count() == 1
    assert "Retracted" in client.get(reverse("customer_detail", args=[customer.pk])).content.decode()
