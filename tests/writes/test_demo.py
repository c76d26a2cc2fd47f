"""The made-up population in the database: complete, repeatable, and never beside anything else."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import asyncpg
import pytest

from api.domain.population import PRODUCTS, STANDARD
from api.errors import BadUserInput, Timeout
from api.reads.checks import findings
from api.tables import metadata
from api.writes.demo import DemoResult, is_empty, write_demo

pytestmark = pytest.mark.anyio

UNTIL = datetime(2026, 3, 1, 15, 30, tzinfo=UTC)
RANDOM_OR_NOW = {
    "business": "fingerprint_key, recorded_at",
    "demo_population": "recorded_at",
    "customer_standing": "agreed_during",
}
# The first policy comes with the tables.
FIRST = "policy_id IN (SELECT policy_id FROM active_policies WHERE version = 1)"
SPARED = dict.fromkeys(("active_policies", "active_rules"), f" WHERE NOT {FIRST}")
TABLES = [table.name for table in metadata.sorted_tables]


@pytest.fixture
async def connection(database_url):
    opened = await asyncpg.connect(database_url)
    yield opened
    await opened.close()


async def population(connection, customers=60, **changed):
    return await write_demo(connection, **{"customers": customers, "seed": 7, "until": UNTIL} | changed)


async def rows(connection, table, without=()):
    """Return the rows of a table as texts, without what the database chose or the clock said, and other columns."""
    names = [column.name for column in metadata.tables[table].columns if column.name not in without]
    quoted = ", ".join(f'"{name}"' for name in names if name not in RANDOM_OR_NOW.get(table, ""))
    found = await connection.fetch(f"SELECT ROW({quoted})::text FROM {table}")
    return {record[0] for record in found}


async def everything(connection, without=()):
    return {table: await rows(connection, table, without) for table in TABLES}


async def counts(connection):
    return {table: await connection.fetchval(f"SELECT count(*) FROM {table}") for table in TABLES}


async def test_the_result_counts_what_was_written(connection):
    result = await population(connection)
    found = await counts(connection)
    assert result == DemoResult(60, found["orders"], found["order_lines"], found["refunds"])
    assert (found["customers"], found["demo_truth"], found["customer_external_ids"]) == (60, 60, 60)
    assert found["products"] == len(PRODUCTS)
    assert min(found[table] for table in ("orders", "refunds", "companies", "exchange_rates")) > 0


async def test_order_totals_are_the_spends_kept_aside(connection):
    await population(connection)
    different = await connection.fetch(
        """
        SELECT number FROM demo_truth LEFT JOIN LATERAL (
          SELECT array_agg(business_gross - business_discount ORDER BY placed_at, order_id) totals, min(placed_at) first
          FROM orders WHERE orders.customer_id = demo_truth.customer_id
        ) bought ON true
        WHERE spends <> coalesce(totals, '{}') OR first_purchase_at IS DISTINCT FROM first
        """
    )
    assert different == []
    assert await connection.fetchval("SELECT sum(cardinality(spends)) FROM demo_truth") > 100


async def test_amounts_in_the_business_currency_follow_the_rate_of_the_day(connection):
    await population(connection)
    foreign = await connection.fetch(
        """
        SELECT business_gross, gross * rate.rate AS gross FROM orders JOIN LATERAL (
          SELECT rate FROM exchange_rates
          WHERE exchange_rates.currency = orders.currency AND effective_on <= placed_at::date
          ORDER BY effective_on DESC LIMIT 1
        ) rate ON true
        """
    )
    assert len(foreign) > 5
    assert all(order["business_gross"] == round(order["gross"], 2) for order in foreign)
    home = await connection.fetchval("SELECT count(*) FROM orders WHERE currency = 'EUR' AND business_gross <> gross")
    assert home == 0


async def test_truth_is_kept_for_drawn_customers_only(connection):
    await population(connection)
    kept = await connection.fetch("SELECT * FROM demo_truth ORDER BY number")
    assert [row["number"] for row in kept] == list(range(1, 61))
    assert [row["scripted"] for row in kept] == [True] * 6 + [False] * 54
    assert all(row["purchase_rate"] > 0 and 0 < row["dropout_probability"] < 1 for row in kept[6:])
    assert 0 < sum(row["dropped_out_at"] is not None for row in kept) < 54
    assert all(row["next_spend"] == 0 for row in kept if row["dropped_out_at"])


async def test_ada_is_found_by_address_and_by_external_id(connection):
    await population(connection, 4)
    found = await connection.fetchrow(
        """
        SELECT first_name, last_name, source, value, (SELECT count(*) FROM orders WHERE customer_id = c.customer_id),
               (SELECT number FROM orders WHERE customer_id = c.customer_id ORDER BY placed_at LIMIT 1) AS number
        FROM customers c JOIN customer_external_ids USING (customer_id) WHERE lower(email) = 'ada@example.com'
        """
    )
    assert tuple(found) == ("Ada", "Berger", "shop", "1001", 16, "D-1001-1")


async def test_a_second_run_adds_nothing(connection):
    await population(connection)
    before = await everything(connection)
    assert await population(connection) == DemoResult()
    assert await population(connection, 10) == DemoResult()
    assert await everything(connection) == before


async def test_more_customers_leave_the_first_ones_as_they_are(connection):
    # Friends who come later are rewarded together with those who brought them, which is a cost of these.
    await population(connection, 30)
    first = await everything(connection, ["historic_net"])
    added = await population(connection, 80)
    both = await everything(connection, ["historic_net"])
    assert added.customers == 50
    assert all(first[table] <= both[table] for table in TABLES)


async def test_customers_added_on_a_later_day_keep_the_first_reference_moment(connection):
    await population(connection, 30)
    await population(connection, 60, until=UNTIL + timedelta(days=90))
    floor = UNTIL.replace(hour=0, minute=0)
    assert await connection.fetchval("SELECT until FROM demo_population") == floor
    assert await connection.fetchval("SELECT max(placed_at) FROM orders") < floor


async def test_the_same_arguments_make_the_same_rows(connection, database_url):
    await population(connection, 30)
    await population(connection, 60)
    in_two_runs = await everything(connection)
    await connection.execute("SET session_replication_role = replica")
    await connection.execute("; ".join(f"DELETE FROM {table}{SPARED.get(table, '')}" for table in reversed(TABLES)))
    emptied = await counts(connection)
    assert {table for table, count in emptied.items() if count} == SPARED.keys()
    await write_demo(database_url, customers=60, seed=7, until=UNTIL + timedelta(hours=2))
    assert await everything(connection) == in_two_runs


async def test_an_interrupted_run_is_continued(connection):
    def stop(_done, _total):
        raise ArithmeticError

    with pytest.raises(ArithmeticError):
        await population(connection, 510, report=stop)
    assert (await counts(connection))["customers"] == 500
    assert (await population(connection, 510)).customers == 10


async def test_progress_is_reported_up_to_the_total(connection):
    heard = []
    await population(connection, 510, report=lambda done, total: heard.append((done, total)))
    assert heard == [(500, 510), (510, 510)]


async def test_two_runs_at_once_write_one_population(connection, database_url):
    runs = (write_demo(database_url, customers=60, seed=7, until=UNTIL) for _ in range(2))
    results = await asyncio.gather(*runs)
    assert sorted(result.customers for result in results) == [0, 60]
    assert (await counts(connection))["customers"] == 60


async def test_waiting_for_another_run_has_an_end(connection, database_url):
    other = await asyncpg.connect(database_url, server_settings={"lock_timeout": "50"})
    async with connection.transaction():
        await connection.execute("LOCK TABLE demo_population")
        with pytest.raises(Timeout):
            await population(other)
    assert (await population(other)).customers == 60
    await other.close()


async def test_a_business_in_euros_keeps_its_name(connection):
    await connection.execute("INSERT INTO business (name, currency, time_zone) VALUES ('Own', 'EUR', 'Europe/Paris')")
    await population(connection, 10)
    assert await connection.fetchval("SELECT name FROM business") == "Own"


async def test_a_business_is_set_where_there_is_none(connection):
    assert await is_empty(connection)
    await population(connection, 10)
    business = await connection.fetchrow("SELECT name, currency, time_zone FROM business")
    assert tuple(business) == ("Tea & Tools", "EUR", "Europe/Berlin")
    assert not await is_empty(connection)


FOREIGN = {
    "customer": "INSERT INTO customers (customer_id, created_at, updated_at) VALUES (gen_random_uuid(), now(), now())",
    "product": "INSERT INTO products (product_id, sku, name) VALUES (gen_random_uuid(), 'X', 'X')",
    "rate": "INSERT INTO exchange_rates (currency, effective_on, rate) VALUES ('USD', '2020-01-01', 1)",
    "other currency": "INSERT INTO business (name, currency, time_zone) VALUES ('Own', 'GBP', 'Europe/London')",
}


@pytest.mark.parametrize("statement", FOREIGN.values(), ids=FOREIGN)
async def test_it_is_never_mixed_with_what_is_there(connection, statement):
    await connection.execute(statement)
    before = await everything(connection)
    with pytest.raises(BadUserInput):
        await population(connection)
    assert await everything(connection) == before


async def test_it_is_not_extended_beside_other_customers(connection):
    await population(connection, 10)
    await connection.execute(FOREIGN["customer"])
    with pytest.raises(BadUserInput, match="not mixed"):
        await population(connection, 20)
    assert (await counts(connection))["customers"] == 11


OTHER = {"seed": {"seed": 8}, "model": {"model": replace(STANDARD, discount_share=0.5)}}


@pytest.mark.parametrize("changed", OTHER.values(), ids=OTHER)
async def test_a_population_is_not_extended_with_another_one(connection, changed):
    await population(connection, 10)
    with pytest.raises(BadUserInput, match="seed 7"):
        await population(connection, 20, **changed)
    assert (await counts(connection))["customers"] == 10


WRONG = {
    "none": {"customers": 0},
    "too many": {"customers": 10_000_001},
    "negative seed": {"seed": -1},
    "large seed": {"seed": 2**63},
    "no time zone": {"until": datetime(2026, 3, 1)},  # noqa: DTZ001 (what is refused)
}


@pytest.mark.parametrize("changed", WRONG.values(), ids=WRONG)
async def test_impossible_arguments_are_refused(connection, changed):
    with pytest.raises(BadUserInput):
        await population(connection, **changed)
    assert await is_empty(connection)


async def test_what_was_not_recorded_yet_shows_in_the_recording_clock(connection):
    await population(connection)
    weeks = await connection.fetchval("SELECT max(recorded_at - placed_at) FROM orders")
    assert weeks > timedelta(days=14)
    assert await connection.fetchval("SELECT max(recorded_at) FROM orders") <= UNTIL


VERSIONED = {"subscriptions": "subscription_id", "support_plans": "support_plan_id", "contracts": "contract_id"}


@pytest.mark.parametrize(("table", "key"), VERSIONED.items(), ids=VERSIONED)
async def test_each_version_is_closed_by_the_next_on_both_clocks(connection, table, key):
    await population(connection, 200)
    apart = await connection.fetchval(
        f"""
        SELECT count(*) FROM (
          SELECT version, replaced_at, superseded_at, row_number() OVER thing AS place,
                 lead(changed_at) OVER thing AS next_changed, lead(recorded_at) OVER thing AS next_recorded
          FROM {table} WINDOW thing AS (PARTITION BY {key} ORDER BY version)
        ) versions
        WHERE version <> place OR (replaced_at, superseded_at) IS DISTINCT FROM (next_changed, next_recorded)
        """
    )
    assert apart == 0
    assert await connection.fetchval(f"SELECT max(version) FROM {table}") > 1
    assert await connection.fetchval(f"SELECT max(recorded_at) FROM {table}") <= UNTIL


async def test_lengths_of_time_keep_their_months(connection):
    await population(connection)
    months = await connection.fetch("SELECT DISTINCT billing_interval::text FROM subscriptions")
    assert {row[0] for row in months} == {"1 mon", "3 mons"}
    windows = await connection.fetch("SELECT DISTINCT active_rules.window::text FROM active_rules")
    assert {row[0] for row in windows} == {None, "1 year", "2 years", "6 mons", "42 days"}


async def test_the_connection_reads_lengths_of_time_as_it_did_before(connection):
    await population(connection, 4)
    assert await connection.fetchval("SELECT interval 'P1D'") == timedelta(days=1)


async def test_payments_are_worth_what_the_rate_of_their_day_says(connection):
    await population(connection, 400)
    wrong = await connection.fetchval(
        """
        SELECT count(*) FROM subscription_payments paid LEFT JOIN LATERAL (
          SELECT rate FROM exchange_rates WHERE exchange_rates.currency = paid.currency
            AND effective_on <= (paid_at AT TIME ZONE 'Europe/Berlin')::date
          ORDER BY effective_on DESC LIMIT 1
        ) day ON true
        WHERE business_amount <> round(amount * CASE WHEN currency = 'EUR' THEN 1 ELSE rate END, 2)
        """
    )
    assert wrong == 0
    assert await connection.fetchval("SELECT count(DISTINCT currency) FROM subscription_payments") == 4


async def test_how_customers_stand_is_kept_as_the_facts_say(connection):
    await population(connection, 200)
    assert [finding for finding in await findings(connection) if finding.broken] == []
    assert await connection.fetchval("SELECT count(*) FROM customer_activity WHERE service_subscription <> '{}'") > 0


async def test_the_shop_has_a_policy_of_its_own_from_the_day_it_opened(connection):
    await population(connection, 10)
    newest = await connection.fetchrow("SELECT version, effective_from FROM active_policies ORDER BY version DESC")
    assert newest["version"] == 2
    assert newest["effective_from"] < await connection.fetchval("SELECT min(created_at) FROM customers")


async def test_a_policy_that_the_business_has_set_stays_the_one_in_force(connection):
    await connection.execute(
        "INSERT INTO active_policies (policy_id, version, effective_from) VALUES (gen_random_uuid(), 2, '2020-01-01Z')"
    )
    await population(connection, 10)
    assert await connection.fetchval("SELECT count(*) FROM active_policies") == 2
    assert await connection.fetchval("SELECT count(*) FROM customer_standing") == 10


async def test_most_who_have_bought_collect_points(connection):
    await population(connection, 400)
    members, buyers = await connection.fetchrow(
        "SELECT (SELECT count(*) FROM loyalty_accounts), (SELECT count(DISTINCT customer_id) FROM orders)"
    )
    assert 0.5 < members / buyers < 0.7
    kinds = await connection.fetch("SELECT kind, count(*) FROM loyalty_transactions GROUP BY kind")
    assert {row["kind"] for row in kinds} == {"EARN", "REDEEM", "EXPIRE", "ADJUST", "REVERSE"}
    over = "SELECT count(*) FROM loyalty_lots WHERE remaining > 0 AND expires_at <= $1"
    assert await connection.fetchval(over, UNTIL.replace(hour=0, minute=0)) == 0
    last = await connection.fetchval("SELECT max(recorded_at) FROM loyalty_entries")
    assert last <= UNTIL


async def test_a_business_with_a_program_of_its_own_begins_without_members(connection):
    await connection.execute(
        "INSERT INTO loyalty_programs (program_id, version, effective_from, name, rounding, pending_for, tier_basis,"
        " tier_window, tier_grace) VALUES (gen_random_uuid(), 1, '2020-01-01Z', 'Own', 'DOWN', 'PT0S', 'POINTS',"
        " 'P1Y', 'PT0S')"
    )
    await population(connection, 10)
    found = await counts(connection)
    assert (found["loyalty_programs"], found["loyalty_accounts"]) == (1, 0)


async def test_nothing_is_recorded_before_what_it_belongs_to(connection):
    await population(connection, 400)
    refunds = "refunds JOIN orders USING (customer_id, order_id)"
    early = {
        "plans of orders": (
            "support_plans p JOIN orders USING (customer_id, order_id) WHERE p.recorded_at < orders.recorded_at"
        ),
        "usages": (
            "support_usages u JOIN support_plans p USING (customer_id, support_plan_id)"
            " WHERE version = 1 AND u.recorded_at < p.recorded_at"
        ),
        "refunds": f"{refunds} WHERE refunds.recorded_at < orders.recorded_at",
        "entries of points": (
            "loyalty_entries e JOIN loyalty_entries n ON n.customer_id = e.customer_id AND n.number = e.number + 1"
            " WHERE n.recorded_at < e.recorded_at"
        ),
        "points of orders": (
            "loyalty_transactions t JOIN orders o ON t.source = 'ORDER' AND t.source_id = o.order_id"
            " WHERE t.recorded_at < o.recorded_at"
        ),
        "customers": "customers c JOIN companies o USING (company_id) WHERE c.recorded_at < o.recorded_at",
    } | {
        f"{table} of customers": f"{table} f JOIN customers c USING (customer_id) WHERE f.recorded_at < c.recorded_at"
        for table in ("customer_external_ids", "orders", "refunds", "loyalty_accounts", *VERSIONED)
    }
    found = {name: await connection.fetchval(f"SELECT count(*) FROM {rows}") for name, rows in early.items()}
    assert found == dict.fromkeys(early, 0)
    entered_late = f"SELECT count(*) FROM {refunds} WHERE refunds.refunded_at < orders.recorded_at"
    assert await connection.fetchval(entered_late) > 0


async def test_whole_refunds_leave_nothing_of_the_order(connection):
    await population(connection, 200)
    left = await connection.fetch(
        """
        SELECT business_gross - business_discount - business_amount AS left FROM orders JOIN refunds
        USING (customer_id, order_id) WHERE amount = gross - discount
        """
    )
    assert {row["left"] for row in left} == {Decimal(0)}
