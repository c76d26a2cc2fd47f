"""What goes with the products of Online Retail that most customers bought, counted from the file itself."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet

Told = tuple[str, int, int, int, int, float]


def holdings(path: Path, until: datetime) -> dict[int, set[str]]:
    """Return the stock codes that each customer had bought by a moment in winter; credit notes are no purchases."""
    table = parquet.read_table(path, columns=["Invoice", "StockCode", "Customer ID", "InvoiceDate"])
    held: dict[int, set[str]] = defaultdict(set)
    last = until.replace(tzinfo=None).isoformat(sep=" ")
    for invoice, code, customer, moment in zip(*(table[name].to_pylist() for name in table.column_names), strict=True):
        if customer is not None and not str(invoice).startswith("C") and str(moment) <= last:
            held[int(customer)].add(str(code))
    return held


def bought_together(path: Path, *, until: datetime, products: int) -> dict[str, list[Told]]:
    """Return for each of the most bought products the fifty that go with it best.

    returns  by stock code: the other one's, support, how many bought the one, the other, and anything, and lift
    """
    held = holdings(path, until)
    bought = Counter(code for codes in held.values() for code in codes)
    sizes: Any = [len(codes) for codes in held.values()]
    spread = sum(size * (size - 1) for size in sizes) / sum(sizes) ** 2
    found = {}
    for one, of in bought.most_common(products):
        both = Counter(code for codes in held.values() if one in codes for code in codes if code != one)
        told = [
            (other, support, of, bought[other], len(held), support * len(held) / (of * bought[other]))
            for other, support in both.items()
            if support >= 5 and _is_beyond_chance(support, of * bought[other] * spread)
        ]
        found[one] = sorted(told, key=lambda pair: (-pair[5], -pair[1]))
    return found


def _is_beyond_chance(support: int, expected: float) -> bool:
    return support > expected and (support - expected) ** 2 / expected >= 10.83
