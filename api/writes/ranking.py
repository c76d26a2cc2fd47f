"""Ranking all customers by what they are expected to bring, in one go: either all of a ranking is there or nothing.

Orders count, and what was agreed for a time. It scores in Python, a few thousand customers at a time, so that a ranking
says of each what a prediction does, by whichever model, with the variance that totals need. It loads numpy: a server
does so when it first has to rank.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Double,
    MetaData,
    Numeric,
    SmallInteger,
    Table,
    Text,
    Uuid,
    bindparam,
    cast,
    exists,
    func,
    literal_column,
    null,
    select,
    update,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.schema import CreateTable

from api.database import Connection, Statement, prepare
from api.domain.identity import new_id
from api.domain.lifetime_value.prospects import buyers
from api.domain.lifetime_value.purchase_table import PurchaseTable
from api.domain.lifetime_value.ranked_by import ANNUAL_DISCOUNT_RATE, HORIZON
from api.domain.lifetime_value.ranking import Everybody, RankingModel
from api.reads.all_facts import facts_of_all
from api.reads.ranking import ranking_is_due
from api.reads.ranking_models import Ranked, ranking_model
from api.tables.customers import customers
from api.tables.ranking import FIGURES, customer_prospects, customer_rankings
from api.writes.dropout_nodes import keep_nodes

__all__ = ["Ranking", "rank"]

_DIGITS = 6
_TRY = prepare(select(func.pg_try_advisory_xact_lock(literal_column("7341905531", BigInteger))))
_NOW = bindparam("now", type_=DateTime(timezone=True))

_fresh = Table(
    "ranked_anew",
    MetaData(),
    Column("customer_id", Uuid),
    Column("predicted_value", Numeric),
    Column("terms_value", Numeric),
    Column("variance", Double),
    Column("probability_active", Double),
    Column("churn_band", Text),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DROP",
)
_CREATE = str(CreateTable(_fresh).compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]


def _replacing() -> Statement:
    """Return the statement that puts a new ranking in the place of the old one; equal values have the same rank."""
    place = func.rank().over(order_by=_fresh.c.predicted_value.desc())
    percent = func.ceil(place * literal_column("100.0") / func.count().over())
    scored: dict[str, Any] = {column.name: column for column in _fresh.c}
    columns = scored | {"scored_at": _NOW, "top_percent": cast(percent, SmallInteger)}
    made = insert(customer_prospects).from_select(list(columns), select(*columns.values()))
    others = {name: made.excluded[name] for name in columns if name != "customer_id"}
    return prepare(made.on_conflict_do_update(index_elements=["customer_id"], set_=others))


_REPLACE = _replacing()
_FORGET = prepare(
    update(customer_prospects).where(customer_prospects.c.scored_at != _NOW).values({name: null() for name in FIGURES})
)
_PLACE = prepare(
    insert(customer_prospects).from_select(
        ["customer_id"],
        select(customers.c.customer_id).where(
            ~exists().where(customer_prospects.c.customer_id == customers.c.customer_id)
        ),
    )
)
_ADD = prepare(insert(customer_rankings).values({c.name: bindparam(c.name, type_=c.type) for c in customer_rankings.c}))


@dataclass(frozen=True, slots=True)
class Ranking:
    """A ranking that was made: by which model, how many customers, and what they are expected to bring together."""

    scored_at: datetime
    version: int
    method: str
    currency: str
    customers: int
    expected: Decimal
    parameter_error: float
    model_error: float


async def rank(connection: Connection, now: datetime, *, only_if_due: bool = False) -> Ranking | None:
    """Rank all customers by the model in use and return what was done, None where another process does it right now.

    Raise BadUserInput where there is no model to rank by. Of whom nothing is expected (nothing bought, nothing agreed),
    and who comes later, is not ranked.

    only_if_due  leave it at the last ranking, and return None, where that is by this model and not a day old
    """
    async with connection.transaction():
        if not await connection.fetchval(_TRY.sql, *_TRY.values({})):
            return None
        if only_if_due and not await ranking_is_due(connection, now):
            return None
        # Reading everybody takes longer than a change may, and so does scoring between two statements.
        await connection.execute("SET LOCAL statement_timeout = 0")
        await connection.execute("SET LOCAL idle_in_transaction_session_timeout = '5min'")
        return await _ranked(connection, now, await ranking_model(connection, now))


async def _ranked(connection: Connection, now: datetime, by: Ranked) -> Ranking:
    await connection.execute(_CREATE)
    everybody, number, expected = Everybody(), 0, Decimal(0)
    async for keys, known in facts_of_all(connection, now):
        # In a thread, so that whoever else is answered by this process waits for none of it.
        rows = await asyncio.to_thread(_scored, by.model, keys, known)
        await connection.copy_records_to_table(_fresh.name, records=rows)
        number, expected = number + len(rows), expected + sum((row[1] for row in rows), Decimal(0))
        everybody.add(buyers(known))
    bought = everybody.together()
    errors = await asyncio.to_thread(by.model.parameter_error, bought), by.model.model_error
    ranking = Ranking(now, by.version, by.method, by.currency, number, expected, *errors)
    await _kept(connection, by, ranking, int(bought.purchases.repeats.max(initial=0)))
    return ranking


async def _kept(connection: Connection, by: Ranked, ranking: Ranking, most: int) -> None:
    await connection.execute(_REPLACE.sql, *_REPLACE.values({"now": ranking.scored_at}))
    await connection.execute(_FORGET.sql, *_FORGET.values({"now": ranking.scored_at}))
    # A trigger does so for every new customer; who was copied without triggers is given theirs here.
    await connection.execute(_PLACE.sql)
    row = {"ranking_id": new_id(), "model_id": by.model_id, "scored_at": ranking.scored_at}
    row |= {"horizon": str(HORIZON), "annual_discount_rate": ANNUAL_DISCOUNT_RATE}
    row |= {"customers": ranking.customers, "expected": ranking.expected}
    row |= {"parameter_error": ranking.parameter_error, "model_error": ranking.model_error}
    await connection.execute(_ADD.sql, *_ADD.values(row))
    await keep_nodes(connection, by.model_id, by.database_scores_by, most)


def _scored(model: RankingModel, keys: Sequence[UUID], known: PurchaseTable) -> list[tuple[Any, ...]]:
    """Return rows of `_fresh`."""
    found = model.prospects(known)
    money = [[Decimal(f"{value:.{_DIGITS}f}") for value in each.tolist()] for each in (found.value, found.terms_value)]
    chances = found.variance.tolist(), found.probability_active.round(_DIGITS).tolist()
    return list(zip(keys, *money, *chances, [band.value for band in found.bands], strict=True))
