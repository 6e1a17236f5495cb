"""The page of a message, its preview, snippets, saved messages and the brand."""

import html
import io
import re

import pytest
from django.urls import reverse
from PIL import Image

from apps.campaigns.actions import drafts
from apps.campaigns.models import Brand, Campaign, MailImage, Message, Snippet, Template
from apps.staff.enums import Role
from tests.campaigns.test_contents import runs, seen
from tests.factories import CustomerFactory, campaign, published_shop, staff
from tests.hostile.forms import form_with
from tests.hostile.strings import XSS

pytestmark = pytest.mark.django_db


@pytest.fixture
def made(now) -> Campaign:
    published_shop(now)
    return campaign(now)


@pytest.fixture
def desk(client, made):
    client.force_login(staff(Role.MARKETER))
    return client


def url_of(made: Campaign, name: str = "step_message", place: int = 0) -> str:
    return reverse(name, args=[made.pk, made.draft["steps"][place]["key"]])


def said(made: Campaign) -> dict:
    return Campaign.objects.get(pk=made.pk).draft["steps"][0]["message"]


def typed(desk, url: str) -> dict[str, str]:
    return form_with(desk.get(url).content.decode(), "subject", url).values


def picture() -> io.BytesIO:
    out = io.BytesIO()
    Image.new("RGB", (4, 3), "red").save(out, "PNG")
    out.seek(0)
    out.name = "red.png"
    return out


def test_words_are_saved_in_the_draft(desk, made):
    url = url_of(made)
    response = desk.post(url, {**typed(desk, url), "op": "save", "subject": "New", "topic": "news", "utm": ""})
    assert (response.status_code, response["Location"]) == (302, url)
    assert said(made)["subject"] == "New"
    assert said(made)["topic"] == "news"
    assert said(made)["utm"] is False
    assert Campaign.objects.get(pk=made.pk).revision == made.revision + 1
    assert made.version.steps.get(position=0).settings["subject"].startswith("Thank you")


def test_nobody_overwrites_what_they_did_not_see(desk, made):
    url = url_of(made)
    form = typed(desk, url)
    key = made.draft["steps"][0]["key"]
    theirs = {**said(made), "subject": "Theirs"}
    drafts.change_step(campaign=made, key=key, settings=theirs, revision=made.revision)
    response = desk.post(url, {**form, "op": "save", "subject": "Mine"})
    page = response.content.decode()
    assert response.status_code == 409
    assert "Theirs" in page
    assert form_with(page, "subject", url).values["subject"] == "Mine"
    assert said(made)["subject"] == "Theirs"
    again = desk.post(url, {**form_with(page, "subject", url).values, "op": "save"})
    assert again.status_code == 302
    assert said(made)["subject"] == "Mine"


def test_what_cannot_be_saved_stays_typed(desk, made):
    url = url_of(made)
    response = desk.post(url, {**typed(desk, url), "op": "save", "body": "{{ broken", "subject": "Kept"})
    assert response.status_code == 422
    assert "{{ broken" in response.content.decode()
    assert 'value="Kept"' in response.content.decode()
    assert said(made)["subject"] != "Kept"


@pytest.mark.parametrize("height", ["-5", "abc", "99999999", "3"])
def test_a_number_that_is_none_is_refused_and_stays(desk, made, height):
    url = url_of(made)
    block = {"mode": "blocks", "blocks": "1", "block-0-kind": "spacer", "block-0-height": height}
    page = desk.post(url, {**typed(desk, url), **block, "op": "save"})
    assert page.status_code == 422
    assert "height must be a whole number from 4 to 120" in page.content.decode()
    assert f'value="{height}"' in page.content.decode()


def test_blocks_are_added_moved_and_deleted(desk, made):
    url = url_of(made)
    form = {**typed(desk, url), "mode": "blocks", "blocks": "0"}
    for op, kinds in [
        ("add:text", ["text"]), ("add:button", ["text", "button"]), ("add:divider", ["text", "button", "divider"]),
        ("up:2", ["text", "divider", "button"]), ("down:0", ["divider", "text", "button"]),
        ("delete:0", ["text", "button"]),
    ]:  # fmt: skip
        response = desk.post(url, {**form, "op": op}, headers={"HX-Request": "true", "HX-Target": "editor"})
        page = f"<form>{response.content.decode()}</form>"
        assert response.status_code == 200
        assert "<html" not in page
        form |= form_with(page, "blocks", url).values
        found = re.findall(r'name="block-\d+-kind"\s+value="(\w+)"', page)
        assert found == kinds, op
    form |= {"block-0-text": "**Hi**", "block-1-label": "Go", "block-1-url": "https://x.example/", "op": "save"}
    assert desk.post(url, form).status_code == 302
    assert said(made)["blocks"] == [
        {"kind": "text", "text": "**Hi**"}, {"kind": "button", "label": "Go", "url": "https://x.example/"},
    ]  # fmt: skip
    assert "body" not in said(made)


def test_acts_that_there_are_not(desk, made):
    url = url_of(made)
    for op in ("add:script", "up:9", "delete:²", "nonsense", "upload:0", "insert"):
        assert desk.post(url, {**typed(desk, url), "op": op}).status_code == 422, op


def test_a_picture(desk, client, made):
    url = url_of(made)
    form = {**typed(desk, url), "mode": "blocks", "blocks": "1", "block-0-kind": "image", "op": "upload:0"}
    response = desk.post(url, {**form, "block-0-file": picture()})
    kept = MailImage.objects.get()
    assert form_with(response.content.decode(), "block-0-image", url).values["block-0-image"] == kept.digest
    client.logout()
    shown = client.get(reverse("mail_image", args=[kept.digest]))
    assert (shown.status_code, shown["Content-Type"]) == (200, "image/jpeg")
    client.force_login(staff(Role.MARKETER))
    bad = desk.post(url, {**form, "block-0-file": io.BytesIO(b"<svg onload=alert(1)>")})
    assert bad.status_code == 422


def test_a_trait_is_inserted_with_what_stands_where_it_is_missing(desk, made):
    url = url_of(made)
    form = {**typed(desk, url), "op": "insert", "insert_name": "plan", "insert_fallback": "it's {x}"}
    page = desk.post(url, form).content.decode()
    assert form_with(page, "body", url).values["body"].endswith("{{ customer.plan | default: 'it’s x' }}")
    form["insert_name"] = "first seen"
    page = desk.post(url, form).content.decode()
    assert 'customer["first seen"]' in form_with(page, "body", url).values["body"]


def test_the_preview_shows_what_is_typed_as_somebody(desk, made):
    url = url_of(made)
    CustomerFactory(name="Zoe Quill", email="zoe@mail.example")
    preview = url_of(made, "step_message_preview")
    form = {**typed(desk, url), "body": "Dear {{ customer.name }}", "who": "zoe@mail.example", "as": "customer"}
    response = desk.post(preview, form)
    assert "Dear Zoe Quill" in seen(response.content.decode()).text
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    assert response["Content-Security-Policy"] == (
        "default-src 'none'; img-src 'self' data: https:; style-src 'unsafe-inline'; frame-ancestors 'self'"
    )
    assert "prefers-color-scheme" not in response.content.decode()
    nobody = desk.post(preview, {**form, "who": "nobody zzz"}).content.decode()
    assert "Nobody is found by “nobody zzz”." in html.unescape(nobody)
    assert "Dear" not in nobody
    gaps = desk.post(preview, {**form, "as": "gaps"}).content.decode()
    assert "Not written for this customer." in gaps
    assert "customer.name is undefined" in gaps
    assert desk.get(preview).status_code == 200
    assert Message.objects.count() == 0


def test_each_way_has_a_preview(desk, made):
    form = {**typed(desk, url_of(made)), "mode": "body", "body": "Hi <b>", "as": "gaps"}
    for channel in ("sms", "web"):
        page = desk.post(url_of(made, "step_message_preview"), {**form, "channel": channel}).content.decode()
        assert "Hi &lt;b&gt;" in page
    assert "Sent in 1 part" in desk.post(url_of(made), {**form, "channel": "sms", "op": "check"}).content.decode()


def test_nothing_of_a_customer_runs_in_the_preview(desk, made):
    person = CustomerFactory(email="evil@mail.example")
    blocks = {
        "mode": "blocks", "blocks": "2", "block-0-kind": "text", "block-1-kind": "button",
        "block-0-text": "{{ customer.name }} [x]({{ customer.site }})", "block-1-label": "{{ customer.name }}",
        "block-1-url": "{{ customer.site }}",
    }  # fmt: skip
    form = {**typed(desk, url_of(made)), **blocks, "who": "evil@mail.example"}
    for text in XSS:
        person.name, person.traits = text[:300], {"site": text}
        person.save()
        page = desk.post(url_of(made, "step_message_preview"), form).content.decode()
        assert runs(page) == [], text


def test_the_checks(desk, made):
    url = url_of(made)
    form = {
        **typed(desk, url),
        "op": "check",
        "body": "{{ nonsense | default: '' }} {{ customer.plan | default: 'x' }}",
        "subject": "x" * 90,
    }
    part = desk.post(url, form, headers={"HX-Request": "true", "HX-Target": "checks"}).content.decode()
    assert "<html" not in part
    for text in (
        "Unknown: nonsense",
        "The subject has 90 characters",
        "All links are whole",
        "Unsubscribe link is there",
    ):
        assert text in part, text


def test_a_test_goes_to_oneself_alone(desk, made):
    url = url_of(made)
    page = desk.post(url, {**typed(desk, url), "op": "test", "as": "gaps"}).content.decode()
    assert "Not sent to user" in page  # no mail server is set
    assert Message.objects.count() == 0
    refused = desk.post(url, {**typed(desk, url), "op": "test", "as": "gaps", "body": "{{ customer.shoe }}"})
    assert refused.status_code == 422


def test_tones_and_languages(desk, made):
    variant = url_of(made, "step_message_variant")
    revision = made.revision
    tone = {"name": "Gold", "trait": "plan", "operator": "=", "value": "gold", "op": "tone", "revision": revision}
    assert desk.post(variant, tone)["Location"] == f"{url_of(made)}?tone=0"
    assert desk.post(f"{variant}?tone=0", {"op": "language", "code": "DE", "revision": revision + 1})["Location"] == (
        f"{url_of(made)}?tone=0&language=de"
    )
    url = f"{url_of(made)}?tone=0&language=de"
    assert desk.post(url, {**typed(desk, url), "op": "save", "subject": "Hallo", "mode": ""}).status_code == 302
    url = f"{url_of(made)}?tone=0"
    assert desk.post(url, {**typed(desk, url), "op": "save", "mode": "body", "body": "Golden"}).status_code == 302
    assert said(made)["tones"] == [
        {"name": "Gold", "trait": ["plan", "=", "gold"], "body": "Golden", "languages": {"de": {"subject": "Hallo"}}}
    ]
    page = desk.get(url_of(made)).content.decode()
    assert "Gold · de" in page
    assert desk.post(f"{variant}?tone=0", {"op": "delete", "revision": revision + 4}).status_code == 302
    assert said(made)["tones"] == []
    assert desk.get(url).status_code == 404
    before = said(made)
    assert desk.post(variant, {"op": "tone", "name": "x", "revision": revision + 5}).status_code == 422
    assert desk.post(variant, {"op": "nonsense", "revision": "²"}).status_code == 422
    assert said(made) == before


def test_saved_messages(desk, made):
    desk.post(url_of(made, "step_message_template"), {"name": "Thanks"})
    template = Template.objects.get()
    assert "topic" not in template.settings
    Template.objects.update(settings={"subject": "Saved", "body": "Words"})
    response = desk.post(url_of(made, "step_message_begin"), {"template": template.pk, "revision": made.revision})
    assert response.status_code == 302
    assert said(made) == {"topic": "service", "subject": "Saved", "body": "Words"}
    assert desk.post(url_of(made, "step_message_begin"), {"template": "²"}).status_code == 422
    assert "Thanks" in desk.get(reverse("snippet_list")).content.decode()
    desk.post(reverse("template_delete", args=[template.pk]))
    assert not Template.objects.exists()


def test_snippets(desk):
    create = reverse("snippet_create")
    assert desk.post(create, {"name": "bye", "text": "Bye {{ company.name }}"}).status_code == 302
    snippet = Snippet.objects.get()
    for wrong in ({"name": "bye", "text": "x"}, {"name": "a b", "text": "x"}, {"name": "c", "text": "{{ x"}):
        assert desk.post(create, wrong).status_code == 422
    edit = reverse("snippet_edit", args=[snippet.pk])
    assert desk.post(edit, {"name": "bye", "text": "Ciao"}).status_code == 302
    assert Snippet.objects.get().text == "Ciao"
    desk.post(reverse("snippet_delete", args=[snippet.pk]))
    assert not Snippet.objects.exists()


def test_the_brand(desk):
    url = reverse("brand_edit")
    assert desk.post(url, {"accent": "#112233", "footer": "Call us", "picture": picture()}).status_code == 302
    brand = Brand.objects.select_related("logo").get()
    assert (brand.accent, brand.footer, brand.logo.width) == ("#112233", "Call us", 4)
    assert desk.post(url, {"accent": "red;}", "footer": ""}).status_code == 422
    assert desk.post(url, {"accent": "#112233", "picture": io.BytesIO(b"x")}).status_code == 422
    assert desk.post(url, {"accent": "#112233", "without_logo": "on"}).status_code == 302
    assert Brand.objects.get().logo is None


def test_steps_that_write_to_nobody_have_no_such_page(desk, made):
    assert desk.get(url_of(made, place=1)).status_code == 404
    assert desk.get(url_of(made, place=2)).status_code == 200
    assert desk.get(f"{url_of(made)}?tone=3").status_code == 404
    assert desk.get(reverse("step_message", args=[made.pk, "0" * 8 + "-0000-0000-0000-" + "0" * 12])).status_code == 404
