"""A note on the company's web site: the row of the message is the note, and the snippet (/t.js) comes for it."""

from apps.campaigns.channels import Outcome, Outgoing, Result


class WebNote:
    name = "web"

    def send(self, outgoing: Outgoing, *, deadline_seconds: float) -> Result:
        return Result(Outcome.SENT, "waits for the next visit")
