"""Recording what is staged, chunk by chunk: each is one transaction of whole orders, or of customers' credit notes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from api.database import Connection
from api.writes.importing import documents
from api.writes.importing.business import set_up
from api.writes.importing.credits import RecordedRefunds, record_credits
from api.writes.importing.customers import record_customers
from api.writes.importing.orders import record_orders, record_products
from api.writes.importing.results import Counts, ImportResult, NewBusiness, Progress, Step
from api.writes.importing.transactions import in_chunk


async def record(
    connection: Connection, business: NewBusiness, read: ImportResult, report: Callable[[Progress], None]
) -> ImportResult:
    """Record the staged documents that are not known yet; return the result of reading, completed."""
    if read.rows_taken == 0:
        return read
    await set_up(connection, business)
    products = await in_chunk(connection, partial(record_products, connection))
    customers = await record_customers(connection)
    orders, lines = await _record_orders(connection, read.rows_taken, report)
    refunds = await _record_credits(connection, business, read.rows_taken, report)
    known_orders, known_credits = await documents.known(connection)
    return replace(
        read,
        added=Counts(customers.added, products.added, orders, lines, refunds.added),
        known=Counts(customers.known, products.known, known_orders, refunds=known_credits),
        attached=refunds.attached,
        left_out=+(Counter(read.left_out) + customers.left_out),
    )


async def _record_orders(connection: Connection, total: int, report: Callable[[Progress], None]) -> tuple[int, int]:
    orders = lines = done = 0
    for chunk in await documents.chunks(connection, credit=False):
        if not chunk.known:
            added = await in_chunk(connection, partial(record_orders, connection, chunk.number))
            orders, lines = orders + added[0], lines + added[1]
        report(Progress(Step.RECORDING, done := done + chunk.rows, total))
    return orders, lines


async def _record_credits(
    connection: Connection, business: NewBusiness, total: int, report: Callable[[Progress], None]
) -> RecordedRefunds:
    refunds = RecordedRefunds(0, 0)
    chunks = await documents.chunks(connection, credit=True)
    done = total - sum(chunk.rows for chunk in chunks)
    for chunk in chunks:
        if not chunk.known:
            refunds += await in_chunk(connection, partial(record_credits, connection, chunk.number, business))
        report(Progress(Step.RECORDING, done := done + chunk.rows, total))
    return refunds
