"""Inputs of changes, and what a test wants to know about the rows they leave."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

from api.access import EVERYBODY
from api.database import Database
from api.domain.customer_name import CustomerName, ExternalKey
from api.domain.money import Amount
from api.domain.purchase import NewLine, NewPurchase
from api.tables.schema import metadata
from api.writes.change import Change
from api.writes.idempotency import Request
from api.writes.once import Recorded, once
from api.writes.purchases import record_purchases
from api.writes.purchases_at_once import shared_by

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
ANN = CustomerName(email="ann@example.com")
FIELD = [("input", "purchase")]

RECORD_PURCHASE = """mutation ($input: RecordPurchaseInput!) { recordPurchase(input: $input) {
  order { id number total { amount currencyCode } net { amount } placedAt externalId { source value }
    lines { nodes { sku name quantity unitPrice { amount } total { amount currencyCode } } } customer { id } }
  customer { id createdAt purchaseSummary { orderCount net { amount currencyCode } } }
  userErrors { code field message } idempotency { key replayed } } }"""
RECORD_PURCHASES = """mutation ($input: RecordPurchasesInput!) { recordPurchases(input: $input) {
  recorded results { order { number } userErrors { code field } } userErrors { code field message }
  idempotency { replayed } } }"""
RECORD_REFUND = """mutation ($input: RecordRefundInput!) { recordRefund(input: $input) {
  refund { id amount { amount currencyCode } reason refundedAt externalId { source value } }
  order { status net { amount } } customer { id purchaseSummary { refunds { amount } net { amount } } }
  userErrors { code field message } idempotency { replayed } } }"""
SET_CUSTOMER = """mutation ($input: SetCustomerInput!) { setCustomer(input: $input) {
  created customer { id kind displayName firstName lastName email phone country locale tags version
    externalIds { source value } company { name } }
  userErrors { code field message currentVersion } idempotency { replayed } } }"""

SET_ACTIVE_POLICY = """mutation ($input: SetActivePolicyInput!) { setActivePolicy(input: $input) {
  policy { id version effectiveFrom timeZone recordedAt
    rules { code enabled customerKind category window minimumCount } }
  userErrors { code field message currentVersion } idempotency { key replayed } } }"""


def new_key() -> str:
    """Return a key that nobody has used."""
    return uuid4().hex


def line(price: str = "8.50", quantity: int = 1, currency: str = "EUR", sku: str = "TEA", **more: Any) -> Any:
    """Return a line of a purchase's input; the product is named unless `name` says otherwise."""
    named = {"name": "Green tea", **more}
    return {
        "sku": sku,
        "quantity": quantity,
        "unitPrice": {"amount": price, "currencyCode": currency},
        **{part: value for part, value in named.items() if value is not None},
    }


def purchase(*lines: Any, email: str = "ann@example.com", **more: Any) -> Any:
    """Return a purchase's input: by default one line of tea for Ann on 1 June 2025."""
    return {
        "customer": {"email": email},
        "placedAt": "2025-06-01T09:00:00Z",
        "lines": list(lines) or [line()],
        **more,
    }


def one_purchase(*lines: Any, key: str | None = None, dry_run: bool = False, **more: Any) -> Any:
    """Return the input of recordPurchase."""
    tried = {"dryRun": True} if dry_run else {}
    return {"idempotencyKey": key or new_key(), "purchase": purchase(*lines, **more), **tried}


def batch(*purchases: Any, key: str | None = None, **more: Any) -> Any:
    """Return the input of recordPurchases."""
    return {"idempotencyKey": key or new_key(), "purchases": list(purchases), **more}


def refund(order_id: str, amount: str, currency: str = "EUR", key: str | None = None, **more: Any) -> Any:
    """Return the input of recordRefund."""
    return {
        "idempotencyKey": key or new_key(),
        "orderId": order_id,
        "refund": {"amount": {"amount": amount, "currencyCode": currency}, **more},
    }


def customer(identifier: Any, key: str | None = None, expected: int | None = None, **parts: Any) -> Any:
    """Return the input of setCustomer."""
    version = {} if expected is None else {"expectedVersion": expected}
    return {"idempotencyKey": key or new_key(), "identifier": identifier, "customer": parts, **version}


def active_policy(*rules: Any, begin: str = "2025-06-01T00:00:00Z", zone: str | None = None, **more: Any) -> Any:
    """Return the input of setActivePolicy: by default that a purchase counts for a year from 1 June 2025 on."""
    policy: Any = {"rules": list(rules) or [{"code": "RECENT_PURCHASE", "window": "P12M"}]}
    policy |= {} if zone is None else {"timeZone": zone}
    return {"idempotencyKey": new_key(), "policy": policy, "effectiveFrom": begin, **more}


def new_purchase(price: str = "8.50", external_id: str | None = None) -> NewPurchase:
    """Return a purchase as changes take it: one line of tea for Ann."""
    return NewPurchase(
        customer=ANN,
        external_id=ExternalKey("shop", external_id) if external_id else None,
        placed_at=NOW,
        lines=(NewLine("TEA", "Green tea", None, None, 1, Amount(Decimal(price), "EUR")),),
        discount=None,
    )


def request(key: str, given: Any = None, mutation: str = "recordPurchase") -> Request:
    """Return a change as it was asked for."""
    return Request(EVERYBODY, mutation, key, given or {}, NOW)


async def record(database: Database, key: str, price: str = "8.50", external_id: str | None = None) -> Recorded:
    """Record a purchase of Ann's once for a key."""
    return await record_of(
        database, request(key, {"price": price, "id": external_id}), new_purchase(price, external_id)
    )


async def record_of(database: Database, asked: Request, purchase: NewPurchase) -> Recorded:
    """Record a purchase once for the key of a request, with others that arrive at the same time."""

    async def work(change: Change) -> Any:
        return await record_purchases(change, [purchase], FIELD, all_or_none=True)

    return await once(database, asked, work, shared_by(purchase))


def apart(database: Database) -> Database:
    """Return the same pool as another database: its calls do not wait for those of the first in this process."""
    return Database(database._pool, read_timeout=database._read_timeout, patience=(30.0, 30.0))


def told(error: Any) -> tuple[str, str]:
    """Return code and path of a user error."""
    return error["code"], ".".join(error["field"] or [])


async def counts(connection: Any) -> dict[str, int]:
    """Return how many rows every table has."""
    names = [table.name for table in metadata.sorted_tables]
    text = ", ".join(f"(SELECT count(*) FROM {name}) AS {name}" for name in names)
    return dict(await connection.fetchrow(f"SELECT {text}"))


def same(recorded: Recorded) -> Recorded:
    """Return what was recorded without what tells a repeat from the first answer."""
    return replace(recorded, replayed=False)
