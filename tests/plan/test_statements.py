"""How many statements an operation costs: counted, exactly; and that all of them see one moment's data."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.given import NEW_YEAR

pytestmark = pytest.mark.anyio

SUMMARY = "purchaseSummary { orderCount net { amount } }"
ONE = {
    "three levels": "{ customers { nodes { displayName orders { nodes { number lines { nodes { sku } } } } } } }",
    "everything about a page": """{
      customers { edges { cursor node { id } } nodes { id } pageInfo { hasNextPage endCursor } totalCount { count } }
    }""",
    "sums": f"{{ customers {{ nodes {{ {SUMMARY} lifetimeValue {{ historic {{ orderCount }} }} }} }} }}",
    "sums of two stretches of time": f"""{{
      customers {{ nodes {{ {SUMMARY}
        early: purchaseSummary(during: {{endAt: "2025-01-01T00:00:00Z"}}) {{ orderCount }} }} }} }}""",
    "sums at every level": f"""{{
      customers {{ nodes {{ {SUMMARY} orders {{ nodes {{ customer {{ {SUMMARY} mergedInto {{ {SUMMARY} }} }} }} }} }} }}
    }}""",
    "nodes of one type": "query ($c1: ID!, $c2: ID!) { nodes(ids: [$c1, $c2]) { ... on Customer { displayName } } }",
    "nodes of two types": f"""query ($c1: ID!, $o1: ID!) {{
      nodes(ids: [$c1, $o1, $c1]) {{ ... on Customer {{ displayName {SUMMARY} }} ... on Order {{ number }} }}
    }}""",
}
TWO = {"two root fields": "{ customers { nodes { id } } orders { nodes { id } } }"}
MOOD = "mood { level }"
STATUS = """
  isActive reasons { code } policy { version } history { reasons }
  evaluations { code holds explanation shortfall evidence(first: 3) { nodes { ... on Order { number } } } }
"""
CURIOUS_ONE = {
    "derived fields": f"{{ shoppers {{ nodes {{ {MOOD} sureMood {{ name }} }} }} }}",
    "two derived fields with other arguments": f"{{ shoppers {{ nodes {{ {MOOD} a: mood(least: 5) {{ name }} }} }} }}",
    "lists below a derived field": f"{{ shoppers {{ nodes {{ {MOOD} purchases {{ nodes {{ number }} }} }} }} }}",
}
CURIOUS_TWO = {
    "a derived field below a link": f"{{ purchases {{ nodes {{ number shopper {{ {MOOD} }} }} }} }}",
    "a derived field beside another list": f"{{ purchases {{ nodes {{ id }} }} shoppers {{ nodes {{ {MOOD} }} }} }}",
}
CURIOUS_THREE = {
    "a derived field two levels below": f"""{{
      shoppers {{ nodes {{ purchases {{ nodes {{ shopper {{ {MOOD} }} }} }} }} }}
    }}""",
    "two links with derived fields": f"""{{
      purchases {{ nodes {{ shopper {{ {MOOD} }} again: shopper {{ {MOOD} mergedInto {{ id }} }} }} }}
    }}""",
}
CURIOUS = [
    (count, *case)
    for count, cases in ((1, CURIOUS_ONE), (2, CURIOUS_TWO), (3, CURIOUS_THREE))
    for case in cases.items()
]
CASES = [(count, *case) for count, cases in ((1, ONE), (2, TWO)) for case in cases.items()]


@pytest.mark.parametrize(("count", "text"), [case[::2] for case in CASES], ids=[case[1] for case in CASES])
async def test_an_operation_costs_as_many_statements_as_it_must(ask, given, count, text):
    customers = await given.customers(20, orders=(100, 200))
    (order,) = (await ask("{ orders(first: 1) { nodes { id } } }"))["orders"]["nodes"]
    known = {"c1": customers[0].id, "c2": customers[1].id, "o1": order["id"]}
    await ask(text, **{name: value for name, value in known.items() if f"${name}" in text})
    assert len(ask.statements) == count
    await ask(text, **{name: value for name, value in known.items() if f"${name}" in text})
    assert len(ask.statements) == count, "a plan that was kept costs the same"


@pytest.mark.parametrize(("count", "text"), [case[::2] for case in CURIOUS], ids=[case[1] for case in CURIOUS])
async def test_a_derived_field_costs_a_statement_where_rows_are_below_another_list(curiously, given, count, text):
    await given.customers(20, orders=(100, 200))
    for _ in range(2):
        await curiously(text)
        assert len(curiously.statements) == count


async def test_three_levels_hold_all_rows(ask, given):
    await given.customers(20, orders=(100, 200))
    answer = await ask(ONE["three levels"])
    assert [len(customer["orders"]["nodes"]) for customer in answer["customers"]["nodes"]] == [2] * 20
    assert len(ask.statements) == 1


async def test_why_fifty_customers_are_active_is_one_statement(ask, given):
    customers = await given.customers(50, orders=(100, 200, 300, 400))
    await given.subscription(customers[0], period_end=NEW_YEAR + timedelta(days=90))
    ask.now = NEW_YEAR + timedelta(days=60)
    answer = await ask(f"{{ customers(first: 50) {{ nodes {{ activeStatus {{ {STATUS} }} }} }} }}")
    assert len(ask.statements) == 1
    found = [node["activeStatus"] for node in answer["customers"]["nodes"]]
    assert [len(one["evaluations"][0]["evidence"]["nodes"]) for one in found] == [3] * 50
    assert [len(one["reasons"]) for one in found] == [2, *([1] * 49)]


async def test_an_unknown_type_of_node_costs_nothing(ask):
    answer = await ask('{ node(id: "xyz_00000000000070008000000000000000") { id } }')
    assert answer == {"node": None}
    assert ask.statements == []


async def test_nothing_is_asked_for_names_of_types_alone(ask):
    assert await ask("{ __typename }") == {"__typename": "Query"}
    assert ask.statements == []


TWICE = "{ customers { nodes { id } } again: customers { nodes { id } } }"
BELOW = f"{{ shoppers {{ totalCount {{ count }} nodes {{ id purchases {{ nodes {{ shopper {{ {MOOD} }} }} }} }} }} }}"


async def test_all_fields_of_an_operation_see_one_snapshot(ask, given, writes_in_between):
    await given.customers(2, orders=(100,))
    answer = await ask(TWICE)
    assert len(ask.statements) >= 2
    assert len(answer["customers"]["nodes"]) == len(answer["again"]["nodes"]) == 2


async def test_a_level_and_those_below_it_see_one_snapshot(curiously, given, writes_in_between):
    await given.customers(2, orders=(100,))
    answer = await curiously(BELOW)
    assert len(curiously.statements) >= 2
    assert answer["shoppers"]["totalCount"] == {"count": 2}
    levels = [
        purchase["shopper"]["mood"]["level"]
        for shopper in answer["shoppers"]["nodes"]
        for purchase in shopper["purchases"]["nodes"]
    ]
    assert levels == [1, 1]


async def test_two_operations_see_two_moments(ask, given):
    await given.customers(1)
    assert len((await ask(TWICE))["again"]["nodes"]) == 1
    await given.customers(1)
    assert len((await ask(TWICE))["again"]["nodes"]) == 2
