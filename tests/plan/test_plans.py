"""What plans are kept for, and what PostgreSQL does with their statements."""

from __future__ import annotations

import json

import pytest

from api.plan.run import Plan
from tests.given import connected

pytestmark = pytest.mark.anyio

SUMMARY = "purchaseSummary { orderCount }"
SHAPES = {
    "used": "query ($u: Boolean!, $more: [ID!]) { customers { nodes { id email @include(if: $u) } } %s }",
    "in a fragment": """query ($u: Boolean!, $more: [ID!]) { customers { ...Page } %s }
      fragment Page on CustomerConnection { nodes { id ...Mail } }
      fragment Mail on Customer { email @include(if: $u) }""",
    "given to a nested field": """query ($u: [OrderStatus!], $more: [ID!]) {
      customers { nodes { orders(filter: {status: $u}) { nodes { id } } } } %s
    }""",
}


def plans_of(ask, text):
    """Return the plans kept for a document."""
    return [plan for plan in ask.documents.plans[text].values() if isinstance(plan, Plan)]


@pytest.mark.parametrize("text", SHAPES.values(), ids=SHAPES)
async def test_a_variable_changes_the_plan_of_the_fields_that_use_it(ask, given, text):
    await given.customers(1)
    text = text % ""
    one, other = (["COMPLETED"], None) if "OrderStatus" in text else (True, False)
    text = text.replace(", $more: [ID!]", "")
    answers = [await ask(text, u=value) for value in (one, other, one)]
    assert len(plans_of(ask, text)) == 2
    assert answers[0] == answers[2]


@pytest.mark.parametrize("text", SHAPES.values(), ids=SHAPES)
async def test_a_variable_used_elsewhere_changes_no_plan(ask, given, text):
    await given.customers(1)
    text = text % "nodes(ids: $more) { id }"
    text = text.replace("$more: [ID!]", "$more: [ID!]!")
    used = ["COMPLETED"] if "OrderStatus" in text else True
    for count in (1, 2, 0, 3):
        await ask(text, u=used, more=["cus_00000000000070008000000000000000"] * count)
    customers = [plan for plan in plans_of(ask, text) if "orders" in plan.level.statement.sql or not plan.level.keys]
    assert len(customers) == 1


PAGES = {
    "a plain page": "{ customers(first: 2) { nodes { %s } } }",
    "a page that knows whether more follow": "{ customers(first: 2) { nodes { %s } pageInfo { hasNextPage } } }",
    "a page from the end": "{ customers(last: 2) { edges { cursor node { %s } } } }",
}
BELOW = {"as json": "", "with sums": SUMMARY}


@pytest.mark.parametrize("more", BELOW.values(), ids=BELOW)
@pytest.mark.parametrize("text", PAGES.values(), ids=PAGES)
async def test_what_lies_below_is_built_for_the_rows_of_the_page_alone(ask, given, text, more):
    await given.customers(4, orders=(10,))
    await ask(text % f"id {more} orders {{ nodes {{ lines {{ nodes {{ sku }} }} }} }}")
    (statement,) = ask.statements
    plan = await explained(given, statement)
    assert [found["Actual Loops"] for found in scans(plan, "order_lines")] == [2]
    assert [found["Actual Loops"] for found in scans(plan, "orders")] == ([2, 2] if more else [2])


@pytest.mark.parametrize("text", PAGES.values(), ids=PAGES)
async def test_what_lies_below_rows_is_built_for_those_of_the_page_alone(curiously, given, text):
    await given.customers(4, orders=(10,))
    text = text.replace("customers", "shoppers")
    await curiously(text % "id mood { level } purchases { nodes { lines { nodes { sku } } } }")
    (statement,) = curiously.statements
    assert [found["Actual Loops"] for found in scans(await explained(given, statement), "order_lines")] == [2]


async def test_sums_are_summed_up_once_for_all_that_read_them(ask, given):
    await given.customers(4, orders=(10,))
    everything = "gross { amount } refunds { amount } net { amount currencyCode } averageOrderValue { amount }"
    await ask(f"{{ customers {{ nodes {{ purchaseSummary {{ {everything} }} }} }} }}")
    plan = await explained(given, ask.statements[0])
    assert {table: len(scans(plan, table)) for table in ("orders", "refunds")} == {"orders": 1, "refunds": 1}
    await ask("{ customers { nodes { purchaseSummary { orderCount } } } }")
    assert scans(await explained(given, ask.statements[0]), "refunds") == [], "what nobody reads is not summed up"


ANY_SIZE = {
    "as json": "query ($n: Int!) { customers(first: $n) { nodes { id } } }",
    "with its facts": "query ($n: Int!) { customers(last: $n) { nodes { id } pageInfo { hasPreviousPage } } }",
    "with sums": "query ($n: Int!) { customers(first: $n) { nodes { id purchaseSummary { orderCount } } } }",
    "as rows": "query ($n: Int!) { shoppers(first: $n) { nodes { id mood { level } } } }",
}


MANY = """INSERT INTO customers (customer_id, created_at, updated_at, recorded_at)
  SELECT gen_random_uuid(), at, at, at FROM generate_series(1, 1500) AS number,
  LATERAL (SELECT timestamptz '2025-01-01' + number * interval '1 hour' AS at) AS moment"""


@pytest.mark.parametrize("text", ANY_SIZE.values(), ids=ANY_SIZE)
async def test_a_page_of_any_size_is_planned_as_a_small_one(ask, curiously, given, database_url, text):
    await given.business()
    await given.connection.execute(MANY)
    asked = curiously if "shoppers" in text else ask
    await asked(text, n=3)
    (statement,) = asked.statements
    connection = await connected(database_url)
    await connection.execute("ANALYZE customers; SET plan_cache_mode = force_generic_plan")
    await connection.execute(f"PREPARE page AS {statement}")
    rows = await connection.fetch("EXPLAIN (FORMAT JSON) EXECUTE page(3)")
    await connection.close()
    plan = json.loads(rows[0][0])[0]["Plan"]
    limits = [node["Plan Rows"] for node in nodes(plan) if node["Node Type"] == "Limit"]
    assert limits
    assert max(limits) <= 101
    assert not [node for node in scans(plan, "customers") if node["Node Type"] == "Seq Scan"]


async def explained(given, statement):
    """Return the plan of a statement without parameters, as it ran."""
    rows = await given.connection.fetch(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}")
    return json.loads(rows[0][0])[0]["Plan"]


def nodes(plan):
    """Return a node of a plan and all below it."""
    return [plan, *(node for below in plan.get("Plans", []) for node in nodes(below))]


def scans(plan, table):
    """Return the nodes that read a table."""
    return [node for node in nodes(plan) if node.get("Relation Name") == table]
