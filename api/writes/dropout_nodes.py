"""Keeping beside a model what lets the database work out expected purchases by it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Integer, Uuid, bindparam, func, literal_column, select

from api.database import Connection, prepare
from api.domain.lifetime_value.beta_geometric import BetaGeometric
from api.domain.lifetime_value.ranking import node_tables
from api.tables.ranking import dropout_nodes

Nodes = tuple[int, list[float], list[float]]
"""A number of repeat purchases with its nodes and their weights."""

_AHEAD = 400
"""For so many purchases more than anybody has made there are nodes: a customer makes one a day at most."""

_NEXT = prepare(
    select(func.coalesce(func.max(dropout_nodes.c.repeats), literal_column("-1", Integer)) + literal_column("1")).where(
        dropout_nodes.c.model_id == bindparam("model_id", type_=Uuid)
    )
)


def nodes_for(model: BetaGeometric, most: int, first: int = 0) -> list[Nodes]:
    """Return the nodes for up to `most` repeat purchases, and for some more, from `first` on."""
    return list(node_tables(model, first, most + _AHEAD))


async def add_nodes(connection: Connection, model_id: UUID, nodes: Sequence[Nodes]) -> None:
    """Keep nodes beside a model that has none for these numbers of purchases."""
    records = [(model_id, *each) for each in nodes]
    await connection.copy_records_to_table(dropout_nodes.name, records=records)


async def keep_nodes(connection: Connection, model_id: UUID, model: BetaGeometric, most: int) -> None:
    """Keep the nodes for up to `most` repeat purchases, and for some more, as far as they are not there yet."""
    first = await connection.fetchval(_NEXT.sql, *_NEXT.values({"model_id": model_id}))
    if most >= first:
        await add_nodes(connection, model_id, nodes_for(model, most, first))
