"""Purchase summaries in exact fractions: what is gathered by SQL is worked out again from its plainest sums."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any

from api.domain.money import MINOR_DIGITS, Amount
from api.reads.values import STREAMS


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
    costs: Amount | None = None
    by_stream: list[StreamValue] = field(default_factory=list)


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


def historic(sums: Mapping[str, Any]) -> Summary:
    """Return the summary of all streams, each rounded by itself; that of orders and the sums are worked out anew."""
    currency, terms = sums["currency"], {name: Fraction(sums[name]) for name in STREAMS[1:]}
    costs = {name: terms[name] for name in ("loyalty", "referrals")}
    booked = sum(sums[name] for name in terms.keys() - costs.keys())
    bought = summary({**sums, "gross": sums["gross"] - booked})
    streams = {"orders": bought.net, **{name: shown(net, currency) for name, net in terms.items()}}
    net = sum((Fraction(part.amount) for part in streams.values()), Fraction(0))
    return replace(
        bought,
        gross=shown(Fraction(sums["gross"]), currency),
        costs=shown(-sum(costs.values(), Fraction(0)), currency),
        net=shown(net, currency),
        by_stream=[StreamValue(name.upper(), part) for name, part in streams.items()],
    )


def shown(amount: Fraction, currency: str) -> Amount:
    """Return an amount in minor units, rounded half away from zero."""
    digits = MINOR_DIGITS[currency]
    units = floor(abs(amount) * 10**digits + Fraction(1, 2))
    return Amount(Decimal(-units if amount < 0 else units).scaleb(-digits), currency)
