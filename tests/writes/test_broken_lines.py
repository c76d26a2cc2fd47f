"""Wherever the line to the database breaks: one change, or a failure that says what is known."""

from __future__ import annotations

import pytest

from api.database import database as open_database
from api.errors import OutcomeUnknown, Unavailable
from api.writes import once as once_module
from api.writes.once import once
from api.writes.purchases import record_purchases
from tests.writes.changes import FIELD, new_key, new_purchase, record, request
from tests.writes.severed import wired

pytestmark = pytest.mark.anyio


@pytest.fixture
async def ann(given):
    """A customer who buys."""
    return await given.customer(email="ann@example.com")


async def orders(given):
    return await given.connection.fetchval("SELECT count(*) FROM orders")


@pytest.fixture
async def wire(database_url, tmp_path):
    """A database behind a wire that can be cut, with the wire."""
    async with wired(database_url, tmp_path) as (cuttable, address), open_database(address, pool_size=2) as opened:
        yield opened, cuttable


async def test_a_line_that_breaks_before_commit_arrives_is_tried_again(wire, given, ann):
    database, cuttable = wire
    cuttable.cuts = 1
    recorded = await record(database, new_key())
    assert (cuttable.cut, recorded.replayed, await orders(given)) == (1, False, 1)


async def test_a_line_that_breaks_after_commit_is_answered_with_what_was_committed(wire, given, ann):
    database, cuttable = wire
    cuttable.cuts, cuttable.answered = 1, True
    recorded = await record(database, new_key())
    assert (cuttable.cut, recorded.replayed) == (1, True)
    assert recorded.outcomes[0].ids["order"] == await given.connection.fetchval("SELECT order_id FROM orders")


@pytest.mark.parametrize("answered", [True, False])
async def test_a_line_that_breaks_at_every_commit_leaves_the_outcome_unknown(wire, given, ann, answered, monkeypatch):
    database, cuttable = wire
    monkeypatch.setattr(once_module, "RESTART_SECONDS", 0.0)
    cuttable.cuts, cuttable.answered = 3, answered
    key = new_key()
    with pytest.raises(OutcomeUnknown):
        await record(database, key)
    assert (cuttable.cut, await orders(given)) == (3, int(answered))
    assert (await record(database, key)).replayed is answered
    assert await orders(given) == 1


@pytest.mark.parametrize("answered", [True, False])
async def test_a_change_whose_fate_is_open_waits_for_a_line_that_holds(wire, given, ann, answered):
    database, cuttable = wire
    cuttable.cuts, cuttable.answered = 5, answered
    assert (await record(database, new_key())).replayed is answered
    assert (cuttable.cut, await orders(given)) == (5, 1)


@pytest.mark.parametrize("answered", [True, False])
async def test_an_unknown_outcome_stays_unknown_where_the_database_cannot_be_reached_again(wire, given, ann, answered):
    database, cuttable = wire
    cuttable.cuts, cuttable.answered, cuttable.refuses = 1, answered, True
    with pytest.raises(OutcomeUnknown):
        await record(database, new_key())
    assert await orders(given) == int(answered)


async def test_a_line_that_breaks_at_work_is_a_definite_failure(wire, given, ann):
    database, cuttable = wire
    cuttable.cuts, cuttable.at = 3, b"INSERT INTO orders"
    with pytest.raises(Unavailable):
        await record(database, new_key())
    assert (cuttable.cut, await orders(given)) == (3, 0)
    assert await given.connection.fetchval("SELECT count(*) FROM idempotency") == 0


async def test_a_change_whose_connection_the_server_ends_is_done_on_another(database, given, ann):
    ended = 0

    async def work(change):
        nonlocal ended
        outcomes = await record_purchases(change, [new_purchase()], FIELD, all_or_none=True)
        if ended < 2:
            ended += 1
            await change.connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return outcomes

    await once(database, request(new_key()), work)
    assert (ended, await orders(given)) == (2, 1)
