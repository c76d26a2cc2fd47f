"""Purchase summaries in exact fractions: what is gathered by SQL is worked out again from its plainest sums."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any

from api.domain.money import MINOR_DIGITS, Amount


@dataclass(frozen=True, slots=True)
class StreamValue:
    """Net value from one stream."""

    stream: str
    net: Amount


@dataclass(frozen=True, slots=True)
class Summary:
    """What `PurchaseSummary` and `HistoricValue` hold, of one customer."""

    order_count: int
    gross: Amount
    discounts: Amount
    refunds: Amount
    net: Amount
    average_order_value: Amount | None
    first_purchase_at: datetime | None
    last_purchase_at: datetime | None

    @property
    def by_stream(self) -> list[StreamValue]:
        return [StreamValue("ORDERS", self.net)]


def summary(sums: Mapping[str, Any]) -> Summary:
    """Return the summary of sums over orders and refunds; the net and the average that SQL gives are not looked at."""
    gross, discounts, refunds = (Fraction(sums[name]) for name in ("gross", "discounts", "refunds"))
    net, count, currency = gross - discounts - refunds, sums["order_count"], sums["currency"]
    return Summary(
        order_count=count,
        gross=shown(gross, currency),
        discounts=shown(discounts, currency),
        refunds=shown(refunds, currency),
        net=shown(net, currency),
        average_order_value=shown(net / count, currency) if count else None,
        first_purchase_at=sums["first_at"],
        last_purchase_at=sums["last_at"],
    )


def shown(amount: Fraction, currency: str) -> Amount:
    """Return an amount in minor units, rounded half away from zero."""
    digits = MINOR_DIGITS[currency]
    units = floor(abs(amount) * 10**digits + Fraction(1, 2))
    return Amount(Decimal(-units if amount < 0 else units).scaleb(-digits), currency)
