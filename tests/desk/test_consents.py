"""What a customer told staff about being written to: on the page and by the API."""

import pytest
from django.urls import reverse

from apps.campaigns.models import Confirmation, Suppression
from apps.customers.enums import Choice, TopicDefault
from apps.customers.models import Consent, Topic
from apps.customers.selectors import allowed
from apps.desk.forms_consents import ConsentForm
from apps.staff.actions import api_keys
from apps.staff.enums import Role
from tests.factories import CustomerFactory, staff

pytestmark = pytest.mark.django_db
SAID = {"evidence": "told Bo"}


@pytest.fixture
def news() -> Topic:
    topic, _is_new = Topic.objects.get_or_create(key="news", defaults={"name": "News"})
    topic.name, topic.default = "News", TopicDefault.NEEDS_OPT_IN
    topic.save()
    return topic


@pytest.fixture
def agent(client):
    agent = staff(Role.AGENT)
    client.force_login(agent)
    return agent


def filled(customer, **changed) -> dict[str, str]:
    """The form as the page shows it, with these changes; "__" stands for the colon."""
    fields = ConsentForm(None, customer=customer, allowed=allowed(customer)).fields
    as_it_is = {name: field.initial for name, field in fields.items() if ":" in name}
    shown = {f"initial-{name}": value for name, value in as_it_is.items()}
    return shown | as_it_is | {name.replace("__", ":"): value for name, value in changed.items()}


def refusals(customer) -> dict[tuple[str, str], str | None]:
    return {(said.channel, said.topic.key): said.refusal for said in allowed(customer)}


class TestPage:
    def test_what_is_wrong_is_said_and_nothing_is_lost(self, client, agent, news):
        ann = CustomerFactory()
        url = reverse("customer_consents", args=[ann.pk])
        for bad, words in (
            (filled(ann, email__news="in"), "This field is required"),  # no proof
            (filled(ann, email__news="perhaps", **SAID), "Select a valid choice"),
            (filled(ann, **SAID), "Nothing is different"),
        ):
            response = client.post(url, bad)
            page = response.content.decode()
            assert (response.status_code, words in page) == (422, True)
            assert ("told Bo" in page) is ("evidence" in bad)
        assert not Consent.objects.exists()

    def test_a_no_by_one_way_is_kept_with_who_wrote_it(self, client, agent, news):
        ann = CustomerFactory(email="ann@mail.example", phone="+4315550100")
        url = reverse("customer_consents", args=[ann.pk])
        assert client.post(url, filled(ann, sms__service="out", **SAID)).status_code == 302
        kept = Consent.objects.get()
        assert (kept.choice, kept.channel, kept.topic.key, kept.by) == (Choice.OUT, "sms", "service", agent)
        assert (kept.address, kept.evidence) == ("+4315550100", "told Bo")
        said = refusals(ann)
        assert said["sms", "service"]
        assert said["email", "service"] is None

    def test_what_was_not_touched_is_no_new_answer(self, client, agent, news):
        ann = CustomerFactory()
        url = reverse("customer_consents", args=[ann.pk])
        client.post(url, filled(ann, email__news="in", **SAID))
        client.post(url, filled(ann, email__service="out", **SAID))
        assert Consent.objects.count() == 2
        assert refusals(ann)["email", "news"] is None

    def test_a_page_that_was_open_takes_back_no_newer_answer(self, client, agent, news):
        ann = CustomerFactory()
        url = reverse("customer_consents", args=[ann.pk])
        open_before = filled(ann, email__service="out", **SAID)
        client.post(url, filled(ann, email__news="out", **SAID))
        assert client.post(url, open_before).status_code == 302
        answers = [(row.topic.key, row.choice) for row in Consent.objects.order_by("pk")]
        assert answers == [("news", "out"), ("service", "out")]

    def test_nothing_more_is_a_no_by_every_way(self, client, agent, news):
        """Also by those that nobody knows an address for yet."""
        ann = CustomerFactory(email="ann@mail.example", phone="")
        url = reverse("customer_consents", args=[ann.pk])
        assert client.post(url, filled(ann, email__news="in", nothing_more="on", **SAID)).status_code == 302
        said = Consent.objects.order_by("channel").values_list("channel", "topic", "choice", "address")
        assert list(said) == [
            ("email", None, "out", "ann@mail.example"), ("sms", None, "out", ""), ("web", None, "out", ""),
        ]  # fmt: skip
        assert all(refusals(ann).values())

    def test_a_yes_to_staff_does_not_lift_what_the_address_refused(self, client, agent, news):
        bo = CustomerFactory(email="home@mail.example")
        client.post(reverse("customer_consents", args=[bo.pk]), filled(bo, email__news="out", **SAID))
        ann = CustomerFactory(email="home@mail.example")
        url = reverse("customer_consents", args=[ann.pk])
        client.post(url, filled(ann, email__news="in", **SAID))
        assert "said no to News" in refusals(ann)["email", "news"]
        assert "Ask by mail" in client.get(url).content.decode()

    def test_nobody_to_write_to(self, client, agent, news):
        url = reverse("customer_consents", args=[CustomerFactory(email="", phone="").pk])
        assert "No way to write" in client.get(url).content.decode()

    def test_asking_by_mail_without_a_mail_server(self, client, agent, news):
        ann = CustomerFactory(email="ann@mail.example")
        page = client.post(reverse("consent_ask", args=[ann.pk]), {"topic": "news"}, follow=True).content.decode()
        assert "No mail server is set" in page

    def test_asking_by_mail_once_an_hour(self, client, agent, news, settings):
        settings.EMAIL_URL = "smtp://127.0.0.1:2525"
        ann = CustomerFactory(email="ann@mail.example")
        url = reverse("consent_ask", args=[ann.pk])
        assert "not there any more" in client.post(url, {"topic": "none"}, follow=True).content.decode()
        page = client.post(url, {"topic": "news"}, follow=True).content.decode()
        assert "Asked by mail: News." in page
        assert Confirmation.objects.get().address == "ann@mail.example"
        assert "asked already" in client.post(url, {"topic": "news"}, follow=True).content.decode()
        nobody = reverse("consent_ask", args=[CustomerFactory(email="").pk])
        assert "no e-mail address" in client.post(nobody, {"topic": "news"}, follow=True).content.decode()
        assert Confirmation.objects.count() == 1
        Suppression.objects.create(address="bo@mail.example", reason="hard bounce")
        bo = reverse("consent_ask", args=[CustomerFactory(email="bo@mail.example").pk])
        assert "hard bounce" in client.post(bo, {"topic": "\x00news"}, follow=True).content.decode()


def test_a_suppressed_address_is_told_on_page_and_api(client, agent, news):
    ann = CustomerFactory(email="Ann@mail.example", phone="+4315550100")
    Suppression.objects.create(address="ann@mail.example", reason="hard bounce")
    for name in ("customer_consents", "customer_detail"):
        assert "suppressed: hard bounce" in client.get(reverse(name, args=[ann.pk])).content.decode()
    told = client.get(reverse("api_customer_consents", args=[ann.pk])).json()["results"]
    assert {row["because"] for row in told if row["channel"] == "email"} == {"suppressed: hard bounce"}
    assert {row["may_write"] for row in told if row["channel"] == "sms" and row["topic"] == "service"} == {True}


class TestApi:
    @pytest.fixture
    def api(self, client):
        client.defaults["HTTP_AUTHORIZATION"] = f"Api-Key {api_keys.create(name='K', scopes=['write', 'personal'])}"
        return client

    def test_what_may_be_sent(self, api, news):
        ann = CustomerFactory(email="ann@mail.example", phone="")
        url = reverse("api_customer_consents", args=[ann.pk])
        found = {one["topic"]: one for one in api.get(url).json()["results"]}
        assert found["news"] == {
            "channel": "email", "topic": "news", "may_write": False, "because": "has not said yes to News",
        }  # fmt: skip
        api.post(url, {"channel": "email", "topic": "news", "choice": "in"}, content_type="application/json")
        found = {one["topic"]: one for one in api.get(url).json()["results"]}
        assert found["news"]["may_write"] is True

    def test_asking(self, api, news):
        def ask(customer, data):
            url = reverse("api_customer_confirmations", args=[customer.pk])
            return api.post(url, data, content_type="application/json")

        ann = CustomerFactory()
        for bad in ([], {}, {"topic": "none"}):
            assert ask(ann, bad).status_code == 400
        assert "no e-mail address" in ask(CustomerFactory(email=""), {"topic": "news"}).json()["topic"]
        assert ask(ann, {"topic": "news"}).status_code == 201
        again = ask(ann, {"topic": "news"})
        assert (again.status_code, int(again["Retry-After"])) == (429, 3600)
