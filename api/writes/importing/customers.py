"""Recording staged customers: found by their external id, or new."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Integer,
    Table,
    Text,
    and_,
    case,
    cast,
    exists,
    func,
    insert,
    null,
    select,
    type_coerce,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from sqlalchemy.dialects.postgresql import insert as upsert

from api.database import Connection
from api.tables.customers import companies, customer_external_ids
from api.tables.customers import customers as recorded
from api.writes.importing.expressions import new_ids
from api.writes.importing.staging import DETAILS, fetch, index, run
from api.writes.importing.staging import customers as staged
from api.writes.importing.transactions import in_chunk
from api.writes.standing import bring_up_to_date

_CUSTOMERS_A_CHUNK = 5_000


@dataclass(frozen=True, slots=True)
class RecordedCustomers:
    """How many customers were added and how many were known; details that belong to somebody else, by field."""

    added: int
    known: int
    left_out: Counter[str] = field(default_factory=Counter)


async def gather_customers(
    connection: Connection, rows: Table, which: ColumnElement[bool], *, since: Column[Any], latest: tuple[Any, ...]
) -> None:
    """Stage the customers of staged rows that name them by `source` and `customer`.

    since   column with the moment from which on the customer is one
    latest  order of a customer's rows, of which the first that tells a detail is believed
    """
    details = [_first(rows.c[name], latest) for name in DETAILS]
    grouped = select(rows.c.source, rows.c.customer, func.min(since).label("created_at"), *details).where(which)
    people = grouped.group_by(rows.c.source, rows.c.customer).subquery()
    ordinal = cast(func.row_number().over(order_by=(people.c.source, people.c.customer)), Integer)
    into = ["ordinal", "source", "value", "created_at", *DETAILS]
    await run(connection, insert(staged).from_select(into, select(ordinal, *people.c)))
    await index(connection, staged)


async def record_customers(connection: Connection) -> RecordedCustomers:
    """Give every staged customer its id, and record those that are not known by their external id yet.

    Known customers are left as they are: a file of purchases is no reason to change a person's address.
    """
    total = (await fetch(connection, select(func.count()).select_from(staged)))[0][0]
    added, left_out = 0, Counter[str]()
    for first in range(1, total + 1, _CUSTOMERS_A_CHUNK):
        chunk = staged.c.ordinal.between(first, first + _CUSTOMERS_A_CHUNK - 1)
        fresh, missed = await in_chunk(connection, partial(_record, connection, chunk))
        added += fresh
        left_out += missed
    return RecordedCustomers(added, total - added, left_out)


def _first(detail: Column[Any], order: tuple[Any, ...]) -> ColumnElement[Any]:
    told = func.array_agg(aggregate_order_by(detail, *order)).filter(detail.is_not(None))
    return type_coerce(told, ARRAY(Text))[1].label(detail.name)


async def _record(connection: Connection, chunk: ColumnElement[bool]) -> tuple[int, Counter[str]]:
    await run(connection, update(staged).where(chunk, _known()).values(customer_id=_surviving()))
    unknown = update(staged).where(chunk, staged.c.customer_id.is_(None))
    if not await run(connection, unknown.values(customer_id=new_ids(), fresh=True)):
        return 0, Counter()
    fresh = and_(chunk, staged.c.fresh)
    left_out: Counter[str] = Counter()
    for name in ("email", "phone"):
        left_out[name] = await _leave_out_taken(connection, fresh, staged.c[name], recorded.c[name])
    await _record_companies(connection, fresh)
    added = await _record_fresh(connection, fresh)
    new = await fetch(connection, select(staged.c.customer_id).where(fresh))
    await bring_up_to_date(connection, [row["customer_id"] for row in new])
    return added, left_out


def _known() -> ColumnElement[bool]:
    ids = customer_external_ids.c
    same = (ids.source == staged.c.source) & (ids.value == staged.c.value)
    return same & (ids.customer_id == recorded.c.customer_id)


def _surviving() -> ColumnElement[object]:
    """Of two customers that were merged, the one that goes on buys."""
    return func.coalesce(recorded.c.merged_into, recorded.c.customer_id)


async def _leave_out_taken(
    connection: Connection, fresh: ColumnElement[bool], wanted: Column[str], taken: Column[str]
) -> int:
    """Empty a contact detail that another customer has: one address is no proof of one person."""
    nth = func.row_number().over(partition_by=func.lower(wanted), order_by=staged.c.ordinal).label("nth")
    ranked = select(staged.c.ordinal, nth).where(fresh, wanted.is_not(None)).subquery()
    repeated = update(staged).where(staged.c.ordinal == ranked.c.ordinal, ranked.c.nth > 1)
    theirs = exists().where(func.lower(taken) == func.lower(wanted), recorded.c.merged_into.is_(None))
    owned = update(staged).where(fresh, wanted.is_not(None), theirs)
    return sum([await run(connection, statement.values({wanted: null()})) for statement in (repeated, owned)])


async def _record_companies(connection: Connection, fresh: ColumnElement[bool]) -> None:
    named = select(func.min(staged.c.company).label("name")).where(fresh, staged.c.company.is_not(None))
    distinct = named.group_by(func.lower(staged.c.company)).subquery()
    rows = select(new_ids(), distinct.c.name).order_by(distinct.c.name)
    await run(connection, upsert(companies).from_select(["company_id", "name"], rows).on_conflict_do_nothing())


async def _record_fresh(connection: Connection, fresh: ColumnElement[bool]) -> int:
    same = ("customer_id", "first_name", "last_name", "email", "phone", "country", "created_at")
    kind = case((staged.c.company.is_not(None), "BUSINESS"), else_="CONSUMER")
    of_company = staged.outerjoin(companies, func.lower(companies.c.name) == func.lower(staged.c.company))
    rows = select(*(staged.c[name] for name in same), kind, companies.c.company_id, func.now())
    into = [*same, "kind", "company_id", "updated_at"]
    added = await run(connection, insert(recorded).from_select(into, rows.select_from(of_company).where(fresh)))
    ids = select(staged.c.customer_id, staged.c.source, staged.c.value).where(fresh)
    await run(connection, insert(customer_external_ids).from_select(["customer_id", "source", "value"], ids))
    return added
