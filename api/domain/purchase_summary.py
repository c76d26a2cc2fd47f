"""What a customer has brought so far, in the currency of the business."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from api.domain.money import Amount, in_minor_units


@dataclass(frozen=True, slots=True)
class StreamValue:
    """Net value from one stream."""

    stream: str
    net: Amount


@dataclass(frozen=True, slots=True)
class PurchaseSummary:
    """Sums over a customer's orders and refunds; every amount is in minor units of one currency.

    net                  gross less discounts and refunds, rounded once
    average_order_value  mean net value of an order, None without orders
    """

    order_count: int
    gross: Amount
    discounts: Amount
    refunds: Amount
    net: Amount
    average_order_value: Amount | None
    first_purchase_at: datetime | None
    last_purchase_at: datetime | None
    by_stream: list[StreamValue]


def summaries(statistics: Sequence[Mapping[str, Any]]) -> list[PurchaseSummary]:
    """Return one summary per row of `reads.purchases.purchase_statistic`."""
    return [_summary(statistic) for statistic in statistics]


def _summary(sums: Mapping[str, Any]) -> PurchaseSummary:
    currency: str = sums["currency"]

    def money(amount: Decimal) -> Amount:
        return Amount(in_minor_units(amount, currency), currency)

    net = sums["gross"] - sums["discounts"] - sums["refunds"]
    return PurchaseSummary(
        order_count=sums["order_count"],
        gross=money(sums["gross"]),
        discounts=money(sums["discounts"]),
        refunds=money(sums["refunds"]),
        net=money(net),
        average_order_value=money(net / sums["order_count"]) if sums["order_count"] else None,
        first_purchase_at=sums["first_at"],
        last_purchase_at=sums["last_at"],
        by_stream=[StreamValue("ORDERS", money(net))],
    )
