"""Recording what is staged, chunk by chunk: each is one transaction of whole orders, or of customers' credit notes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from api.database import Connection
from api.tables import customers, orders, products
from api.writes.business import Business, set_business
from api.writes.importing import documents
from api.writes.importing.customers import record_customers
from api.writes.importing.orders import record_orders, record_products
from api.writes.importing.refunds import RecordedRefunds, record_refunds
from api.writes.importing.results import Counts, ImportResult, Progress, Step
from api.writes.importing.staging import analyze
from api.writes.importing.transactions import in_chunk

_FILLED = (customers.customers, customers.customer_external_ids, orders.orders, orders.order_lines, products.products)


async def record(
    connection: Connection, business: Business, read: ImportResult, report: Callable[[Progress], None]
) -> ImportResult:
    """Record the staged documents that are not known yet; return the result of reading, completed."""
    if read.rows_taken == 0:
        return read
    await set_business(connection, business)
    bought = await in_chunk(connection, partial(record_products, connection))
    buyers = await record_customers(connection)
    added, lines = await _record_orders(connection, business, read.rows_taken, report)
    if added:
        # So many new rows would be planned for as if the tables were empty.
        await analyze(connection, *_FILLED)
    refunds = await _record_refunds(connection, business, read.rows_taken, report)
    known_orders, known_credits = await documents.known(connection)
    return replace(
        read,
        added=Counts(buyers.added, bought.added, added, lines, refunds.added),
        known=Counts(buyers.known, bought.known, known_orders, refunds=known_credits),
        attached=refunds.attached,
        left_out=+(Counter(read.left_out) + buyers.left_out),
    )


async def _record_orders(
    connection: Connection, business: Business, total: int, report: Callable[[Progress], None]
) -> tuple[int, int]:
    count = lines = done = 0
    for chunk in await documents.chunks(connection, credit=False):
        if not chunk.known:
            added = await in_chunk(connection, partial(record_orders, connection, chunk.number, business))
            count, lines = count + added[0], lines + added[1]
        report(Progress(Step.RECORDING, done := done + chunk.rows, total))
    return count, lines


async def _record_refunds(
    connection: Connection, business: Business, total: int, report: Callable[[Progress], None]
) -> RecordedRefunds:
    refunds = RecordedRefunds(0, 0)
    chunks = await documents.chunks(connection, credit=True)
    done = total - sum(chunk.rows for chunk in chunks)
    for chunk in chunks:
        if not chunk.known:
            refunds += await in_chunk(connection, partial(record_refunds, connection, chunk.number, business))
        report(Progress(Step.RECORDING, done := done + chunk.rows, total))
    return refunds
