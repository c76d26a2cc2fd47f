"""A shop whose customers behave as a model says, in the tables that any shop's purchases are in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from api.domain.lifetime_value.beta_geometric import BetaGeometric
from api.domain.lifetime_value.spend import GammaGamma
from tests.given import Given

TRUE_COUNTS = BetaGeometric(0.9, 8.0, 0.6, 2.4)
TRUE_VALUES = GammaGamma(6.0, 5.0, 24.0)
BEGIN = datetime(2022, 1, 3, 12, tzinfo=UTC)
DAYS = 920
END = BEGIN + timedelta(days=DAYS - 1)
_LATEST_FIRST = 450


@dataclass(frozen=True, slots=True)
class Purchase:
    """What a customer, by number, bought on a day after the begin."""

    customer: int
    day: int
    value: Decimal


def purchases(customers: int, seed: int = 7) -> list[Purchase]:
    """Return the purchases of customers who are new within the first half of the time, one a day at most."""
    draw = np.random.default_rng(seed)
    return [each for number in range(customers) for each in _of_customer(draw, number)]


def _of_customer(draw: np.random.Generator, number: int) -> Iterator[Purchase]:
    model, worth = TRUE_COUNTS, TRUE_VALUES
    rate = draw.gamma(model.r, 1 / model.alpha) / 7  # a day
    dropout, spread = draw.beta(model.a, model.b), draw.gamma(worth.q, 1 / worth.gamma)
    moment, last = draw.uniform(0, _LATEST_FIRST), -1
    while moment < DAYS:
        if int(moment) > last:
            last = int(moment)
            yield Purchase(number, last, Decimal(str(round(draw.gamma(worth.p, 1 / spread), 2))))
        if draw.uniform() < dropout:
            return
        moment += draw.exponential(1 / rate)


async def sell(given: Given, bought: list[Purchase]) -> None:
    """Put purchases into the tables of orders, each an order of one line; keys are those of `given`."""
    await given.business()
    product = (await given.product()).key
    customers = {number: given.key() for number in sorted({each.customer for each in bought})}
    orders = [(customers[each.customer], given.key(), BEGIN + timedelta(days=each.day), each.value) for each in bought]
    connection = given.connection
    await connection.execute("SET session_replication_role = replica")  # nobody checks a fact of so many at a time
    await _copy(
        connection,
        "customers",
        [(key, *[BEGIN] * 3) for key in customers.values()],
        "customer_id created_at updated_at recorded_at",
    )
    await _copy(
        connection,
        "orders",
        [_order(number, *order) for number, order in enumerate(orders)],
        "number customer_id order_id placed_at recorded_at currency gross business_gross discount business_discount",
    )
    await _copy(
        connection,
        "order_lines",
        [_line(given, product, *order) for order in orders],
        "customer_id order_id position line_id product_id sku name quantity unit_price currency",
    )
    await connection.execute("SET session_replication_role = origin")


def _order(number: int, customer: Any, order: Any, moment: datetime, value: Decimal) -> tuple[Any, ...]:
    nothing = Decimal(0)
    return f"S{number}", customer, order, moment, moment, "EUR", value, value, nothing, nothing


def _line(given: Given, product: Any, customer: Any, order: Any, _moment: datetime, value: Decimal) -> tuple[Any, ...]:
    return customer, order, 1, given.key(), product, "TEA", "Green tea", 1, value, "EUR"


async def _copy(connection: Any, table: str, rows: list[tuple[Any, ...]], columns: str) -> None:
    await connection.copy_records_to_table(table, records=rows, columns=columns.split())
