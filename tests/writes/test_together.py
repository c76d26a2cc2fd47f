"""Purchases that arrive at the same time share a transaction, and nobody can tell by the answers."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import asyncpg
import pytest

from api.access import EVERYBODY, Principal
from api.database import database as open_database
from api.domain.customer_name import CustomerName, ExternalKey
from api.domain.money import Amount
from api.domain.purchase import NewLine
from api.errors import OutcomeUnknown, Overloaded, UserErrorCode
from api.writes import once, together
from api.writes.purchases_at_once import _TOGETHER
from tests.referrals.rows import add_code, add_program, add_referral, joined
from tests.writes.changes import NOW, apart, new_key, new_purchase, one_purchase, record_of, request, same
from tests.writes.points import account, program
from tests.writes.severed import wired

pytestmark = pytest.mark.anyio

DAY = timedelta(days=1)


@pytest.fixture
async def crowd(given):
    """Twelve customers who buy, and the tea."""
    await given.product("TEA")
    return [await given.customer(email=f"c{number}@example.com") for number in range(12)]


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """Nobody is taken for held up because this machine is slow; who wants that says so."""
    monkeypatch.setattr(together, "LONG_SECONDS", 30.0)


def bought(customer, price="8.50", sku="TEA", name=None):
    """Return a purchase of a customer's."""
    line = NewLine(sku, name, None, None, 1, Amount(Decimal(price), "EUR"))
    return replace(new_purchase(), customer=CustomerName(id=customer.id), lines=(line,))


async def recorded(database, *purchases, asked=None):
    """Return what became of purchases that have waited together."""
    asked = asked or [request(new_key(), {"place": place}) for place in range(len(purchases))]
    queues = _TOGETHER._queues.setdefault(database, {})
    places = {(each.principal, NOW.date()) for each in asked}

    async def all_wait():
        return sum(len(queues[place].waiting) for place in places) == len(purchases)

    with ExitStack() as held:
        for place in places:
            queue = queues.setdefault(place, together._Queue())
            for _ in range(together.AT_ONCE):
                held.enter_context(_TOGETHER._under_way(database, place, queue, set()))
        pairs = zip(asked, purchases, strict=True)
        tasks = [asyncio.create_task(record_of(database, *each)) for each in pairs]
        await until(all_wait)
    return await asyncio.gather(*tasks, return_exceptions=True)


def codes(found):
    return [[error.code for error in each.outcomes[0].errors] for each in found]


async def until(holds):
    """Let others go on until something holds."""
    async with asyncio.timeout(30):
        while not await holds():  # noqa: ASYNC110  (nobody tells)
            await asyncio.sleep(0.001)


def patient(address):
    """Open a database in which nobody is turned away because this machine is slow, or a lock is held for long."""
    return open_database(address, pool_size=4, write_patience=30, lock_timeout=90, write_timeout=90)


async def hold_up(given, customer):
    """Take a customer's turn."""
    lock = "SELECT FROM customer_standing WHERE customer_id = $1 FOR UPDATE"
    await given.connection.execute(lock, customer.key)


async def transactions(given):
    """Return how many transactions have written the orders."""
    return await given.connection.fetchval("SELECT count(DISTINCT xmin::text) FROM orders")


async def orders(given):
    rows = await given.connection.fetch("SELECT customer_id, order_id, gross FROM orders")
    return {(row["customer_id"], row["order_id"], row["gross"]) for row in rows}


async def test_all_who_wait_are_recorded_in_one_transaction_each_under_its_key(database, given, crowd):
    asked = [request(new_key(), {"place": place}) for place in range(len(crowd))]
    purchases = [bought(customer, f"{place}.50") for place, customer in enumerate(crowd)]
    found = await recorded(database, *purchases, asked=asked)
    assert await transactions(given) == 1
    assert await orders(given) == {
        (customer.key, each.outcomes[0].ids["order"], Decimal(f"{place}.50"))
        for place, (customer, each) in enumerate(zip(crowd, found, strict=True))
    }
    assert not any(each.replayed for each in found)
    again = [await record_of(database, *each) for each in zip(asked, purchases, strict=True)]
    assert [same(each) for each in again] == [same(each) for each in found]
    assert all(each.replayed for each in again)
    assert len(await orders(given)) == len(crowd)


async def test_it_costs_the_statements_of_one(database, given, crowd):
    await recorded(database, *map(bought, crowd[:2]))
    database.statements = []
    await recorded(database, *map(bought, crowd))
    # Keys; customers and products; orders, lines and outcomes; how they stand.
    assert len(await database.told()) == 4


async def test_who_comes_alone_waits_for_nobody(database, given, crowd):
    await recorded(database, *map(bought, crowd[1:3]))
    shared, database.statements = await database.told(), []
    assert any("jsonb_to_recordset" in text for text in shared if text.startswith("INSERT INTO idempotency"))
    await record_of(database, request(new_key()), bought(crowd[0]))
    keys = [text for text in await database.told() if text.startswith("INSERT INTO idempotency")]
    assert ["jsonb_to_recordset" in text for text in keys] == [False]


async def test_those_who_come_meanwhile_wait_for_one_transaction_and_share_the_next(database, given, crowd):
    few = crowd[: together.MANY]
    found = await asyncio.gather(*(record_of(database, request(new_key(), {"a": c.id}), bought(c)) for c in few))
    assert len({each.outcomes[0].ids["order"] for each in found}) == len(few)
    assert await transactions(given) == 2


async def test_many_do_not_wait_for_one_transaction_but_share_another(database_url, given, crowd):
    first, *others = crowd[: together.MANY + 1]
    async with patient(database_url) as behind:
        async with given.connection.transaction():
            await hold_up(given, first)
            held = asyncio.create_task(record_of(behind, request(new_key()), bought(first)))
            await asyncio.sleep(0)
            again = asyncio.create_task(record_of(behind, request(new_key(), {"again": first.id}), bought(first)))
            # Shorter than the patience after which whoever is held up is waited for no longer.
            async with asyncio.timeout(25):
                await asyncio.gather(*(record_of(behind, request(new_key(), {"a": c.id}), bought(c)) for c in others))
            assert not held.done()
            # The same customer's other purchase would only have waited in their transaction.
            assert len(next(iter(_TOGETHER._queues[behind].values())).waiting) == 1
        await asyncio.gather(held, again)
    assert await transactions(given) == 3


async def test_one_busy_customer_waits_for_no_more_than_one_transaction(database, given, crowd):
    found = await recorded(database, *[bought(crowd[0])] * 6)
    assert await transactions(given) == len({each.outcomes[0].ids["order"] for each in found}) == 6


async def test_what_is_wrong_with_one_is_told_to_it_alone_and_again_for_its_key(database, given, crowd):
    asked = [request(new_key(), {"place": place}) for place in range(4)]
    nobody = replace(bought(crowd[0]), customer=CustomerName(email="nobody@example.com"))
    nothing = bought(crowd[1], sku="COFFEE")
    purchases = [bought(crowd[2]), nobody, nothing, bought(crowd[3])]
    found = await recorded(database, *purchases, asked=asked)
    assert codes(found) == [[], [UserErrorCode.NOT_FOUND], [UserErrorCode.BLANK], []]
    assert found[2].outcomes[0].errors[0].field == ("input", "purchase", "lines", "0", "name")
    assert {customer for customer, *_ in await orders(given)} == {crowd[2].key, crowd[3].key}
    again = await record_of(database, asked[1], nobody)
    assert (again.replayed, codes([again])) == (True, [[UserErrorCode.NOT_FOUND]])


async def test_what_a_refused_purchase_says_of_a_product_is_never_kept(database, given, crowd):
    nobody = replace(bought(crowd[0], sku="COFFEE", name="Tar"), customer=CustomerName(email="nobody@example.com"))
    found = await recorded(database, nobody, bought(crowd[1], sku="COFFEE", name="Coffee"))
    assert codes(found) == [[UserErrorCode.NOT_FOUND], []]
    assert await given.connection.fetchval("SELECT name FROM products WHERE sku = 'COFFEE'") == "Coffee"


async def test_who_names_a_new_product_buys_in_another_transaction(database, given, crowd):
    found = await recorded(database, *(bought(customer, sku="COFFEE", name="Coffee") for customer in crowd[:2]))
    assert codes(found) == [[], []]
    assert await transactions(given) == 2


async def test_an_external_identifier_is_one_order_also_among_those_who_meet(database, given, crowd):
    key = ExternalKey("shop", "1")
    found = await recorded(database, *(replace(bought(customer), external_id=key) for customer in crowd[:3]))
    assert sorted(map(len, codes(found))) == [0, 1, 1]
    assert len(await orders(given)) == 1


async def test_purchases_of_one_customer_follow_one_another(database, given, crowd):
    by_email = replace(bought(crowd[0]), customer=CustomerName(email="c0@example.com"))
    await recorded(database, bought(crowd[0]), bought(crowd[0]), by_email, bought(crowd[1]))
    mine = "SELECT count(*), count(DISTINCT xmin::text) FROM orders WHERE customer_id = $1"
    assert tuple(await given.connection.fetchrow(mine, crowd[0].key)) == (3, 3)
    assert len(await orders(given)) == 4


async def test_a_purchase_that_may_move_a_referral_comes_alone(database, given, crowd):
    ben, friend, *others = crowd[:5]
    await add_code(given, ben, "BENSCODE")
    await add_referral(given, await add_program(given), ben, "BENSCODE", joined(friend, NOW - DAY), at=NOW - DAY)
    found = await recorded(database, *map(bought, (ben, friend)))
    assert codes(found) == [[], []]
    assert ["referral" in each.outcomes[0].ids for each in found] == [False, True]
    assert await transactions(given) == 2
    await recorded(database, *map(bought, others))
    assert await transactions(given) == 3


async def test_what_was_bought_on_another_day_is_recorded_apart(database, given, crowd):
    earlier = replace(bought(crowd[0]), placed_at=NOW - DAY)
    found = await asyncio.gather(
        recorded(database, *map(bought, crowd[1:4])), record_of(database, request(new_key()), earlier)
    )
    assert codes(found[0]) == [[], [], []]
    assert await transactions(given) == 2


async def test_callers_do_not_share_with_callers_who_see_something_else(database, given, crowd):
    callers = [*[EVERYBODY] * 2, *[Principal("somebody", crowd[1].key)] * 2]
    asked = [replace(request(new_key()), principal=caller) for caller in callers]
    found = await recorded(database, *map(bought, (crowd[2], crowd[3], crowd[1], crowd[4])), asked=asked)
    assert codes(found) == [[], [], [], [UserErrorCode.NOT_FOUND]]
    assert await transactions(given) == 2


async def test_no_more_than_so_many_share(database, given, crowd, monkeypatch):
    monkeypatch.setattr(together, "MOST", 5)
    await recorded(database, *map(bought, crowd))
    assert await transactions(given) == 3  # 5 + 5 + 2


async def test_a_key_that_was_used_elsewhere_gets_its_first_answer(database, given, crowd):
    asked = [request(new_key(), {"place": place}) for place in range(3)]
    earlier = await record_of(apart(database), asked[1], bought(crowd[1]))
    found = await recorded(database, *map(bought, crowd[:3]), asked=asked)
    assert [each.replayed for each in found] == [False, True, False]
    assert same(found[1]) == same(earlier)
    assert len(await orders(given)) == 3


async def test_who_is_held_up_holds_up_nobody(database_url, given, crowd):
    async with (
        patient(database_url) as database,
        database.connection() as seen,
    ):

        async def all_others_are_there():
            assert not all_of_them.done()
            return await seen.fetchval("SELECT count(*) FROM orders") == len(crowd) - 1

        async with given.connection.transaction():
            await hold_up(given, crowd[0])
            all_of_them = asyncio.create_task(recorded(database, *map(bought, crowd)))
            # Not as long as who waits for a lock alone.
            await until(all_others_are_there)
        found = await all_of_them
    assert len({each.outcomes[0].ids["order"] for each in found}) == len(await orders(given)) == len(crowd)


async def test_a_transaction_that_takes_long_is_waited_for_no_longer(database, given, crowd, monkeypatch):
    monkeypatch.setattr(together, "LONG_SECONDS", 0.05)
    async with given.connection.transaction():
        await hold_up(given, crowd[0])
        held = asyncio.create_task(record_of(database, request(new_key()), bought(crowd[0])))
        await asyncio.sleep(0)
        await record_of(database, request(new_key()), bought(crowd[1]))
        assert not held.done()
    await held


@pytest.mark.parametrize(("at", "answered"), [(b"COMMIT;", True), (b"COMMIT;", False), (b"INSERT INTO orders", False)])
async def test_wherever_the_line_breaks_each_is_recorded_once(database_url, given, crowd, tmp_path, at, answered):
    async with wired(database_url, tmp_path) as (wire, address), patient(address) as behind:
        wire.at, wire.answered, wire.cuts = at, answered, 1
        found = await recorded(behind, *map(bought, crowd))
        assert wire.cut == 1
    assert {each.outcomes[0].ids["order"] for each in found} == {order for _, order, _ in await orders(given)}
    assert [each.replayed for each in found] == [answered] * len(crowd)
    assert len(await orders(given)) == len(crowd)


async def test_a_line_that_breaks_at_every_commit_leaves_every_outcome_unknown(
    database_url, given, crowd, tmp_path, monkeypatch
):
    monkeypatch.setattr(once, "RESTART_SECONDS", 0.0)
    async with wired(database_url, tmp_path) as (wire, address), patient(address) as behind:
        wire.cuts = 1_000
        found = await recorded(behind, *map(bought, crowd))
    assert [type(each) for each in found] == [OutcomeUnknown] * len(crowd)
    assert await orders(given) == set()


async def test_where_no_connection_is_to_be_had_all_are_told_so_at_once(database_url, given, crowd, monkeypatch):
    asked: list[float] = []
    async with open_database(database_url, pool_size=1, write_patience=0.2) as small, small.connection():
        borrow = small._pool.borrow

        def counted(patience):
            asked.append(patience)
            return borrow(patience)

        monkeypatch.setattr(small._pool, "borrow", counted)
        found = await recorded(small, *map(bought, crowd))
    assert asked == [0.2]
    assert [type(each) for each in found] == [Overloaded] * len(crowd)
    assert await orders(given) == set()


async def test_a_commit_that_the_server_refuses_harms_its_cause_alone(database, given, crowd, caplog):
    await given.connection.execute(f"""
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          IF NEW.customer_id = '{crowd[0].key}' THEN RAISE check_violation; END IF; RETURN NULL;
        END $$;
        CREATE CONSTRAINT TRIGGER refusing AFTER INSERT ON orders DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION refuse()""")
    refused, *found = await recorded(database, *map(bought, crowd))
    assert isinstance(refused, asyncpg.CheckViolationError)
    assert [each.message for each in caplog.records] == []
    assert codes(found) == [[]] * (len(crowd) - 1)
    assert {customer for customer, *_ in await orders(given)} == {customer.key for customer in crowd[1:]}


async def test_what_breaks_only_where_changes_share_is_told(database, given, crowd, caplog, monkeypatch):
    monkeypatch.setattr(_TOGETHER, "_work", None)
    found = await recorded(database, *map(bought, crowd[:3]))
    assert codes(found) == [[], [], []]
    assert [each.message for each in caplog.records] == ["changes are made apart: TypeError"]


async def test_a_caller_who_leaves_takes_nobody_along(database, given, crowd):
    queue = _TOGETHER._queues.setdefault(database, {}).setdefault((EVERYBODY, NOW.date()), together._Queue())
    with _TOGETHER._under_way(database, (EVERYBODY, NOW.date()), queue, set()):
        tasks = [asyncio.create_task(record_of(database, request(new_key()), bought(each))) for each in crowd[:3]]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        tasks[1].cancel()
    found = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(each).__name__ for each in found] == ["Recorded", "CancelledError", "Recorded"]
    # It was on its way, and is recorded as well.
    assert len(await orders(given)) == 3


BOUGHT = """mutation ($input: RecordPurchaseInput!) { recordPurchase(input: $input) {
  order { total { amount currencyCode } placedAt lines { nodes { sku quantity } } }
  activeStatusBefore { isActive } loyaltyAccountBefore { balance { available pending } }
  loyaltyEntries { kind points balanceAfter }
  customer { activeStatus { isActive } purchaseSummary { orderCount } loyaltyAccount { balance { available pending } } }
  userErrors { code } idempotency { replayed } } }"""


async def test_the_answers_are_those_of_purchases_made_one_by_one(ask, given, crowd):
    await program(given)
    for member in (*crowd[:3], *crowd[6:9]):
        await account(given, member)
    inputs = [one_purchase(email=f"c{place}@example.com") for place in range(len(crowd))]
    one_by_one = [await ask(BOUGHT, input=each) for each in inputs[:6]]
    # A caller for each: one keeps what it was told last.
    at_once = await asyncio.gather(*(ask.of(ask.database)(BOUGHT, input=each) for each in inputs[6:]))
    assert at_once == one_by_one
    assert len({str(each) for each in at_once}) == 2  # of members, and of others
    # The first, the many who did not wait for it, and the last.
    assert await transactions(given) == 6 + 3
