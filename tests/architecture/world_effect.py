from apps.campaigns.models import Message


def of_effect(message: Message) -> dict[str, dict]:
    """Why, effect, dry run and customers of the campaign of a message."""
    campaign = {"pk": message.enrolment.campaign_id}
    return {
        "customer_why": {"pk": message.customer_id, "campaign": message.enrolment.campaign_id},
        "api_customer_why": {"pk": message.customer_id},
        "campaign_effect": campaign, "campaign_customers": campaign, "campaign_dry_run": campaign,
        "campaign_dry_run_start": campaign, "api_campaign_effect": campaign, "api_campaign_dry_run": campaign,
    }  # fmt: skip
