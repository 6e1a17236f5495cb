"""Tasks of the desk: made by hand or by campaigns, done and taken up again."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core.registry import StepCall
from apps.customers.actions import merges
from apps.customers.models import Customer
from apps.desk.models import Task
from apps.feedback.actions import cases
from apps.staff.actions import notices
from apps.staff.enums import NoticeKind
from apps.staff.models import Department, User

DUE_HOURS = 16
_MOST = {"title": 300, "note": 2000, "owner": 320, "department": 100}
_KEYS = {*_MOST, "due_hours"}


def create(
    *,
    customer: Customer,
    title: str,
    due_at: datetime,
    now: datetime,
    note: str = "",
    owner: User | None = None,
    department: Department | None = None,
    by: User | None = None,
) -> Task:
    """The owner is told, unless they made it themselves."""
    task = Task.objects.create(
        customer=customer, title=title, note=note, owner=owner, department=department, due_at=due_at, created_at=now
    )
    if owner is not None and owner != by:
        _tell(owner.pk, [task], now)
    return task


def change(*, task: Task, values: Mapping[str, Any], now: datetime, by: User | None = None) -> Task:
    """`values` has new ones for some of title, note, owner, department and due_at. A new owner is told, unless they
    took it themselves."""
    owner_before = task.owner_id
    for name in values:
        setattr(task, name, values[name])
    task.save(update_fields=list(values))
    is_news = task.owner_id != owner_before and task.owner != by and task.done_at is None
    if task.owner_id is not None and is_news:
        _tell(task.owner_id, [task], now, again=f":{now.isoformat()}")
    return task


def finish(*, task: Task, by: User | None, now: datetime) -> bool:
    """False when somebody did it before."""
    return bool(Task.objects.open().filter(pk=task.pk).update(done_at=now, done_by=by))


def take_up_again(*, task: Task) -> bool:
    return bool(Task.objects.done().filter(pk=task.pk).update(done_at=None, done_by=None))


# --- The step of a campaign


def check_step(settings: Any) -> None:
    """Raises ValueError in words for whoever writes the campaign."""
    if not isinstance(settings, dict):
        raise ValueError("a task must be an object with a title.")  # noqa: TRY004 - callers catch one kind
    unknown = sorted(str(key) for key in set(settings) - _KEYS)
    if unknown:
        raise ValueError(f"unknown or not supported: {unknown[0]!r}. Known are: {', '.join(sorted(_KEYS))}.")
    _check_texts(settings)
    if "owner" in settings and _owner(settings) is None:
        raise ValueError(f"nobody of the staff has the e-mail {settings['owner']!r}.")
    if "department" in settings and _department(settings) is None:
        raise ValueError(f"there is no department {settings['department']!r}.")


def _check_texts(settings: Mapping[str, Any]) -> None:
    for name, most in _MOST.items():
        value = settings.get(name)
        if value is None and name != "title":
            continue
        if not isinstance(value, str) or not value.strip() or "\x00" in value or len(value) > most:
            raise ValueError(f"{name} must be a text of at most {most} characters that is not empty.")
    hours = settings.get("due_hours", DUE_HOURS)
    if not isinstance(hours, int) or isinstance(hours, bool) or not 1 <= hours <= 2000:
        raise ValueError("due_hours must be a whole number of business hours from 1 to 2000.")


def _owner(settings: Mapping[str, Any]) -> User | None:
    email = settings.get("owner")
    return User.objects.filter(email__iexact=email.strip(), is_active=True).first() if email else None


def _department(settings: Mapping[str, Any]) -> Department | None:
    name = settings.get("department")
    return Department.objects.filter(name=name.strip()).first() if name else None


@transaction.atomic
def run_step(calls: list[StepCall], now: datetime) -> None:
    """Each task once, by its key. Who left since it was checked owns nothing: the task is the department's, else
    anybody's."""
    known = set(Task.objects.filter(key__in=[call.key for call in calls]).values_list("key", flat=True))
    made: list[Task] = []
    for settings, group in _by_settings([call for call in calls if call.key not in known]):
        owner, department = _owner(settings), _department(settings)
        due_at = cases.due_at(opened_at=now, hours=settings.get("due_hours", DUE_HOURS))
        made += [
            Task(
                customer_id=call.customer_id, title=settings["title"].strip(), note=settings.get("note") or "",
                owner=owner, department=department, due_at=due_at, key=call.key, campaign=call.campaign[:200],
                created_at=now,
            )
            for call in group
        ]  # fmt: skip
    Task.objects.bulk_create(made, ignore_conflicts=True)
    for owner_id in {task.owner_id for task in made if task.owner_id is not None}:
        _tell(owner_id, [task for task in made if task.owner_id == owner_id], now)


def _by_settings(calls: Sequence[StepCall]) -> list[tuple[Mapping[str, Any], list[StepCall]]]:
    groups: dict[str, tuple[Mapping[str, Any], list[StepCall]]] = {}
    for call in calls:
        groups.setdefault(repr(sorted(call.settings.items())), (call.settings, []))[1].append(call)
    return list(groups.values())


def _tell(owner_id: int, tasks: Sequence[Task], now: datetime, again: str = "") -> None:
    """One notice, however many they are. `again` tells it from what they were told before."""
    first = tasks[0]
    words = ngettext("New task: %(title)s", "%(n)s new tasks: %(title)s", len(tasks))
    notices.tell(
        user_ids=[owner_id],
        kind=NoticeKind.NEED,
        key=f"task:{first.key or first.pk}{again}",
        text=words % {"n": len(tasks), "title": first.title},
        url=reverse("task_list"),
        now=now,
    )


def sentence(settings: Mapping[str, Any]) -> str:
    """What the step does, in a line."""
    who = settings.get("owner") or settings.get("department") or _("anybody")
    hours = settings.get("due_hours", DUE_HOURS)
    words = _("task “%(title)s” for %(who)s, due within %(hours)s business hours")
    return words % {"title": settings.get("title", ""), "who": who, "hours": hours}


def move(*, gone_ids: list[int], kept_ids: list[int]) -> None:
    """When two customers are merged."""
    merges.move_rows("desk_task", gone_ids=gone_ids, kept_ids=kept_ids)
