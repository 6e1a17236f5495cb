"""What messages are made of, for the walk."""

from apps.campaigns.models import Brand, Campaign, MailImage, Snippet, Template


def of_wording(campaign: Campaign) -> dict[str, dict]:
    image = MailImage.objects.create(digest="0" * 64, content=b"", content_type="image/png", width=1, height=1)
    Brand.objects.create(pk=1, footer="Call us", logo=image)
    snippet = Snippet.objects.create(name="bye", text="Bye")
    spare = Snippet.objects.create(name="spare", text="Spare")
    template = Template.objects.create(name="Thanks", settings={"subject": "Thanks", "body": "Thank you"})
    step = {"pk": campaign.pk, "key": campaign.draft["steps"][0]["key"]}
    names = ("step_message", "step_message_preview", "step_message_variant", "step_message_template",
             "step_message_begin")  # fmt: skip
    return {
        **dict.fromkeys(names, step), "snippet_edit": {"pk": snippet.pk}, "snippet_delete": {"pk": spare.pk},
        "template_delete": {"pk": template.pk}, "mail_image": {"digest": image.digest},
    }  # fmt: skip
