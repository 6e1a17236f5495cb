"""What comes back from messages: topics, sign-ups, tasks and the links that lead to them."""

from datetime import datetime

from django.utils import timezone

from apps.campaigns.actions import signups
from apps.campaigns.models import Message
from apps.core import links
from apps.customers.actions import topics
from apps.customers.enums import TopicDefault
from apps.customers.models import Customer
from apps.desk.actions import work


def of_answers(message: Message, customer: Customer, now: datetime) -> dict[str, dict]:
    made = topics.create(name="Fairs", default=TopicDefault.NEEDS_OPT_IN, description="Twice a year")
    topic = {"pk": made.pk}
    waiting = signups.ask(address="waiting@mail.example", topic=made, now=timezone.now())
    task = {"pk": work.create(customer=customer, title="Call them", due_at=now, now=now, note="About boots").pk}
    return {
        "topic_edit": topic, "api_topic_detail": topic, "task_done": task, "task_edit": task, "api_task_detail": task,
        "task_create": {"pk": customer.pk},
        "click": {"token": links.sign("click", [message.pk, "https://shop.example/"])},
        "open_picture": {"token": links.sign("open", message.pk)},
        "preferences": {"token": links.sign("preferences", message.pk)},
        "subscribe": {"token": links.sign("subscribe", made.pk)},
        "confirm": {"token": links.sign("confirm", waiting.pk)},
        "hook_esp": {"name": "postmark"}, "hook_bounce": {"secret": "x"},
    }  # fmt: skip
