"""The editor with a map of 40 steps, 15 lanes and 600 cards, beside one of 4 steps, 3 lanes and 12 cards.

    python -m bench.map

Prints the queries and times of opening the map and of editing a card. Fails when opening takes more than 12 queries,
when the large map takes more queries than the small one, when editing a card answers more than its cell, or when it
takes more than half of opening the map. Starts a PostgreSQL of its own and ends by itself."""

import os
import statistics
import time
from collections.abc import Callable
from typing import Any

import django

from bench.services import expect, services

_TIMES = 15


def make(name: str, stages: int, steps: int, lanes: int) -> Any:
    """A journey with a card in each cell."""
    from apps.journeys import wire  # noqa: PLC0415 - Django is set up by main
    from apps.journeys.actions import drafts  # noqa: PLC0415

    steps_of = [[f"Step {stage}.{n}" for n in range(steps)] for stage in range(stages)]
    names = [f"Lane {n}" for n in range(lanes)]
    text = {
        "name": name,
        "stages": [
            {"name": f"Stage {n}", "kind": "use", "steps": [{"name": step, "emotion": 0.5} for step in own]}
            for n, own in enumerate(steps_of)
        ],
        "lanes": [{"kind": "pain", "name": lane} for lane in names],
        "cards": [
            {"step": step, "lane": lane, "text": f"{step} meets {lane}", "severity": 3}
            for own in steps_of
            for step in own
            for lane in names
        ],
    }
    return drafts.import_text(text=wire.read(text))


def measure(act: Callable[[], Any]) -> tuple[int, float]:
    """Queries, and the median of the milliseconds."""
    from django.db import connection  # noqa: PLC0415

    asked = []

    def count(execute: Any, *question: Any) -> Any:
        asked.append(question[0])
        return execute(*question)

    act()
    with connection.execute_wrapper(count):
        act()
    times = []
    for _ in range(_TIMES):
        start = time.perf_counter()
        act()
        times.append((time.perf_counter() - start) * 1000)
    return len(asked), statistics.median(times)


def main() -> None:
    with services():
        os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
        django.setup()
        from django.db import connection  # noqa: PLC0415

        run()
        connection.close()


def run() -> None:
    from django.test import Client  # noqa: PLC0415
    from django.urls import reverse  # noqa: PLC0415

    from apps.journeys.models import Card  # noqa: PLC0415
    from apps.staff.enums import Role  # noqa: PLC0415
    from tests.factories import staff  # noqa: PLC0415

    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(staff(Role.MARKETER))
    small, large = make("Small", 2, 2, 3), make("Large", 8, 5, 15)

    def opened(journey: Any) -> Callable[[], Any]:
        return lambda: client.get(reverse("map_edit", args=[journey.pk]))

    def edited(journey: Any) -> Callable[[], Any]:
        pk = Card.objects.filter(lane__journey=journey).order_by("pk").values_list("pk", flat=True)[0]

        def act() -> Any:
            revision = Card.objects.values_list("revision", flat=True).get(pk=pk)
            typed = {"text": f"Words {time.perf_counter()}", "revision": revision}
            headers = {"HX-Request": "true", "HX-Target": "part-form"}
            return client.post(reverse("part_edit", args=[journey.pk, "card", pk]), typed, headers=headers)

        return act

    found = {name: (measure(opened(one)), measure(edited(one))) for name, one in (("small", small), ("large", large))}
    for name, (opening, editing) in found.items():
        print(f"{name}: open {opening[0]} queries, {opening[1]:.0f} ms; edit {editing[0]} queries, {editing[1]:.0f} ms")
    answer = edited(large)().content.decode()
    expect(answer.count('class="map-cell"') == 1 and 'id="map"' not in answer, "editing answers more than its cell")
    expect(found["large"][0][0] <= 12, "opening takes more than 12 queries")
    expect(found["large"][0][0] == found["small"][0][0], "queries grow with the map")
    ratio = found["large"][1][1] / found["large"][0][1]
    print(f"editing a card takes {ratio:.2f} of opening the map; the limit is 0.50")
    expect(ratio <= 0.5, ratio)


if __name__ == "__main__":
    main()
