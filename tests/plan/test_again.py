"""A document that is asked again says what it said the first time, and takes the short way where there is one."""

from __future__ import annotations

import asyncio
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

WAITING = """SELECT count(*) FROM pg_locks JOIN pg_database ON oid = database
WHERE NOT granted AND datname = current_database()"""


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


async def test_a_field_that_may_be_left_out_is_looked_for_each_time(ask, shops):
    text = "query ($no: Boolean!) { customers @skip(if: $no) { nodes { firstName } } }"
    shown = await asked(ask, text, {"no": False})
    assert len(shown[2]) == 1
    for _ in range(2):
        assert await asked(ask, text, {"no": True}) == ({}, [], [])
        assert await asked(ask, text, {"no": False}) == shown


async def test_a_customer_sees_no_more_the_second_time(ask, given):
    ann, bob = [await given.customer(first_name=name) for name in ("Ann", "Bob")]
    text = "{ customers { nodes { firstName } } }"
    for _ in range(2):
        for owner, names in ((None, ["Ann", "Bob"]), (ann, ["Ann"]), (bob, ["Bob"])):
            asker = ask.as_customer(owner.key) if owner else ask
            data, errors, _ = await asked(asker, text, {})
            assert (sorted(node["firstName"] for node in data["customers"]["nodes"]), errors) == (names, [])


async def test_segments_are_read_each_time(ask, given, shops):
    text = "query ($in: [ID!]) { customers(filter: {segmentIds: $in}) { nodes { firstName } } }"
    for number, found in ((1, 5), (2, 0)):
        segment = await given.segment(f"S{number}", {"orderCount": {"eq": number}})
        for _ in range(2):
            data, errors, statements = await asked(ask, text, {"in": [segment.id]})
            assert (len(data["customers"]["nodes"]), errors, len(statements)) == (found, [], 2)


@pytest.mark.parametrize(
    ("shown", "statements"),
    [("latest { number }", 2), ("mood { name } purchases { nodes { shopper { mood { name } } } }", 3)],
)
async def test_what_takes_more_statements_takes_them_each_time(database, shops, shown, statements):
    ask = Ask(database, curious, Documents())
    text = f"{{ shoppers {{ nodes {{ firstName {shown} }} }} }}"
    first = await asked(ask, text, {})
    assert len(first[2]) == statements
    assert await asked(ask, text, {}) == first


async def test_who_leaves_the_second_time_leaves_nothing_behind(ask, database_url, shops):
    first = await asked(ask, PAGE, {})
    other = await asyncpg.connect(database_url)
    async with other.transaction():
        await other.execute("LOCK TABLE customers")
        leaving = asyncio.create_task(asked(ask, PAGE, {}))
        while not await other.fetchval(WAITING):  # noqa: ASYNC110  (the database tells nobody)
            await asyncio.sleep(0.01)
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
    await other.close()
    assert await asked(ask, PAGE, {}) == first


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
