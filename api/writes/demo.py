"""Writing the made-up population: whole customers by COPY, never beside customers of a real business."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
import orjson
from sqlalchemy import Table, exists, func, insert, or_, select

from api.database import Statement, driver_errors_translated, prepare
from api.domain.calendar import Duration, parse_duration
from api.domain.population import HOME, STANDARD, Population, PopulationModel, customer
from api.domain.population.points import program
from api.errors import BadUserInput
from api.tables.active_policies import active_policies
from api.tables.business import business, exchange_rates
from api.tables.customers import companies
from api.tables.customers import customers as customers_table
from api.tables.demo import demo_population, demo_truth
from api.tables.loyalty import loyalty_programs
from api.tables.orders import order_lines, orders, refunds
from api.tables.products import products
from api.tables.segments import segments
from api.writes.demo_agreements import Row, Rows
from api.writes.demo_points import program_rows
from api.writes.demo_referrals import new_program_rows, program_key, programs, rewarded
from api.writes.demo_rows import COLUMNS, customer_rows, model_as_json, policy_rows, segment_rows, shop_rows
from api.writes.standing import bring_up_to_date

if TYPE_CHECKING:
    from api.database import Connection

NAME, TIME_ZONE = "Tea & Tools", "Europe/Berlin"
LARGEST_SEED = 2**63 - 1
MOST_CUSTOMERS = 10_000_000

_LOCK = 7_341_905_527
_CHUNK = 500
_MINUTE = 60_000_000

_TAKE_LOCK = prepare(select(func.pg_advisory_lock(_LOCK)))
_GIVE_LOCK = prepare(select(func.pg_advisory_unlock(_LOCK)))
_KEPT = prepare(select(demo_population.c.seed, demo_population.c.until, demo_population.c.model))
_MADE = prepare(select(func.count()).select_from(demo_truth))
_CURRENCY = prepare(select(business.c.currency))
_COMPANIES = prepare(select(companies.c.company_id))
_SOMETHING = prepare(select(or_(*(exists().select_from(each) for each in (business, customers_table, products)))))
_OTHER_CUSTOMERS = prepare(
    select(
        exists()
        .where(~exists().where(demo_truth.c.customer_id == customers_table.c.customer_id))
        .select_from(customers_table)
    )
)
_OTHER_GOODS = prepare(
    select(or_(*(exists().select_from(each) for each in (customers_table, companies, products, exchange_rates))))
)
_OWN_POLICY = prepare(select(exists().where(active_policies.c.version > 1)))
_OWN_SEGMENTS = prepare(select(exists().select_from(segments)))
_PROGRAMS = prepare(select(loyalty_programs.c.program_id))
_SET_BUSINESS = prepare(insert(business).values(name=NAME, currency=HOME, time_zone=TIME_ZONE))


@dataclass(frozen=True, slots=True)
class DemoResult:
    """How many rows one run added; all 0 where everything was there."""

    customers: int = 0
    orders: int = 0
    lines: int = 0
    refunds: int = 0


def _silently(_done: int, _total: int) -> None:
    return None


async def is_empty(connection: Connection) -> bool:
    """Return whether nobody has begun to use the database: no business, no customers, no products."""
    with driver_errors_translated():
        return not await _value(connection, _SOMETHING)


async def write_demo(
    dsn_or_connection: str | Connection,
    *,
    customers: int,
    seed: int,
    until: datetime,
    model: PopulationModel = STANDARD,
    report: Callable[[int, int], None] = _silently,
) -> DemoResult:
    """Bring the made-up population to this many customers and return what was added.

    until    the reference moment, floored to the day (UTC): nothing happens after it. Customers added later to a
             population keep its first reference moment, so that all of them belong together.
    report   called with the number of customers there are and are to be, after each transaction
    raises   BadUserInput where the database holds anything else's customers, products or rates, a business that does
             not count in euros, or a population of another seed or model; then nothing has been written
    """
    _check(customers, seed, until)
    wanted = Population(seed, until.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0), model)
    with driver_errors_translated():
        async with _connection(dsn_or_connection) as connection, _alone(connection), _lengths_of_time(connection):
            population, made = await _begun(connection, wanted, customers)
            return await _extend(connection, population, made, customers, report)


def _check(customers: int, seed: int, until: datetime) -> None:
    if not 1 <= customers <= MOST_CUSTOMERS:
        raise BadUserInput(f"Ask for between 1 and {MOST_CUSTOMERS:,} customers.")
    if not 0 <= seed <= LARGEST_SEED:
        raise BadUserInput(f"A seed is a whole number between 0 and {LARGEST_SEED}.")
    if until.tzinfo is None:
        raise BadUserInput("The reference moment needs a time zone.")


async def _begun(connection: Connection, wanted: Population, customers: int) -> tuple[Population, int]:
    """Return the population of this database, begun now if there was none, and how many of it are there."""
    kept = await connection.fetchrow(_KEPT.sql)
    if kept is None:
        await _begin(connection, wanted)
        return wanted, 0
    if kept["seed"] != wanted.seed or orjson.loads(kept["model"]) != orjson.loads(model_as_json(wanted.model)):
        raise BadUserInput(
            f"This database holds a made-up population of seed {kept['seed']} with parameters of its own;"
            " extend that one, or use another database."
        )
    made = await _value(connection, _MADE)
    if made < customers and await _value(connection, _OTHER_CUSTOMERS):
        raise BadUserInput("This database holds customers that are not made up; made-up ones are not mixed with them.")
    return Population(kept["seed"], kept["until"], wanted.model), made


async def _begin(connection: Connection, population: Population) -> None:
    """Write the business, what it sells, and in one transaction what it has decided, unless it has done so itself."""
    async with connection.transaction():
        if await _value(connection, _OTHER_GOODS):
            raise BadUserInput(
                "This database holds customers, products or exchange rates already;"
                " a made-up population needs a database of its own."
            )
        currency = await _value(connection, _CURRENCY)
        if currency not in (None, HOME):
            raise BadUserInput(f"A made-up population counts in {HOME}, this business in {currency}.")
        if currency is None:
            await connection.execute(_SET_BUSINESS.sql, *_SET_BUSINESS.values({}))
        rows = shop_rows(population)
        rows |= {} if await _value(connection, _OWN_POLICY) else policy_rows(population)
        rows |= {} if await _value(connection, _OWN_SEGMENTS) else segment_rows(population)
        await _copy(connection, rows | new_program_rows(population, await programs(connection)))
        if not await connection.fetch(_PROGRAMS.sql):
            await _copy(connection, program_rows(population.opened_at))


async def _extend(
    connection: Connection, population: Population, made: int, customers: int, report: Callable[[int, int], None]
) -> DemoResult:
    """Write the customers that are missing, some hundreds in a transaction: one that is cut off leaves whole ones."""
    known = {record[0] for record in await connection.fetch(_COMPANIES.sql)}
    added: Counter[Table] = Counter()
    # A business that has rules of its own begins without members, and nobody came by anybody.
    of_points = program(population.opened_at).program_id in {row[0] for row in await connection.fetch(_PROGRAMS.sql)}
    of_friends = program_key(population) in await programs(connection)
    for last, rows in _chunks(population, made + 1, customers, with_points=of_points, with_friends=of_friends):
        rows[companies] = _unknown(rows[companies], known)
        async with connection.transaction():
            await _copy(connection, rows)
            await bring_up_to_date(connection, [*{row[0] for row in rows[customers_table]} | rewarded(rows)])
        added.update({table: len(of_table) for table, of_table in rows.items()})
        report(last, customers)
    if added:
        await _analyze(connection)
    return DemoResult(*(added[table] for table in (customers_table, orders, order_lines, refunds)))


def _chunks(
    population: Population, first: int, last: int, *, with_points: bool, with_friends: bool
) -> Iterator[tuple[int, Rows]]:
    """Yield rows with the number of the last customer in them."""
    for start in range(first, last + 1, _CHUNK):
        end = min(start + _CHUNK - 1, last)
        made = (customer(population, number) for number in range(start, end + 1))
        yield end, customer_rows(population, made, with_points=with_points, with_friends=with_friends)


def _unknown(rows: list[Row], known: set[UUID]) -> list[Row]:
    """Return the rows whose key is not known yet, each once, and know them from now on."""
    new = {row[0]: row for row in rows if row[0] not in known}
    known.update(new)
    return list(new.values())


async def _copy(connection: Connection, rows: Rows) -> None:
    for table, columns in COLUMNS.items():
        if rows.get(table):
            await connection.copy_records_to_table(table.name, records=rows[table], columns=columns)


async def _analyze(connection: Connection) -> None:
    """Tell PostgreSQL what the tables hold now; it would find out by itself, but only minutes later."""
    await connection.execute(f"ANALYZE {', '.join(table.name for table in COLUMNS)}")


async def _value(connection: Connection, statement: Statement) -> Any:
    return await connection.fetchval(statement.sql, *statement.values({}))


@asynccontextmanager
async def _connection(dsn_or_connection: str | Connection) -> AsyncIterator[Connection]:
    if not isinstance(dsn_or_connection, str):
        yield dsn_or_connection
        return
    opened = await asyncpg.connect(dsn_or_connection)
    try:
        yield opened
    finally:
        await opened.close()


@asynccontextmanager
async def _alone(connection: Connection) -> AsyncIterator[None]:
    """Keep a second run waiting until this one is through."""
    await connection.execute(_TAKE_LOCK.sql, *_TAKE_LOCK.values({}))
    try:
        yield
    finally:
        if not connection.is_closed():
            await connection.execute(_GIVE_LOCK.sql, *_GIVE_LOCK.values({}))


@asynccontextmanager
async def _lengths_of_time(connection: Connection) -> AsyncIterator[None]:
    """Let lengths of time, or their texts in ISO 8601, be copied; the driver would copy them without their months."""
    await connection.set_type_codec(
        "interval", schema="pg_catalog", encoder=_as_kept, decoder=_as_given, format="tuple"
    )
    try:
        yield
    finally:
        if not connection.is_closed():
            await connection.reset_type_codec("interval", schema="pg_catalog")


def _as_kept(length: Duration | str) -> tuple[int, int, int]:
    found = parse_duration(length) if isinstance(length, str) else length
    return found.months, found.days, found.minutes * _MINUTE


def _as_given(kept: tuple[int, int, int]) -> Duration:
    months, days, microseconds = kept
    return Duration(months, days, microseconds // _MINUTE)
