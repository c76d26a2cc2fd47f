"""Scores of recency, frequency and spend worked out in Python, from the words of the documentation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

Score = tuple[int | None, int | None, int | None, str]

TABLE = """
5 NEW         PROMISING       ACTIVE          CHAMPIONS        CHAMPIONS
4 PROMISING   PROMISING       ACTIVE          LOYAL            CHAMPIONS
3 ALMOST_LOST NEEDS_ATTENTION NEEDS_ATTENTION LOYAL            LOYAL
2 ALMOST_LOST ALMOST_LOST     AT_RISK         AT_RISK          PREVIOUSLY_LOYAL
1 DORMANT     DORMANT         AT_RISK         PREVIOUSLY_LOYAL PREVIOUSLY_LOYAL
"""


@dataclass(frozen=True, slots=True)
class Bought:
    """An order or, with an amount below zero, a refund."""

    customer: str
    at: datetime
    recorded_at: datetime
    amount: Decimal
    is_refund: bool = False


def score_all(
    customers: Sequence[str], facts: Sequence[Bought], as_of: datetime | None, known_at: datetime | None
) -> dict[str, Score]:
    """Return the scores and the group of every customer at a moment, as far as known at another."""
    seen = [
        fact
        for fact in facts
        if (as_of is None or fact.at <= as_of) and (known_at is None or fact.recorded_at <= known_at)
    ]
    buyers = {fact.customer for fact in seen if not fact.is_refund}
    values = {buyer: _values([fact for fact in seen if fact.customer == buyer]) for buyer in buyers}
    everybody = [sorted(each[place] for each in values.values()) for place in range(3)]
    return {each: _score(values.get(each), everybody) for each in customers}


def _values(facts: Sequence[Bought]) -> tuple[Any, ...]:
    orders = [fact for fact in facts if not fact.is_refund]
    return max(fact.at for fact in orders), len(orders), sum(fact.amount for fact in facts)


def _score(values: tuple[Any, ...] | None, everybody: Sequence[Sequence[Any]]) -> Score:
    if values is None:
        return None, None, None, "PROSPECTS"
    recency, frequency, monetary = (_fifth(value, of) for value, of in zip(values, everybody, strict=True))
    rows = [line.split() for line in TABLE.strip().splitlines()]
    (row,) = [row for row in rows if row[0] == str(recency)]
    return recency, frequency, monetary, row[-(-(frequency + monetary) // 2)]


def _fifth(value: Any, everybody: Sequence[Any]) -> int:
    """Return 1, and one more for each bound above which the value is: the least that so many fifths do not exceed."""
    bounds = [
        next(bound for bound in everybody if 5 * sum(each <= bound for each in everybody) >= fifths * len(everybody))
        for fifths in (1, 2, 3, 4)
    ]
    return 1 + sum(bool(value > bound) for bound in bounds)
