"""Lists by predicted value: conditions and orders hold for everybody, now and looking back, and pages cost the same."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import DateTime, Numeric, Uuid, bindparam, select

from api.database import prepare
from api.reads.customers import customers as relation
from api.reads.page import beyond, first, steps
from api.reads.relation import Lens, Row, Term
from api.writes.ranking import rank
from tests.ranking.scores import NOW
from tests.ranking.test_ranking import shop

pytestmark = pytest.mark.anyio

CLOCKS = {"now": {}, "looking back": {"asOf": (NOW - timedelta(days=1)).isoformat()}}
PREDICTED = """query ($asOf: DateTime) {
  customers(first: 100, asOf: $asOf) {
    nodes {
      id
      lifetimeValue {
        predicted { ... on PredictedValue { expected { amount } probabilityActive churnRisk { band } } }
      }
    }
  }
}"""
LISTED = """query ($filter: CustomerFilterInput, $order: [CustomerOrderInput!], $asOf: DateTime,
  $first: Int, $last: Int, $after: String, $before: String) {
  customers(first: $first, last: $last, after: $after, before: $before, filter: $filter, orderBy: $order, asOf: $asOf) {
    nodes { id } totalCount { count } pageInfo { startCursor endCursor hasNextPage hasPreviousPage }
  }
}"""
RISKS = ["LOW", "MEDIUM", "HIGH"]
FIELDS = {
    "PREDICTED_VALUE": lambda one: one["value"],
    "PROBABILITY_ACTIVE": lambda one: one["probability"],
    "CHURN_BAND": lambda one: (RISKS.index(one["band"]), one["value"]),
}


async def predicted(ask, given, clocks):
    """Return by id what is predicted of those of whom anything is, and the ids of all."""
    await shop(given)
    await rank(given.connection, NOW)
    ask.now = NOW
    nodes = (await ask(PREDICTED, **clocks))["customers"]["nodes"]
    known = {}
    for node in nodes:
        figures = node["lifetimeValue"]["predicted"]
        if figures:
            value, band = Decimal(figures["expected"]["amount"]), figures["churnRisk"]["band"]
            known[node["id"]] = {"value": value, "probability": figures["probabilityActive"], "band": band}
    assert len(nodes) > len(known) > 20
    return known, [node["id"] for node in nodes]


async def listed(ask, **given):
    return (await ask(LISTED, **{"first": 100} | given))["customers"]


@pytest.mark.parametrize("clocks", CLOCKS.values(), ids=CLOCKS)
async def test_conditions_hold_for_those_and_no_others(ask, given, clocks):
    known, everybody = await predicted(ask, given, clocks)
    half = sorted(one["probability"] for one in known.values())[len(known) // 2]
    laws = {
        '{"predictedValue": {"gte": "30"}}': lambda one: one["value"] >= 30,
        '{"predictedValue": {"lt": "12.345", "gt": "1"}}': lambda one: 1 < one["value"] < Decimal("12.345"),
        json.dumps({"probabilityActive": {"lt": half}}): lambda one: one["probability"] < half,
        json.dumps({"probabilityActive": {"eq": half}}): lambda one: one["probability"] == half,
        json.dumps({"probabilityActive": {"gte": half, "lte": 1}}): lambda one: one["probability"] >= half,
        '{"churnBand": ["HIGH"]}': lambda one: one["band"] == "HIGH",
        '{"churnBand": ["LOW", "MEDIUM"]}': lambda one: one["band"] != "HIGH",
    }
    for condition, holds in laws.items():
        expected = {key for key, one in known.items() if holds(one)}
        assert 0 < len(expected) < len(known), condition
        found = await listed(ask, filter=json.loads(condition), **clocks)
        assert {node["id"] for node in found["nodes"]} == expected, condition
        others = await listed(ask, filter={"not": json.loads(condition)}, **clocks)
        assert {node["id"] for node in others["nodes"]} == set(everybody) - expected, condition


@pytest.mark.parametrize("clocks", CLOCKS.values(), ids=CLOCKS)
async def test_orders_put_everybody_in_place_and_pages_repeat_nobody(ask, given, clocks):
    known, everybody = await predicted(ask, given, clocks)
    for field, figure in FIELDS.items():
        assert len({figure(one) for one in known.values()}) > len(known) / 2
        for direction in ("ASC", "DESC"):
            order = {"order": [{"field": field, "direction": direction}], **clocks}
            whole = [node["id"] for node in (await listed(ask, **order))["nodes"]]
            assert sorted(whole) == sorted(everybody)
            places = [figure(known[key]) for key in whole if key in known]
            assert places == sorted(places, reverse=direction == "DESC")
            assert set(whole[len(known) :]) == set(everybody) - known.keys()
            ahead = await leafed_through(ask, "endCursor", "hasNextPage", lambda at: {"first": 7, "after": at}, order)
            assert ahead == whole
            back = await leafed_through(ask, "startCursor", "hasPreviousPage", backward, order)
            pages = [back[page : page + 7][::-1] for page in range(0, len(whole), 7)]
            assert [key for page in pages for key in page] == whole[::-1]


def backward(at):
    return {"first": None, "last": 7, "before": at}


async def leafed_through(ask, end, more, place, order):
    """Return the ids of all pages, one page after the other."""
    found, cursor, goes_on = [], None, True
    while goes_on:
        page = await listed(ask, **place(cursor), **order)
        found += [node["id"] for node in page["nodes"]]
        cursor, goes_on = page["pageInfo"][end], page["pageInfo"][more]
    return found


MANY = """
INSERT INTO customers (customer_id, kind, created_at, updated_at, recorded_at, tags)
SELECT gen_random_uuid(), 'CONSUMER', now(), now(), now(), '{}' FROM generate_series(1, 4000)"""
SOME_ARE_RANKED = """
UPDATE customer_prospects SET scored_at = now(), predicted_value = round((random() * 1000)::numeric, 2),
  terms_value = 0, variance = 1, probability_active = random(),
  churn_band = (ARRAY['LOW', 'MEDIUM', 'HIGH'])[1 + floor(random() * 3)::int], top_percent = 1
WHERE ctid IN (SELECT ctid FROM customer_prospects LIMIT 3900)"""
MOMENT = bindparam("moment", type_=DateTime(timezone=True))


async def read_of(connection, name, descending, cursor=None):
    """Return how many rows a page reads, and the steps of its plan."""
    row = Row(relation, Lens(moment=MOMENT))
    ordered = steps(row, [Term(name, descending)], total=False)
    values = [bindparam("value", type_=Numeric), bindparam("key", type_=Uuid)]
    conditions = [beyond(ordered, values, after=True)] if cursor else []
    page = first(select(row.key).select_from(row.source).where(*conditions), ordered, bindparam("size"))
    statement = prepare(page)
    given = dict(zip(("value", "key"), cursor, strict=True)) if cursor else {}
    sql = f"EXPLAIN (ANALYZE, FORMAT JSON) {statement.sql}"
    told = await connection.fetchval(sql, *statement.values({"size": 20, "moment": NOW, **given}))
    return list(nodes(json.loads(told)[0]["Plan"]))


def nodes(plan):
    yield plan["Node Type"], plan["Actual Rows"] * plan["Actual Loops"]
    for below in plan.get("Plans", []):
        yield from nodes(below)


@pytest.mark.parametrize(
    ("name", "of"), [("stands_predicted_value", "predicted_value"), ("stands_risk", "nullif(risk_falling, -1)")]
)
@pytest.mark.parametrize("descending", [True, False])
async def test_the_last_page_costs_what_the_first_one_does(given, descending, name, of):
    await given.business()
    connection = given.connection
    await connection.execute(MANY)
    await connection.execute(SOME_ARE_RANKED)
    await connection.execute("ANALYZE customers, customer_prospects")
    order = "DESC NULLS LAST, customer_id DESC" if descending else "ASC NULLS LAST, customer_id"
    far = f"SELECT {of}, customer_id FROM customer_prospects ORDER BY 1 {order} OFFSET $1 LIMIT 1"
    for place in (None, 2_000, 3_890, 3_950):
        cursor = None if place is None else tuple(await connection.fetchrow(far, place))
        plan = await read_of(connection, name, descending, cursor)
        assert not [step for step, _ in plan if "Sort" in step]
        assert max(rows for _, rows in plan) <= 21
