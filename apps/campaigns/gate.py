"""The gate: asked for each message immediately before it is handed over, under the lock of its address."""

from dataclasses import dataclass

from apps.campaigns.enums import CampaignState, EnrolmentState
from apps.campaigns.models import Message, Suppression
from apps.customers import folding, selectors


@dataclass(frozen=True)
class Verdict:
    """`reason` empty: go. `is_final`: never again, else not now."""

    reason: str = ""
    is_final: bool = True

    @property
    def passes(self) -> bool:
        return not self.reason


def ask(message: Message) -> Verdict:
    campaign = message.enrolment.campaign
    if campaign.state == CampaignState.ARCHIVED:
        return Verdict("the campaign is archived")
    if campaign.state != CampaignState.ACTIVE:
        return Verdict("the campaign is paused", is_final=False)
    if message.enrolment.state == EnrolmentState.EXITED:
        return Verdict(f"exited: {message.enrolment.exit_reason}")
    return _ask_recipient(message)


def _ask_recipient(message: Message) -> Verdict:
    address = folding.email(message.address)
    if address is None:
        return Verdict("no valid address" if message.address else "no address")
    suppression = Suppression.objects.filter(channel=message.channel, address=address).first()
    if suppression is not None:
        return Verdict(f"suppressed: {suppression.reason}"[:300])
    says_no = selectors.says_no(
        customer=message.customer, address=address, channel=message.channel, topic=message.topic
    )
    return Verdict(says_no or "")
