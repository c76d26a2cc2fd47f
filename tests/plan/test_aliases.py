"""Whatever a client calls a field, it gets the field: no alias is taken for a name inside the statement."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from api.database import database as open_database
from tests.asking import Ask, WatchedDatabase
from tests.given import Given, connected
from tests.plan.curious import curious

pytestmark = pytest.mark.anyio

INSIDE = ["anon_1", "anon_2", "anon_3", "c0", "c1", "rn", "ord", "k0", "i0", "i1", "r", "f", "a", "b", "p", "part"]
INSIDE += ["customers_1", "orders_1", "cursor", "more", "start", "lateral", "select", "row_to_json", "_"]
BELOW = """{name} email
  orders(first: 2) {{ {nodes} {{ {number} total {{ {amount} currencyCode }} }} totalCount {{ count }} }}
  externalIds {{ source value }} company {{ name }}"""
FIELDS = {"name": "displayName", "nodes": "nodes", "number": "number", "amount": "amount"}
SHAPES = ["customers(first: 2) { nodes { %s } }", "customers(last: 2) { edges { cursor node { %s } } }"]


@pytest.fixture(scope="module")
async def opened(module_database_url: str) -> AsyncIterator[WatchedDatabase]:
    """Two customers with two orders each."""
    connection = await connected(module_database_url)
    await Given(connection).customers(2, orders=("10.00", "20.00"))
    await connection.close()
    async with open_database(module_database_url, pool_size=1) as found:
        yield WatchedDatabase.of(found)


@pytest.fixture(scope="module")
def ask(opened: WatchedDatabase) -> Ask:
    return Ask(opened)


@pytest.fixture(scope="module")
def curiously(opened: WatchedDatabase) -> Ask:
    return Ask(opened, curious)


@pytest.mark.parametrize("computed", ["", " purchaseSummary { net { amount } }"], ids=["json", "sums"])
@pytest.mark.parametrize("shape", SHAPES, ids=["nodes", "edges"])
@pytest.mark.parametrize("alias", INSIDE)
async def test_an_alias_names_its_field_and_nothing_else(ask, alias, shape, computed):
    aliased = {part: f"{alias}: {field}" for part, field in FIELDS.items()}
    plain = await ask("{ %s }" % (shape % (BELOW.format(**FIELDS) + computed)))
    found = await ask("{ %s }" % (shape % (BELOW.format(**aliased) + computed)))
    assert values(plain) == values(found)
    assert str(found).count(f"'{alias}': ") >= 2 + 2 + 4 + 4


@pytest.mark.parametrize("alias", INSIDE)
async def test_an_alias_in_rows_names_its_field_and_nothing_else(curiously, alias):
    text = "{ shoppers(first: 2) { nodes { %s mood { %s } purchases(first: 2) { %s { %s shopper { %s } } } } } }"
    fields = ("id", "level", "nodes", "number", "firstName")
    plain = await curiously(text % fields)
    assert values(plain) == values(await curiously(text % tuple(f"{alias}: {field}" for field in fields)))


def values(answer):
    """Return an answer without its keys; they stand in the order of the selection."""
    if isinstance(answer, dict):
        return [values(part) for part in answer.values()]
    return [values(part) for part in answer] if isinstance(answer, list) else answer
