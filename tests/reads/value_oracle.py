"""What customers have brought, worked out in Python from the rows of the tables and the words of the documentation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

HOME = "EUR"
KEYS = {"support_plans": "support_plan_id", "contracts": "contract_id"}
EXPECTED_STREAMS = ("ORDERS", "PRODUCT_SUBSCRIPTIONS", "SERVICE_SUBSCRIPTIONS", "SUPPORT_PLANS", "CONTRACTS")
STREAMS = (*EXPECTED_STREAMS, "LOYALTY", "REFERRALS")
Rows = Mapping[str, list[Any]]


def rounded(amount: Fraction | Decimal) -> Decimal:
    """Return an amount in cents, half a cent away from zero."""
    exact = Fraction(amount)
    cents = (abs(exact) * 100 + Fraction(1, 2)).__floor__()
    return Decimal(-cents if exact < 0 else cents).scaleb(-2)


@dataclass(frozen=True)
class Oracle:
    """All rows of one customer, by table."""

    rows: Rows

    def streams(self, as_of: datetime, known_at: datetime) -> dict[str, Decimal]:
        """Return what each stream has brought at a moment, as far as it was known at another."""
        orders, refunds = (
            self._seen(*of, as_of, known_at) for of in (("orders", "placed_at"), ("refunds", "refunded_at"))
        )
        bought = sum((one["business_gross"] - one["business_discount"] for one in orders), Decimal(0))
        found = dict.fromkeys(STREAMS, Decimal(0))
        found["ORDERS"] = rounded(bought - sum(one["business_amount"] for one in refunds))
        for payment in self._seen("subscription_payments", "paid_at", as_of, known_at):
            found[f"{self._kind(payment)}_SUBSCRIPTIONS"] += rounded(payment["business_amount"])
        for stream, worth in (("SUPPORT_PLANS", plan_worth), ("CONTRACTS", contract_worth)):
            for versions in self._agreed(stream.lower(), as_of, known_at):
                found[stream] += worth(versions) if versions[0]["currency"] == HOME else 0
        for cost in self._seen("customer_costs", "incurred_at", as_of, known_at):
            found[cost["stream"]] -= cost["amount"] if cost["currency"] == HOME else 0
        return found

    def elsewhere(self, as_of: datetime, known_at: datetime) -> dict[str, Decimal]:
        """Return what plans and contracts in other currencies have brought, by currency."""
        found: dict[str, Decimal] = {}
        for table, worth in (("support_plans", plan_worth), ("contracts", contract_worth)):
            for versions in self._agreed(table, as_of, known_at):
                currency = versions[0]["currency"]
                if currency not in (None, HOME):
                    found[currency] = found.get(currency, Decimal(0)) + worth(versions)
        for cost in self._seen("customer_costs", "incurred_at", as_of, known_at):
            if cost["currency"] != HOME:
                found[cost["currency"]] = found.get(cost["currency"], Decimal(0)) - cost["amount"]
        return {currency: found[currency] for currency in sorted(found) if found[currency]}

    def _seen(self, table: str, happened: str, as_of: datetime, known_at: datetime) -> list[Any]:
        return [row for row in self.rows[table] if row[happened] <= as_of and row["recorded_at"] <= known_at]

    def _agreed(self, table: str, as_of: datetime, known_at: datetime) -> Iterator[list[Any]]:
        things: dict[Any, list[Any]] = {}
        for version in sorted(self._seen(table, "changed_at", as_of, known_at), key=lambda one: one["version"]):
            things.setdefault(version[KEYS[table]], []).append(version)
        yield from things.values()

    def _kind(self, payment: Any) -> str:
        which = payment["subscription_id"]
        (kind,) = {row["kind"] for row in self.rows["subscriptions"] if row["subscription_id"] == which}
        return str(kind)


def plan_worth(versions: list[Any]) -> Decimal:
    """Return what a plan has brought: its price, unless it never holds or came with an order."""
    newest = versions[-1]
    never_holds = newest["ends_at"] is not None and newest["ends_at"] <= newest["starts_at"]
    return Decimal(0) if newest["price"] is None or newest["order_id"] or never_holds else rounded(newest["price"])


def contract_worth(versions: list[Any]) -> Decimal:
    """Return what a contract has brought: its terms, of the time after an early end nothing, and the penalty."""
    newest = versions[-1]
    terms = [one for one in versions if one["version"] == 1 or one["change"] == "RENEWED"]
    return sum((_served(one, newest["terminate_at"]) for one in terms), rounded(newest["penalty"] or Decimal(0)))


def _served(term: Any, end: datetime | None) -> Decimal:
    if end is None or end >= term["term_ends_at"]:
        return rounded(term["value"])
    if end <= term["term_starts_at"]:
        return Decimal(0)
    runs, lasts = end - term["term_starts_at"], term["term_ends_at"] - term["term_starts_at"]
    return rounded(Fraction(term["value"]) * Fraction(_microseconds(runs), _microseconds(lasts)))


def _microseconds(length: timedelta) -> int:
    return length // timedelta(microseconds=1)
