"""The projection of how customers stand now, brought up to date in the transaction of each change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, bindparam, exists, func, literal_column, select, true, tuple_
from sqlalchemy.dialects.postgresql import TSTZRANGE, insert

from api.database import Connection, Statement, prepare
from api.reads.relation import Condition, Expression
from api.reads.standing import FOREVER, projected
from api.tables.customers import customers
from api.tables.standing import active_spans, customer_activity, customer_standing
from api.writes.change import Change

BATCH = 5_000
_LOCK: Expression = literal_column("7341905527")
"""Held together by all changes, and alone by whoever changes how all customers are judged."""


def _among(key: Expression) -> Condition:
    return key == any_(bindparam("which", type_=ARRAY(Uuid)))


# Two changes of one customer would each miss what the other has not committed yet; so they take turns from here on, and
# what follows, a statement of its own, sees what the one before has committed.
_TAKE_TURNS = prepare(
    select(customers.c.customer_id, func.pg_advisory_xact_lock_shared(_LOCK))
    .where(_among(customers.c.customer_id))
    .order_by(customers.c.customer_id)
    .with_for_update(key_share=True)
)
_ALONE = prepare(select(func.pg_advisory_xact_lock(_LOCK)))
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


def _stand_anew(which: Callable[[Expression], Condition]) -> Statement:
    judgements, totals = projected(which)
    judged = judgements.cte("judged")
    span = func.unnest(judged.c.spans, type_=TSTZRANGE()).table_valued("span").render_derived("each")
    ends_at = func.coalesce(func.upper(span.c.span), FOREVER)
    fresh = (
        select(
            judged.c.customer_id,
            judged.c.policy_id,
            func.lower(span.c.span).label("starts_at"),
            ends_at.label("ends_at"),
        )
        .select_from(judged.join(span, true()))
        .where(ends_at > func.now())
        .cte("fresh")
    )
    key = ("customer_id", "policy_id", "starts_at")
    same = [fresh.c[name] == active_spans.c[name] for name in key]
    gone = active_spans.delete().where(
        which(active_spans.c.customer_id), ~exists(select(literal_column("1")).select_from(fresh).where(*same))
    )
    summed = totals.cte("summed")
    return prepare(
        _replaced(customer_standing, ["customer_id"], summed)
        .add_cte(_replaced(customer_activity, key[:2], judged).cte("activity"))
        .add_cte(gone.cte("gone"))
        .add_cte(_replaced(active_spans, key, fresh).cte("added"))
    )


_SOME = _stand_anew(_among)


async def stand_anew(change: Change, which: Sequence[UUID]) -> None:
    """Bring the standing of customers up to date; changes of the same customers take turns from here on."""
    if which:
        await bring_up_to_date(change.connection, which)


async def everybody_stands_anew(change: Change) -> None:
    """Bring the standing of all customers up to date; nobody else changes anything meanwhile."""
    await project(change.connection)


async def bring_up_to_date(connection: Connection, which: Sequence[UUID]) -> None:
    """Do what `stand_anew` does, in the transaction on a connection."""
    given = {"which": sorted(set(which))}
    await connection.fetch(_TAKE_TURNS.sql, *_TAKE_TURNS.values(given))
    await connection.fetch(_SOME.sql, *_SOME.values(given))


async def project(connection: Connection) -> int:
    """Bring everybody's standing up to date, in the transaction on a connection; return how many they are."""
    await connection.execute("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0")
    await connection.fetch(_ALONE.sql)
    count, behind = 0, UUID(int=0)
    while batch := await connection.fetch(_NEXT.sql, *_NEXT.values({"behind": behind})):
        which = [row["customer_id"] for row in batch]
        await connection.fetch(_SOME.sql, *_SOME.values({"which": which}))
        count, behind = count + len(which), which[-1]
    return count
