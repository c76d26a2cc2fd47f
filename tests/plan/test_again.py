"""A document that is asked again says what it said the first time, and takes the short way where there is one."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from api.database import database as open_database
from api.plan.executor import Executor
from tests.asking import Ask, Documents, WatchedDatabase
from tests.given import NEW_YEAR
from tests.plan.curious import curious

pytestmark = pytest.mark.anyio

CUSTOMER = "query ($id: ID!) { customer(by: {id: $id}) { id firstName } }"
NOBODY = {"id": f"cus_{0:032x}"}
PAGE = """query ($first: Int, $who: CustomerFilterInput) {
  found: customers(first: $first, filter: $who) { ...Page }
}
fragment Page on CustomerConnection { nodes { firstName orders(first: 1) { nodes { total { amount } } } } }"""

SHORT: dict[str, tuple[str, dict[str, Any]]] = {
    "one that is not there": (CUSTOMER, NOBODY),
    "a page": (PAGE, {"first": 2, "who": {"email": {"isNull": True}}}),
    "a page without variables": (PAGE, {}),
    "how things were": (
        "query ($at: DateTime) { customers(asOf: $at) { nodes { firstName } } }",
        {"at": "2025-06-01T00:00:00Z"},
    ),
    "what is computed": ("{ customers { nodes { firstName lifetimeValue { total { amount } } } } }", {}),
    "sums": ("{ customerBase { total active byReason { code customers } } }", {}),
}
LONG: dict[str, tuple[str, dict[str, Any]]] = {
    "two fields": ("{ customers { nodes { firstName } } orders { nodes { id } } }", {}),
    "a field that may be left out": (
        "query ($no: Boolean!) { customers @skip(if: $no) { nodes { id } } }",
        {"no": True},
    ),
    "a field of a fragment": ("{ ...Top } fragment Top on Query { customers { nodes { firstName } } }", {}),
    "a node": ('{ node(id: "cus_00000000000000000000000000000000") { id } }', {}),
    "a wrong value": (CUSTOMER, {"id": ["cus_1", "cus_2"]}),
    "a value that does not fit": (CUSTOMER, {"id": "cus_1"}),
    "a page that is too long": (PAGE, {"first": 5_000}),
}
CURIOUS = {
    "an error in one value": "{ shoppers { nodes { firstName mood { name } } } }",
    "a value that must be there, in a page that need not": "{ maybeShoppers { nodes { sureMood { name } } } }",
    "a value that must be there, in an answer that must": "{ shoppers { edges { node { sureMood { name } } } } }",
    "errors in parts": "{ moody: shoppers { nodes { mood { doubtful sure parts } } } }",
    "a bug": "{ maybeShoppers { nodes { broken } } }",
}


@pytest.fixture
async def shops(given):
    """Makes customers of all moods, with orders."""
    for name in ("Ann", "Sad", "Doubtful", "Unsure", "Parted"):
        customer = await given.customer(first_name=name, created_at=NEW_YEAR)
        await given.order(customer, 5, placed_at=NEW_YEAR, number=name)


async def asked(ask: Ask, document: str, variables: dict[str, Any]) -> Any:
    """Return the whole answer: data, errors as clients are told of them, and the statements it took."""
    data = await ask.run(document, variables)
    errors = [(error.message, error.path, error.locations, repr(error.original_error)) for error in ask.errors]
    return data, errors, ask.statements


@pytest.mark.parametrize("name", [*SHORT, *LONG])
async def test_the_second_answer_is_the_first(ask, shops, name):
    ask.now = NEW_YEAR.replace(year=2026)
    document, variables = {**SHORT, **LONG}[name]
    first = await asked(ask, document, variables)
    assert [await asked(ask, document, variables) for _ in range(2)] == [first, first]


@pytest.mark.parametrize("name", SHORT)
async def test_one_planned_field_is_answered_by_its_plan_alone(ask, shops, name, monkeypatch):
    ask.now = NEW_YEAR.replace(year=2026)
    document, variables = SHORT[name]
    first = await asked(ask, document, variables)
    monkeypatch.setattr(Executor, "execute_operation", None)
    assert await asked(ask, document, variables) == first


@pytest.mark.parametrize("name", CURIOUS)
async def test_errors_are_the_same_and_nothing_is_read_twice(database, shops, name):
    ask = Ask(database, curious, Documents())
    first = await asked(ask, CURIOUS[name], {})
    assert first[1]
    assert len(first[2]) == 1
    assert await asked(ask, CURIOUS[name], {}) == first


async def test_other_variables_of_a_kept_document_are_answered_by_themselves(ask, shops):
    page = {"first": 1, "who": {"email": {"isNull": True}}}
    first = await asked(ask, PAGE, page)
    for other in ({"first": 4}, {"first": 0}, {"who": None}, {"first": 2, "who": {"email": {"isNull": False}}}):
        assert await asked(ask, PAGE, other) == await asked(Ask(ask.database, documents=Documents()), PAGE, other)
    assert await asked(ask, PAGE, page) == first


async def test_what_takes_too_long_takes_that_long_once(database_url, given, shops):
    other = await asyncpg.connect(database_url)
    async with open_database(database_url, pool_size=2, read_timeout=0.3) as opened:
        ask = Ask(WatchedDatabase.of(opened), documents=Documents())
        await asked(ask, PAGE, {})
        async with other.transaction():
            await other.execute("LOCK TABLE customers")
            data, errors, statements = await asked(ask, PAGE, {})
            assert data is None
            assert [error[0] for error in errors] == ["The database took too long; ask for less, or try again."]
            assert errors[0][1] == ["found"]
            assert len(statements) == 1
    await other.close()
