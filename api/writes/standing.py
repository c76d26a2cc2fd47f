"""The projection of how customers stand now, brought up to date in the transaction of each change."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, DateTime, Uuid, and_, any_, bindparam, exists, func, literal_column, or_, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from api.database import Connection, Database, prepare, prepare_later
from api.reads.relation import Condition, Expression
from api.reads.standing import projected, unended
from api.reads.standing_by_orders import projected_by_orders
from api.tables.customers import customers
from api.tables.loyalty import loyalty_accounts
from api.tables.referrals import referrals
from api.tables.standing import active_spans, customer_activity, customer_standing
from api.writes.change import Change
from api.writes.lookups import came_by, has_account

BATCH = 5_000
_AT_ONCE = 200
"""So many customers wait for nobody but themselves when what they have agreed to is worked out again."""
_LOCK: Expression = literal_column("7341905529")
"""Held together by all changes, and alone by whoever changes how all customers are judged."""


def _among(key: Expression, name: str = "which") -> Condition:
    return key == any_(bindparam(name, type_=ARRAY(Uuid)))


TURNS = (
    select(customer_standing.c.customer_id, func.pg_advisory_xact_lock_shared(_LOCK).label("turn"))
    .where(_among(customer_standing.c.customer_id, "in_turn"))
    .order_by(customer_standing.c.customer_id)
    .with_for_update()
)
"""Makes changes of the customers in `in_turn` take turns.

Two at a time would each miss what the other has not committed yet; what follows in a statement of its own sees all that
the one before has committed. They do not meet at the customers' own rows: who changes a name waits for no purchase.
"""

# Of its own, for customers who are new and have no turn to take yet.
_TOGETHER = prepare(select(func.pg_advisory_xact_lock_shared(_LOCK)))
_TAKE_TURNS = prepare(TURNS)
_ALONE = prepare(select(func.pg_advisory_xact_lock(_LOCK)))
_MISSING = prepare(
    select(
        exists(
            select(customers.c.customer_id)
            .outerjoin(customer_standing, customer_standing.c.customer_id == customers.c.customer_id)
            .where(
                or_(
                    customer_standing.c.customer_id.is_(None),
                    and_(customer_standing.c.has_terms, customer_standing.c.agreed_during.is_(None)),
                )
            )
        )
    )
)
_OUTDATED = prepare(
    select(customer_standing.c.customer_id)
    .where(
        customer_standing.c.customer_id > bindparam("behind", type_=Uuid),
        customer_standing.c.has_terms,
        customer_standing.c.agreed_during.contains(func.now()).is_not(True),
    )
    .order_by(customer_standing.c.customer_id)
    .limit(_AT_ONCE)
)
_NEXT = prepare(
    select(customers.c.customer_id)
    .where(customers.c.customer_id > bindparam("behind", type_=Uuid))
    .order_by(customers.c.customer_id)
    .limit(BATCH)
)


def _replaced(table: Any, key: Sequence[str], rows: Any) -> Any:
    """Return the insertion of rows; where there is one with the same key, its other columns are replaced."""
    names = [column.name for column in table.c]
    made = insert(table).from_select(names, select(*[rows.c[name] for name in names]))
    others = {name: made.excluded[name] for name in names if name not in key}
    changed = tuple_(*[table.c[name] for name in others]).is_distinct_from(tuple_(*others.values()))
    return made.on_conflict_do_update(index_elements=list(key), set_=others, where=changed)


def _gone(table: Any, key: Sequence[str], rows: Any) -> Any:
    """Return the deletion of what is kept of customers under a key that no row has any more."""
    same = [rows.c[name] == table.c[name] for name in key]
    there = exists(select(literal_column("1")).select_from(rows).where(*same))
    return table.delete().where(_among(table.c.customer_id), ~there)


def _stand_anew(judgements: Any, totals: Any, *returned: Any) -> Any:
    judged = judgements.cte("judged")
    fresh = unended(judged).cte("fresh")
    customer, key = ("customer_id",), ("customer_id", "starts_at")
    standing = _replaced(customer_standing, customer, totals.cte("summed"))
    if returned:
        standing = standing.returning(*returned)
    return (
        standing.add_cte(_replaced(customer_activity, customer, judged).cte("activity"))
        .add_cte(_gone(active_spans, key, fresh).cte("gone"))
        .add_cte(_replaced(active_spans, key, fresh).cte("added"))
    )


def _joined_by_now() -> list[Any]:
    """Return whose standing it is, with the `account_id` and the `referral_id` that the customer has by now."""
    # By its name: a subquery would take the column for one of a table of its own.
    customer_id: Expression = literal_column("customer_standing.customer_id")
    account, referral = loyalty_accounts.c.account_id, referrals.c.referral_id
    ways = ((account, has_account(customer_id)), (referral, came_by(customer_id)))
    found = [select(key).where(same).scalar_subquery().label(key.name) for key, same in ways]
    return [customer_standing.c.customer_id, *found]


_SOME = prepare_later(lambda: _stand_anew(*projected(_among)))
_BY_ORDERS = prepare_later(
    lambda: _stand_anew(
        *projected_by_orders(
            _among,
            bindparam("added", type_=ARRAY(Uuid)),
            earliest=bindparam("earliest", type_=DateTime(timezone=True)),
            latest=bindparam("latest", type_=DateTime(timezone=True)),
        ),
        *_joined_by_now(),
    )
)


@dataclass(frozen=True, slots=True)
class AddedOrder:
    """An order that the transaction has added."""

    customer_id: UUID
    order_id: UUID
    placed_at: datetime


async def stand_anew(change: Change, which: Sequence[UUID]) -> None:
    """Bring the standing of customers up to date; changes of the same customers take turns from here on."""
    await take_turns(change, which)
    if which:
        await change.rows(_SOME, which=sorted(set(which)))


async def take_turns(change: Change, which: Sequence[UUID]) -> None:
    """Make changes of the same customers take turns from here on, as `TURNS` says."""
    await _take_turns(change.connection, sorted(set(which)))


async def _take_turns(connection: Connection, ordered: Sequence[UUID]) -> None:
    await connection.fetch(_TOGETHER.sql)
    await connection.fetch(_TAKE_TURNS.sql, *_TAKE_TURNS.values({"in_turn": ordered}))


async def stand_anew_by_orders(change: Change, added: Sequence[AddedOrder]) -> Sequence[Any]:
    """Do what `stand_anew` does where only orders were added, and where the transaction has read `TURNS`.

    Returns what the customers have joined by now, which others may have committed until they had their turn: rows of
    customer_id, account_id, referral_id.
    """
    if not added:
        return []
    moments = [order.placed_at for order in added]
    return await change.rows(
        _BY_ORDERS,
        which=sorted({order.customer_id for order in added}),
        added=[order.order_id for order in added],
        earliest=min(moments),
        latest=max(moments),
    )


async def everybody_stands_anew(change: Change) -> None:
    """Bring the standing of all customers up to date; nobody else changes anything meanwhile.

    What is only tried leaves it as it is: nothing that is read of it looks at how others stand.
    """
    if change.key is not None or change.keys:
        await project(change.connection)


async def bring_up_to_date(connection: Connection, which: Sequence[UUID]) -> None:
    """Do what `stand_anew` does, in the transaction on a connection; for customers whose rows came in bulk."""
    if not which:
        return
    ordered = sorted(set(which))
    await _take_turns(connection, ordered)
    async with _by_indexes(connection):
        await connection.fetch(_SOME.sql, *_SOME.values({"which": ordered}))


@asynccontextmanager
async def _by_indexes(connection: Connection) -> AsyncIterator[None]:
    """Let statements find the rows of each customer by index.

    Of tables that were filled a moment ago PostgreSQL knows no better than that they are small, and would rather read
    them from end to end, once for every customer.
    """
    await connection.execute("SET LOCAL enable_seqscan = off")
    yield
    await connection.execute("SET LOCAL enable_seqscan = on")


async def rebuilt(database: Database) -> int:
    """Bring everybody's standing up to date and return how many they are; changes wait until it is done."""
    async with database.connection() as connection, connection.transaction():
        await connection.execute("SET LOCAL lock_timeout = 0")
        return await project(connection)


async def keep_terms_current(database: Database) -> int:
    """Work out again what customers have agreed to where something of it began, ended or fell due; return how many."""
    count, behind = 0, UUID(int=0)
    async with database.connection() as connection:
        while batch := await connection.fetch(_OUTDATED.sql, *_OUTDATED.values({"behind": behind})):
            which = [row["customer_id"] for row in batch]
            async with connection.transaction():
                await bring_up_to_date(connection, which)
            count, behind = count + len(which), which[-1]
    return count


async def is_missing(connection: Connection) -> bool:
    """Return whether there is a customer whose standing nobody has worked out."""
    return bool(await connection.fetchval(_MISSING.sql))


async def project(connection: Connection) -> int:
    """Bring everybody's standing up to date, in the transaction on a connection; return how many they are."""
    # Whoever waits for the lock makes all who come later wait as well, so nobody waits for it longer than for others.
    await connection.fetch(_ALONE.sql)
    await connection.execute("SET LOCAL statement_timeout = 0")
    count, behind = 0, UUID(int=0)
    async with _by_indexes(connection):
        while batch := await connection.fetch(_NEXT.sql, *_NEXT.values({"behind": behind})):
            which = [row["customer_id"] for row in batch]
            await connection.fetch(_SOME.sql, *_SOME.values({"which": which}))
            count, behind = count + len(which), which[-1]
    return count
