"""Baskets that come to a given sum: products at their prices, and the rest weighed at the counter."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from random import Random

from api.domain.population.catalogue import PRICED, VALUED, WEIGHED, Product
from api.domain.population.exchange import from_home, to_home
from api.domain.population.model import PopulationModel

_PRICES = [product.price or 0 for product in PRICED]
_SMALLEST_REST = 150
_LARGEST_WEIGHED = 6_000
_LARGEST_QUANTITY = 4


@dataclass(frozen=True, slots=True)
class Item:
    """A product with a quantity and its unit price, in minor units of the order's currency."""

    product: Product
    quantity: int
    unit_price: int


def basket(draw: Random, total: int, *, lines: int, rate: int) -> tuple[Item, ...]:
    """Return items that come to exactly `total` minor units.

    lines   how many to aim at; there are fewer where the sum is too small for them
    rate    ten-thousandths of a euro that one unit of the currency is worth
    """
    items: dict[str, Item] = {}
    rest = total
    for _ in range(lines - 1):
        item = _affordable(draw, rest, rate)
        if item and item.product.sku not in items:
            items[item.product.sku] = item
            rest -= item.quantity * item.unit_price
    weighed = WEIGHED[int(draw.random() * len(WEIGHED))]
    return (*items.values(), Item(VALUED if rest > _LARGEST_WEIGHED else weighed, 1, rest))


def line_count(draw: Random, model: PopulationModel) -> int:
    """Return how many lines an order aims at."""
    steps = list(accumulate(model.line_weights))
    return 1 + min(bisect_right(steps, draw.random() * steps[-1]), len(steps) - 1)


def _affordable(draw: Random, rest: int, rate: int) -> Item | None:
    """Return an item that leaves something to be weighed, the dear ones a little more often."""
    choices = bisect_right(_PRICES, to_home(rest - _SMALLEST_REST, rate) if rest > _SMALLEST_REST else 0)
    if not choices:
        return None
    product = PRICED[int(choices * draw.random() ** 0.5)]
    price = from_home(product.price or 0, rate)
    most = min(_LARGEST_QUANTITY, (rest - _SMALLEST_REST // 2) // price)
    return Item(product, 1 + int(max(most, 1) * draw.random() ** 3), price)
