"""Setting a stage by hand, by page and by API; versions on their pages."""

import pytest
from django.urls import reverse

from apps.journeys.models import Progress, StageEntry
from apps.staff.actions import api_keys
from apps.staff.enums import Role
from apps.touchpoints.actions import log
from apps.touchpoints.models import Interaction
from tests.factories import CustomerFactory, published_shop, staff
from tests.pipeline import drain

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(now):
    return published_shop(now)


def key_of(shop, name) -> str:
    return next(s["key"] for s in shop.current_version.snapshot["stages"] if s["name"] == name)


def test_by_page_and_taken_back(client, shop, now):
    agent = staff(Role.AGENT)
    client.force_login(agent)
    ann = CustomerFactory()
    url = reverse("stage_set", args=[ann.pk])
    for bad in ("", "nonsense", f"{shop.pk}:nonsense"):
        response = client.post(url, {"stage": bad, "note": "kept"})
        assert (response.status_code, "kept" in response.content.decode()) == (422, True)
    assert client.post(url, {"stage": f"{shop.pk}:{key_of(shop, 'Loyalty')}", "note": "Signed up"}).status_code == 302
    entry = Interaction.objects.get()
    drain(entry.received_at)
    assert str(Progress.objects.get().stage_key) == key_of(shop, "Loyalty")
    page = client.get(reverse("customer_detail", args=[ann.pk])).content.decode()
    assert "Loyalty" in page
    log.retract(interaction=entry, user=agent, now=entry.received_at)
    drain(entry.received_at)
    assert not StageEntry.objects.standing().exists()


def test_by_api(client, shop, now):
    client.defaults["HTTP_AUTHORIZATION"] = f"Api-Key {api_keys.create(name='K', scopes=['write', 'personal'])}"
    ann = CustomerFactory()
    url = reverse("api_customer_stage", args=[ann.pk])

    def post(data):
        return client.post(url, data, content_type="application/json")

    assert post({}).status_code == 400
    assert "no published journey" in post({"journey": "None", "stage": "Loyalty"}).json()["journey"][0]
    assert "no stage" in post({"journey": "Web shop", "stage": "None"}).json()["stage"][0]
    assert post({"journey": "Web shop", "stage": "Loyalty"}).status_code == 201
    drain(Interaction.objects.get().received_at)
    assert str(Progress.objects.get().stage_key) == key_of(shop, "Loyalty")


def test_versions_pages(client, shop):
    client.force_login(staff(Role.MARKETER))
    listing = reverse("version_list", args=[shop.pk])
    assert "The draft is what is published" in client.get(listing).content.decode()
    shop.goal = "More orders"
    shop.save()
    assert "More orders" in client.get(listing).content.decode()
    response = client.post(reverse("journey_publish", args=[shop.pk]))
    shop.refresh_from_db()
    assert response["Location"] == reverse("job_detail", args=[shop.current_version.job_id])
    assert "More orders" in client.get(reverse("version_compare", args=[shop.pk])).content.decode()
    changes = client.get(reverse("api_version_compare", args=[shop.pk]), {"from": 1, "to": 2}).json()["results"]
    assert [(one["what"], one["field"], one["after"]) for one in changes] == [("Journey", "goal", "More orders")]
    assert client.get(reverse("api_version_compare", args=[shop.pk]), {"from": "x"}).status_code == 400
    assert [row["number"] for row in client.get(reverse("api_version_list", args=[shop.pk])).json()["results"]] == [
        2,
        1,
    ]
