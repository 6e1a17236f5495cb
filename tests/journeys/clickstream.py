"""The journey of the shop clickstream."""

from bench.replay import STEPS

JOURNEY = {
    "name": "Clickstream shop",
    "lapse_after_days": 14,
    "new_lap_after_days": 10,
    "stages": [
        {"name": "Looks", "kind": "consideration", "expected_days": 3, "back": True,
         "steps": [{"name": step, "match": [{"event": step}]} for step in STEPS[:1]]},
        {"name": "Wants", "kind": "discovery",
         "steps": [{"name": step, "match": [{"event": step}]} for step in STEPS[1:3]]},
        {"name": "Pays", "kind": "purchase",
         "steps": [{"name": step, "match": [{"event": step}]} for step in STEPS[3:]]},
    ],
}  # fmt: skip
