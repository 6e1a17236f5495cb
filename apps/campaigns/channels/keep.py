"""Where no mail server is set: the message is complete, kept and shown in the outbox, and nothing leaves the
machine."""

from apps.campaigns.channels import Outcome, Outgoing, Result


class Keep:
    name = "kept"

    def send(self, outgoing: Outgoing, *, deadline_seconds: float) -> Result:
        return Result(Outcome.SENT, "kept on this machine: no EMAIL_URL is set")
