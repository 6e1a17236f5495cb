"""Maps for tests, as text."""

SHOP = {
    "name": "Web shop",
    "persona": "Busy buyer",
    "goal": "First order within a month",
    "lapse_after_days": 60,
    "new_lap_after_days": 90,
    "stages": [
        {"name": "Awareness", "kind": "awareness", "expected_days": 7,
         "steps": [{"name": "Sees a product", "emotion": 1, "match": [{"event": "Product Viewed"}]}]},
        {"name": "Consideration", "kind": "consideration", "expected_days": 5, "back": True, "steps": [
            {"name": "Fills the cart", "match": [{"event": "Product Added"}]},
            {"name": "Asks a question", "optional": True, "match": [{"event": "Question Asked", "by": "any"}]}]},
        {"name": "Purchase", "kind": "purchase", "steps": [{"name": "Buys", "match": [{"event": "Order Completed"}]}]},
        {"name": "Loyalty", "kind": "loyalty",
         "steps": [{"name": "Buys again", "match": [{"event": "Order Completed", "nth": 2}]}]},
    ],
    "lanes": [{"kind": "pain", "name": "Pain points"}],
    "cards": [{"step": "Sees a product", "lane": "Pain points", "text": "No price without a call", "severity": 3}],
}  # fmt: skip
EVENTS = ["Product Viewed", "Product Added", "Question Asked", "Order Completed", "Something Else"]


# One of everything that a map can say.
FULL = {
    "name": "Everything",
    "persona": "Busy buyer",
    "goal": "First order within a month",
    "beginning": "Hears of us",
    "middle": "Compares",
    "end": "Tells a friend",
    "expectations": "An answer within a day",
    "expected_days": 30.0,
    "owner": "ann@staff.example",
    "review_on": "2027-01-31",
    "segment": "Regulars",
    "lapse_after_days": 60,
    "new_lap_after_days": 90,
    "stages": [
        {"name": "Awareness", "kind": "awareness", "expected_days": 7.0, "department": "Shop", "steps": [
            {"name": "Sees a product", "emotion": 1.0, "feeling": "curious", "match": [{"event": "Product Viewed"}],
             "moment_of_truth": True, "takes_minutes": 5},
            {"name": "Asks a friend", "optional": True, "alternative_to": "Sees a product", "match": []}]},
        {"name": "Purchase", "kind": "purchase", "back": True, "steps": [
            {"name": "Buys", "emotion": -0.5, "match": [{"event": "Order Completed", "nth": 2}]}]},
        {"name": "Lapsed", "kind": "lapsed", "steps": []},
    ],
    "lanes": [
        {"kind": "actions", "name": "Actions"}, {"kind": "touchpoints", "name": "Touchpoints"},
        {"kind": "emotion", "name": "Gift giver", "persona": "Gift giver"}, {"kind": "pain", "name": "Pain points"},
        {"kind": "opportunity", "name": "Opportunities"}, {"kind": "departments", "name": "Who works"},
        {"kind": "kpi", "name": "KPIs"},
    ],
    "cards": [
        {"step": "Sees a product", "lane": "Touchpoints", "text": "A product's page", "touchpoint": "Product page"},
        {"step": "Sees a product", "lane": "Gift giver", "text": "lost", "emotion": -1.5},
        {"step": "Sees a product", "lane": "Pain points", "text": "No price: without a call; #1", "severity": 3,
         "frequency": "many", "status": "doing", "owner": "ann@staff.example", "due_on": "2027-02-01",
         "evidence": "survey", "evidence_n": 412, "evidence_note": "Autumn 2026"},
        {"step": "Sees a product", "lane": "Opportunities", "text": "Show it", "effort": 2, "impact": 5,
         "status": "planned"},
        {"step": "Buys", "lane": "Actions", "text": "Pays"},
        {"step": "Buys", "lane": "Pain points", "text": "Pays twice", "severity": 5, "status": "solved",
         "solved_at": "2026-02-01T09:00:00+00:00"},
        {"step": "Buys", "lane": "Who works", "text": "Packs the parcel", "department": "Warehouse"},
        {"step": "Buys", "lane": "KPIs", "text": "Payment success", "target": 98.0, "unit": "%"},
    ],
}  # fmt: skip
