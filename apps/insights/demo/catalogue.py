"""What Fernhill Outdoor sells."""

import random
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Product:
    sku: str
    name: str
    category: str
    price: float

    @property
    def is_shoe(self) -> bool:
        return self.category == "Shoes"

    @property
    def properties(self) -> dict[str, Any]:
        return {
            "product_id": self.sku,
            "name": self.name,
            "category": self.category,
            "price": self.price,
            "currency": "EUR",
        }


PRODUCTS = [
    Product(sku, name, category, price)
    for sku, name, category, price in [
        ("SH-101", "Ridge GTX hiking boots", "Shoes", 189.0),
        ("SH-102", "Ridge Mid hiking boots", "Shoes", 159.0),
        ("SH-103", "Swift 5 trail running shoes", "Shoes", 139.0),
        ("SH-104", "Swift Light trail running shoes", "Shoes", 149.0),
        ("SH-105", "Meadow walking shoes", "Shoes", 109.0),
        ("SH-106", "Little Ridge children's boots", "Shoes", 79.0),
        ("SH-107", "Scree approach shoes", "Shoes", 129.0),
        ("JA-201", "Stormline rain jacket", "Jackets", 229.0),
        ("JA-202", "Larch down jacket", "Jackets", 259.0),
        ("JA-203", "Breeze wind jacket", "Jackets", 99.0),
        ("JA-204", "Puddle children's rain jacket", "Jackets", 69.0),
        ("TR-301", "Talus walking trousers", "Trousers", 99.0),
        ("TR-302", "Talus zip-off trousers", "Trousers", 109.0),
        ("TR-303", "Fell running shorts", "Trousers", 49.0),
        ("SW-401", "Merino 150 T-shirt", "Shirts", 64.0),
        ("SW-402", "Merino 200 long sleeve", "Shirts", 84.0),
        ("SW-403", "Grid fleece", "Shirts", 79.0),
        ("AC-501", "Merino hiking socks, 2 pairs", "Accessories", 29.0),
        ("AC-502", "Fern 24 daypack", "Accessories", 89.0),
        ("AC-503", "Fold trekking poles", "Accessories", 119.0),
        ("AC-504", "Trail cap", "Accessories", 27.0),
        ("AC-505", "Boot wax", "Accessories", 12.0),
    ]
]
SHOES = [product for product in PRODUCTS if product.is_shoe]
OTHERS = [product for product in PRODUCTS if not product.is_shoe]


def choose(rng: random.Random) -> Product:
    """Shoes are half of what people come for."""
    return rng.choice(SHOES if rng.random() < 0.5 else OTHERS)


def basket(rng: random.Random, first: Product) -> list[Product]:
    more = rng.choices([0, 1, 2], [62, 27, 11])[0]
    return [first, *rng.sample([product for product in OTHERS if product is not first], more)]
