"""The bare transaction of a purchase: the statements that cannot be left out, and nothing checked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg
from uuid_utils.compat import uuid7

from benchmarks.limit.keys import answer, once

_CUSTOMER = "SELECT customer_id FROM customers WHERE customer_id = $1"
_PRODUCTS = "SELECT sku, product_id, name FROM products WHERE sku = ANY($1)"
_ORDER = """
INSERT INTO orders (
  customer_id, order_id, number, placed_at, currency, gross, discount, business_gross, business_discount
) VALUES ($1, $2, 'R-' || nextval('order_numbers'), $3, $4, $5, 0, $5, 0) RETURNING number
"""
_LINES = """
INSERT INTO order_lines (
  customer_id, order_id, position, line_id, product_id, sku, name, quantity, unit_price, currency
)
SELECT $1, $2, * FROM unnest(
  $3::int[], $4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::int[], $9::numeric[], $10::text[]
)
"""
# What lists and predictions are read from stands in rows of its own, which the purchase changes at the least: it was
# never paid back, one rule makes it count, for a year, no other span begins or ends with it, and no earlier day counts.
_STANDING = """
WITH totals AS (
  UPDATE customer_standing SET order_count = order_count + 1, historic_net = historic_net + $3,
    purchase_net = purchase_net + $3, last_purchase_at = greatest(last_purchase_at, $2),
    purchase_days = purchase_days + (today > last_purchase_day)::int,
    value_days = value_days + (today > last_purchase_day)::int,
    last_purchase_day = greatest(last_purchase_day, today), purchase_value = purchase_value + $3
  FROM (SELECT (timezone(time_zone, $2))::date AS today FROM business) AS calendar
  WHERE customer_id = $1
), reasons AS (
  UPDATE customer_activity
  SET recent_purchase = recent_purchase + tstzmultirange(tstzrange($2, $2 + interval 'P1Y'))
  WHERE customer_id = $1
)
UPDATE active_spans SET ends_at = greatest(ends_at, $2 + interval 'P1Y') WHERE customer_id = $1
"""


async def record(connection: Any, given: Mapping[str, Any]) -> bytes:
    """Record the purchase of an input of recordPurchase in one transaction and return the answer."""
    key, purchase = given["idempotencyKey"], given["purchase"]
    customer, order = UUID(purchase["customer"]["id"][4:]), uuid7()
    async with once(connection, key, "recordPurchase", {"order": order.hex}):
        await connection.fetchval(_CUSTOMER, customer)
        skus = [line["sku"] for line in purchase["lines"]]
        products = {row["sku"]: row for row in await connection.fetch(_PRODUCTS, skus)}
        return await _add(connection, customer, order, purchase, products)


async def _add(
    connection: Any, customer: UUID, order: UUID, purchase: Mapping[str, Any], products: Mapping[str, asyncpg.Record]
) -> bytes:
    lines = purchase["lines"]
    prices = [Decimal(line["unitPrice"]["amount"]) for line in lines]
    currencies = [line["unitPrice"]["currencyCode"] for line in lines]
    gross = sum((line["quantity"] * price for line, price in zip(lines, prices, strict=True)), Decimal(0))
    placed_at = datetime.fromisoformat(purchase["placedAt"])
    number = await connection.fetchval(_ORDER, customer, order, placed_at, currencies[0], gross)
    known = [products[line["sku"]] for line in lines]
    await connection.execute(
        _LINES,
        customer,
        order,
        list(range(1, len(lines) + 1)),
        [uuid7() for _ in lines],
        [product["product_id"] for product in known],
        [product["sku"] for product in known],
        [product["name"] for product in known],
        [line["quantity"] for line in lines],
        prices,
        currencies,
    )
    await connection.execute(_STANDING, customer, placed_at, gross)
    total = {"amount": str(gross), "currencyCode": currencies[0]}
    shown = {"id": f"ord_{order.hex}", "number": number, "placedAt": purchase["placedAt"], "total": total}
    return answer("recordPurchase", "order", shown)
