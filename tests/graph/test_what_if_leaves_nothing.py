"""What is supposed leaves no row, no key and no number behind, and real changes go on beside it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from api.access import EVERYBODY
from api.database import database as open_database
from api.domain.calendar import Duration
from api.domain.what_if import Waited
from api.errors import Timeout
from api.graph.customers import Customer
from api.plan.operation import Operation
from api.plan.what_if import Supposition, seen_so
from api.tables.schema import metadata
from tests.asking import Ask, WatchedDatabase
from tests.graph.supposing import BRIEF, NOW, SELECTION, buy, wait
from tests.writes.changes import RECORD_PURCHASE, RECORD_REFUND, new_key, one_purchase, refund

pytestmark = pytest.mark.anyio

LIST = """query ($events: [HypotheticalEventInput!]!) { customers(first: 100) { nodes {
  whatIf(events: $events) { purchaseSummary { orderCount } } } } }"""


@pytest.fixture
async def ann(ask, given):
    """A customer with an order, a subscription and a contract."""
    ask.now = NOW
    await given.product("TEA")
    customer = await given.customer(email="ann@example.com")
    order = await given.order(customer, 30, placed_at=NOW - timedelta(days=40))
    begun = {"started_at": NOW, "period_start": NOW, "period_end": NOW + timedelta(days=30)}
    subscription = await given.subscription(customer, **begun)
    contract = await given.contract(customer, starts_at=NOW, term_ends_at=NOW + timedelta(days=90))
    customer_events = [
        buy(),
        {"refundOrderId": order.id},
        {"renewSubscriptionId": subscription.id},
        {"cancelSubscriptionId": subscription.id},
        {"renewContractId": contract.id},
        wait("P1M"),
        buy(),
    ]
    return customer, order, customer_events


async def kept(connection):
    """Return every row of every table with the transaction that wrote it, and where the sequences stand."""
    rows = {}
    for table in metadata.sorted_tables:
        text = f"SELECT coalesce(array_agg(t.xmin::text || t::text ORDER BY t::text), '{{}}') FROM {table.name} AS t"
        rows[table.name] = await connection.fetchval(text)
    rows["sequences"] = await connection.fetch("SELECT sequencename, last_value FROM pg_sequences ORDER BY 1")
    return rows


async def idle_in_transaction(connection):
    """Return how many others are in a transaction."""
    return await connection.fetchval(
        "SELECT count(*) FROM pg_stat_activity WHERE xact_start IS NOT NULL AND pid <> pg_backend_pid()"
        " AND datname = current_database() AND backend_type = 'client backend'"
    )


async def test_nothing_stays(ask, given, ann):
    customer, _, events = ann
    before = await kept(given.connection)
    answer = await ask(BRIEF, id=customer.id, events=events)
    assert answer["customer"]["whatIf"]["purchaseSummary"]["orderCount"] == 3
    await ask(BRIEF, id=customer.id, events=[*events, {"refundOrderId": "none"}], fails=True)
    assert await kept(given.connection) == before
    assert await idle_in_transaction(given.connection) == 0


class Listening(WatchedDatabase):
    """Notes every statement, also those that begin and end transactions; `bought` is set when an order is written."""

    bought: asyncio.Event

    def _note(self, record):
        self.statements.append(record.query)
        if "INSERT INTO orders" in record.query:
            self.bought.set()


def listening(opened):
    """Return the same pool, listened to."""
    found = Listening.of(opened)
    found.bought = asyncio.Event()
    return found


async def test_all_that_is_real_is_read_first_and_no_transaction_that_supposes_is_ever_committed(database, given, ann):
    customer, _, events = ann
    ask = Ask(listening(database))
    ask.now = NOW
    slowly_planned = f"again: customer(by: {{id: $id}}) {{ {SELECTION} }}"
    await ask(f"{BRIEF.strip()[:-1]} {slowly_planned} }}", id=customer.id, events=events)
    begun = [place for place, text in enumerate(ask.statements) if text.startswith("BEGIN ISOLATION LEVEL")]
    assert ["REPEATABLE READ" in ask.statements[place] for place in begun] == [True, False]
    real, supposed = ask.statements[: begun[1]], ask.statements[begun[1] :]
    assert not any("INSERT" in text for text in real)
    assert any("INSERT INTO orders" in text for text in supposed)
    assert supposed[-1] == "ROLLBACK;"
    assert not any(text.upper().startswith(("COMMIT", "END")) for text in supposed)


async def test_one_connection_is_enough(database_url, given, ann):
    customer, _, events = ann
    await given.customers(20)
    async with open_database(database_url, pool_size=1) as opened:
        ask = Ask(WatchedDatabase.of(opened))
        ask.now = NOW
        nodes = (await ask(LIST, events=[buy()]))["customers"]["nodes"]
        assert [node["whatIf"]["purchaseSummary"]["orderCount"] for node in nodes].count(1) == 20
        document = f"{BRIEF[:-2]} customers(first: 2) {{ nodes {{ id }} }} again: {BRIEF.split('{', 1)[1].strip()}"
        answer = await ask(document, id=customer.id, events=events)
        assert answer["customer"] == answer["again"]


async def test_a_client_that_leaves_midway_leaves_nothing(database_url, given, ann):
    customer, _, events = ann
    before = await kept(given.connection)
    async with open_database(database_url, pool_size=1) as opened:
        heard = listening(opened)
        ask = Ask(heard)
        ask.now = NOW
        async with given.connection.transaction():
            await given.connection.execute("LOCK TABLE contracts IN ACCESS EXCLUSIVE MODE")
            asked = asyncio.create_task(ask(BRIEF, id=customer.id, events=events))
            await heard.bought.wait()
            asked.cancel()
            await asyncio.gather(asked, return_exceptions=True)
            assert asked.cancelled()
            assert await idle_in_transaction(given.connection) == 0
        assert await kept(given.connection) == before
        await ask(BRIEF, id=customer.id, events=events)


async def test_it_waits_for_a_lock_for_less_time_than_changes_do(ask, given, ann):
    customer, _, events = ann
    before = await kept(given.connection)
    async with given.connection.transaction():
        await given.connection.execute("SELECT 1 FROM customer_standing FOR UPDATE")
        ask.database.lock_timeout, begun = 8.0, asyncio.get_running_loop().time()
        await ask(BRIEF, id=customer.id, events=events, fails=True)
        assert asyncio.get_running_loop().time() - begun < 4, "all of what it may last was spent waiting"
        assert ask.codes == ["TIMEOUT"]
    assert await kept(given.connection) == before
    await ask(BRIEF, id=customer.id, events=events)


class Slow(WatchedDatabase):
    """Takes five seconds for what is read while something is supposed, in statements none of which takes long."""

    async def read(self, statement, given, connection=None):
        if any("INSERT INTO orders" in text for text in self.statements):
            for _ in range(25):
                await connection.fetch("SELECT pg_sleep(0.2)")
        return await super().read(statement, given, connection)


async def test_what_is_still_being_read_when_its_time_is_up_is_stopped(ask, given, ann):
    customer, _, events = ann
    before = await kept(given.connection)
    await ask(BRIEF, id=customer.id, events=events)
    ask = ask.of(Slow.of(ask.database))
    ask.now, ask.database.lock_timeout = NOW, 2.0
    await ask(BRIEF, id=customer.id, events=events, fails=True)
    assert ask.codes == ["TIMEOUT"]
    assert any("pg_sleep" in text for text in ask.statements)
    assert await idle_in_transaction(given.connection) == 0
    assert await kept(given.connection) == before


async def test_what_takes_too_long_to_read_is_given_up_before_a_change_gives_up(database, given, ann):
    customer, _, _ = ann
    operation = Operation(database, EVERYBODY, NOW, {})
    asked = Supposition(Customer, customer.key, events=[Waited(Duration(1))])

    async def slowly(reference):
        assert await idle_in_transaction(given.connection) == 1
        while True:
            await reference.pinned.fetch("SELECT pg_sleep(0.05)")

    database.lock_timeout = 0.4
    with pytest.raises(Timeout):
        await asyncio.wait_for(seen_so(operation, asked, lambda _: None, slowly), 20)
    assert await idle_in_transaction(given.connection) == 0
    await operation.close()


async def test_real_changes_of_the_same_customer_go_on(database_url, given, ann):
    customer, order, events = ann
    async with open_database(database_url, pool_size=8) as opened:
        ask = Ask(WatchedDatabase.of(opened))
        ask.now = NOW
        await ask(BRIEF, id=customer.id, events=events)

        async def supposing():
            other, found = ask.of(ask.database), []
            for _ in range(5):
                supposed = await other.run(BRIEF, {"id": customer.id, "events": events[2:]})
                # Where too many real ones are ahead, it gives up.
                if supposed["customer"]:
                    found.append(supposed["customer"]["whatIf"]["purchaseSummary"]["orderCount"])
            return found

        async def buying():
            other = ask.of(ask.database)
            for _ in range(5):
                sent = one_purchase(key=new_key(), placedAt=NOW.isoformat())
                assert (await other(RECORD_PURCHASE, input=sent))["recordPurchase"]["userErrors"] == []
            sent = refund(order.id, "5")
            assert (await other(RECORD_REFUND, input=sent))["recordRefund"]["userErrors"] == []

        *found, _, _ = await asyncio.gather(supposing(), supposing(), buying(), buying())
    seen = [count for each in found for count in each]
    assert all(each == sorted(each) for each in found), "what was real stays real"
    assert set(seen) <= set(range(2, 13))
    assert seen
    assert await given.connection.fetchval("SELECT count(*) FROM orders") == 11
    assert await given.connection.fetchval("SELECT count(*) FROM refunds") == 2
    standing = "SELECT order_count FROM customer_standing"
    assert await given.connection.fetchval(standing) == 11
