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
    """Sums over a customer's orders and refunds, exact; each is shown in minor units of the currency, rounded once.

    An amount is made when it is asked for: most answers show two of seven.
    """

    currency: str
    order_count: int
    charged: Decimal
    taken_off: Decimal
    paid_back: Decimal
    first_purchase_at: datetime | None
    last_purchase_at: datetime | None

    @property
    def gross(self) -> Amount:
        """Everything charged."""
        return self._shown(self.charged)

    @property
    def discounts(self) -> Amount:
        """Everything taken off."""
        return self._shown(self.taken_off)

    @property
    def refunds(self) -> Amount:
        """Everything paid back."""
        return self._shown(self.paid_back)

    @property
    def net(self) -> Amount:
        """Gross less discounts and refunds."""
        return self._shown(self._net())

    @property
    def average_order_value(self) -> Amount | None:
        """Mean net value of an order, None without orders."""
        return self._shown(self._net() / self.order_count) if self.order_count else None

    @property
    def by_stream(self) -> list[StreamValue]:
        """Net value of each stream."""
        return [StreamValue("ORDERS", self.net)]

    def _net(self) -> Decimal:
        return self.charged - self.taken_off - self.paid_back

    def _shown(self, amount: Decimal) -> Amount:
        return Amount(in_minor_units(amount, self.currency), self.currency)


def summaries(statistics: Sequence[Mapping[str, Any]]) -> list[PurchaseSummary]:
    """Return one summary per row of `reads.purchases.purchase_statistic`."""
    return [
        PurchaseSummary(
            currency=sums["currency"],
            order_count=sums["order_count"],
            charged=sums["gross"],
            taken_off=sums["discounts"],
            paid_back=sums["refunds"],
            first_purchase_at=sums["first_at"],
            last_purchase_at=sums["last_at"],
        )
        for sums in statistics
    ]
