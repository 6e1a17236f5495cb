"""Where nothing is set to send by: the message is complete, kept and shown in the outbox, and nothing leaves the
machine."""

from apps.campaigns.channels import Outcome, Outgoing, Result


class Keep:
    """`setting` is what would have to be set."""

    name = "kept"

    def __init__(self, setting: str = "EMAIL_URL") -> None:
        self._detail = f"kept on this machine: no {setting} is set"

    def send(self, outgoing: Outgoing, *, deadline_seconds: float) -> Result:
        return Result(Outcome.SENT, self._detail)
