from django.urls import reverse

from apps.core.registry import StepUse
from apps.journeys.models import Journey


def steps_at(name: str) -> list[StepUse]:
    """Steps of published maps that match by this touchpoint."""
    found = []
    for journey in Journey.objects.published().select_related("current_version").order_by("name", "pk"):
        snapshot = journey.current_version.snapshot if journey.current_version else {}
        steps = [step for stage in snapshot["stages"] for step in stage.get("steps", [])]
        found += [
            StepUse(f"{journey.name}: {step['name']}", reverse("journey_detail", kwargs={"pk": journey.pk}))
            for step in steps
            if any(entry.get("touchpoint") == name for entry in step.get("match", []))
        ]
    return found
