"""Which products go together, and what to offer whom, in plain Python: by the words of the documents, over lists."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import combinations
from math import ceil


@dataclass(frozen=True, slots=True)
class Bought:
    """One line of an order: who bought what for how much, when, and when that was entered."""

    customer: str
    product: str
    total: Decimal
    currency: str
    at: datetime
    entered_at: datetime


@dataclass(frozen=True, slots=True)
class Pair:
    """Two products that go together, with what is told of them."""

    bought: str
    offered: str
    support: int
    bought_support: int
    offered_support: int
    buyers: int
    expected: float
    confidence: float
    lift: float


def seen(lines: Iterable[Bought], at: datetime | None, known_at: datetime | None) -> list[Bought]:
    """Return what had happened and had been entered."""
    happened = [line for line in lines if at is None or line.at <= at]
    return [line for line in happened if known_at is None or line.entered_at <= known_at]


def pairs(lines: Sequence[Bought]) -> dict[str, list[Pair]]:
    """Return for each product what goes with it beyond chance, best first."""
    held = holdings(lines)
    buyers: dict[str, set[str]] = defaultdict(set)
    for customer, products in held.items():
        for product in products:
            buyers[product].add(customer)
    breadth = [len(products) for products in held.values()]
    spread = sum(k * (k - 1) for k in breadth) / sum(breadth) ** 2 if breadth else 0
    both = Counter(pair for products in held.values() for pair in combinations(sorted(products), 2))
    found: dict[str, list[Pair]] = defaultdict(list)
    for (one, other), support in both.items():
        expected = len(buyers[one]) * len(buyers[other]) * spread
        if support >= 5 and support > expected and (support - expected) ** 2 / expected >= 10.83:
            for bought, offered in ((one, other), (other, one)):
                sizes = len(buyers[bought]), len(buyers[offered]), len(held)
                lift = support * sizes[2] / (sizes[0] * sizes[1])
                found[bought].append(Pair(bought, offered, support, *sizes, expected, support / sizes[0], lift))
    return {product: sorted(each, key=best_first) for product, each in found.items()}


def best_first(pair: Pair) -> tuple[float, int, str, str]:
    """Return what pairs are sorted by; products are named in the order in which they were made."""
    return -pair.lift, -pair.support, pair.offered, pair.bought


def holdings(lines: Iterable[Bought]) -> dict[str, set[str]]:
    """Return which products each customer has bought."""
    held: dict[str, set[str]] = defaultdict(set)
    for line in lines:
        held[line.customer].add(line.product)
    return held


def offers(lines: Sequence[Bought]) -> dict[str, list[Pair]]:
    """Return what to offer each customer: what goes with one of the last ten products and was never bought."""
    found, held = pairs(lines), holdings(lines)
    return {customer: _offers(found, held[customer], lately(lines, customer)) for customer in held}


def lately(lines: Sequence[Bought], customer: str) -> list[str]:
    """Return the products a customer bought last, ten at most."""
    last: dict[str, datetime] = {}
    for line in sorted(lines, key=lambda line: line.at):
        if line.customer == customer:
            last[line.product] = line.at
    return sorted(last, key=lambda product: (-last[product].timestamp(), product))[:10]


def _offers(found: dict[str, list[Pair]], held: set[str], last: Sequence[str]) -> list[Pair]:
    best: dict[str, Pair] = {}
    for pair in sorted((pair for product in last for pair in found.get(product, [])), key=best_first):
        if pair.offered not in held:
            best.setdefault(pair.offered, pair)
    return list(best.values())


def usual_price(lines: Iterable[Bought], product: str) -> tuple[Decimal, Decimal] | None:
    """Return between which totals the middle half of a product's lines in euros lies; None for fewer than five."""
    totals = sorted(line.total for line in lines if line.product == product and line.currency == "EUR")
    if len(totals) < 5:
        return None
    low, high = (totals[ceil(share * len(totals)) - 1] for share in (0.25, 0.75))
    return low, high
