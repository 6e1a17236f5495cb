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
