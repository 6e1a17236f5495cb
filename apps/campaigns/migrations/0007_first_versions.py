"""Campaigns that were there get version 1 of their steps; the text of the draft is what was imported."""

from typing import Any

from django.db import migrations
from django.utils import timezone


def _trigger(campaign: Any) -> dict[str, Any]:
    stages = campaign.journey.current_version.snapshot["stages"] if campaign.journey.current_version else []
    names = {stage["key"]: stage["name"] for stage in stages}
    return {"on": campaign.trigger, "stage": names.get(str(campaign.stage_key), "")}


def _text(campaign: Any, steps: list[Any]) -> dict[str, Any]:
    days = campaign.cool_down_days
    text: dict[str, Any] = {
        "name": campaign.name,
        "journey": campaign.journey.name,
        "trigger": _trigger(campaign),
        "reentry": f"cool_down_days:{days}" if campaign.reentry == "cool_down" else campaign.reentry,
        "max_lateness_hours": campaign.max_lateness_hours,
        "steps": [{step.kind: step.settings, "key": str(step.key)} for step in steps],
    }
    if campaign.audience:
        text["audience"] = campaign.audience
    if campaign.exit_rule:
        text["exit"] = campaign.exit_rule
    if campaign.goal_rule:
        text["goal"] = {"rule": campaign.goal_rule}
        if campaign.goal_within_days:
            text["goal"]["within_days"] = campaign.goal_within_days
    return text


def forwards(apps: Any, schema_editor: Any) -> None:
    version_of = apps.get_model("campaigns", "CampaignVersion")
    for campaign in apps.get_model("campaigns", "Campaign").objects.select_related("journey__current_version"):
        steps = list(apps.get_model("campaigns", "CampaignStep").objects.filter(campaign=campaign).order_by("position"))
        campaign.draft = _text(campaign, steps)
        version = version_of.objects.create(
            campaign=campaign, number=1, text=campaign.draft, published_at=timezone.now()
        )
        for step in steps:
            step.version = version
            step.next = step.position + 1 if step.position + 1 < len(steps) else None
            step.save(update_fields=["version", "next"])
        _move_runs(apps, campaign, version, steps)
        if campaign.state != "draft":
            campaign.version = version
        campaign.save(update_fields=["draft", "version"])


def _move_runs(apps: Any, campaign: Any, version: Any, steps: list[Any]) -> None:
    """A run that waits stood behind its wait; now it stands at it."""
    runs = apps.get_model("campaigns", "Enrolment").objects.filter(campaign=campaign)
    runs.update(version=version)
    for step in steps:
        if step.kind == "wait":
            waiting = runs.filter(state="active", position=step.position + 1, due_at__gt=timezone.now())
            waiting.update(position=step.position, waits_since=timezone.now())


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0006_versions_of_campaigns")]

    operations = [migrations.RunPython(forwards, migrations.RunPython.noop)]
