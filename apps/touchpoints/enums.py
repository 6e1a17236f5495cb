from django.db import models
from django.utils.translation import gettext_lazy as _


class Channel(models.TextChoices):
    """A means of communication."""

    WEB = "web", _("Web")
    APP = "app", _("App")
    EMAIL = "email", _("E-mail")
    SMS = "sms", _("SMS")
    MESSAGING = "messaging", _("Messaging")
    PHONE = "phone", _("Phone")
    CHAT = "chat", _("Chat")
    CHATBOT = "chatbot", _("Chatbot")
    SOCIAL = "social", _("Social")
    SEARCH = "search", _("Search")
    AD = "ad", _("Ad")
    STORE = "store", _("Store")
    IN_PERSON = "in_person", _("In person")
    REVIEW_SITE = "review_site", _("Review site")
    PRINT = "print", _("Print and outdoor")
    POST = "post", _("Post")
    LIVE_EVENT = "live_event", _("Live event")
    WORD_OF_MOUTH = "word_of_mouth", _("Word of mouth")

    @property
    def icon(self) -> str:
        return CHANNEL_ICONS[self]


CHANNEL_ICONS: dict[str, str] = {
    Channel.WEB: "globe",
    Channel.APP: "smartphone",
    Channel.EMAIL: "mail",
    Channel.SMS: "message-square",
    Channel.MESSAGING: "message-circle",
    Channel.PHONE: "phone",
    Channel.CHAT: "messages-square",
    Channel.CHATBOT: "bot",
    Channel.SOCIAL: "share-2",
    Channel.SEARCH: "search",
    Channel.AD: "megaphone",
    Channel.STORE: "store",
    Channel.IN_PERSON: "handshake",
    Channel.REVIEW_SITE: "star",
    Channel.PRINT: "newspaper",
    Channel.POST: "mailbox",
    Channel.LIVE_EVENT: "ticket",
    Channel.WORD_OF_MOUTH: "speech",
}


class Ownership(models.TextChoices):
    """Whose the touchpoint is: ours, somebody else's who speaks of us, or bought."""

    OWNED = "owned", _("Owned")
    EARNED = "earned", _("Earned")
    PAID = "paid", _("Paid")


class By(models.TextChoices):
    """Who did it. Only what customers do counts as activity."""

    CUSTOMER = "customer", _("customer")
    COMPANY = "company", _("company")
    MACHINE = "machine", _("machine")


class SourceKind(models.TextChoices):
    SERVER = "server", _("Server")
    BROWSER = "browser", _("Browser")
    IMPORT = "import", _("Import")
    STAFF = "staff", _("Staff")
    MILEPOST = "milepost", _("Milepost")

    @property
    def has_write_key(self) -> bool:
        return self in {SourceKind.SERVER, SourceKind.BROWSER}


class Event(models.TextChoices):
    """Events that Milepost itself writes or names; all others are the company's own words."""

    PAGE_VIEWED = "Page Viewed", _("Page viewed")
    SCREEN_VIEWED = "Screen Viewed", _("Screen viewed")
    IDENTIFY = "Identify", _("Identified")
    GROUP = "Group", _("Joined a group")
    ALIAS = "Alias", _("Got another id")
    RETRACTED = "Interaction Retracted", _("Entry retracted")
    STAGE_SET = "Stage Set", _("Stage set by hand")
    MESSAGE_SENT = "Message Sent", _("Message sent")
    MESSAGE_OPENED = "Message Opened", _("Message opened")
    MESSAGE_CLICKED = "Message Clicked", _("Link in a message followed")
    SMS_RECEIVED = "SMS Received", _("SMS received")
    SURVEY_ANSWERED = "Survey Answered", _("Survey answered")
    REVIEW_LINK_OPENED = "Review Link Opened", _("Review site opened")
    SUBSCRIBED = "Subscribed", _("Subscribed")
    UNSUBSCRIBED = "Unsubscribed", _("Unsubscribed")
    CASE_OPENED = "Case Opened", _("Case opened")
    CASE_CLOSED = "Case Closed", _("Case closed")
