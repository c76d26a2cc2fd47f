"""How many statements an operation costs: counted, exactly; and that all of them see one moment's data."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.anyio

SUMMARY = "purchaseSummary { orderCount net { amount } }"
ONE = {
    "three levels": "{ customers { nodes { displayName orders { nodes { number lines { nodes { sku } } } } } } }",
    "everything about a page": """{
      customers { edges { cursor node { id } } nodes { id } pageInfo { hasNextPage endCursor } totalCount { count } }
    }""",
    "derived fields": f"{{ customers {{ nodes {{ {SUMMARY} lifetimeValue {{ historic {{ orderCount }} }} }} }} }}",
    "two derived fields with other arguments": f"""{{
      customers {{ nodes {{ {SUMMARY}
        early: purchaseSummary(during: {{endAt: "2025-01-01T00:00:00Z"}}) {{ orderCount }} }} }} }}""",
    "lists below a derived field": f"{{ customers {{ nodes {{ {SUMMARY} orders {{ nodes {{ number }} }} }} }} }}",
    "nodes of one type": "query ($c1: ID!, $c2: ID!) { nodes(ids: [$c1, $c2]) { ... on Customer { displayName } } }",
    "nodes of two types": """query ($c1: ID!, $o1: ID!) {
      nodes(ids: [$c1, $o1, $c1]) { ... on Customer { displayName } ... on Order { number } }
    }""",
}
TWO = {
    "two root fields": "{ customers { nodes { id } } orders { nodes { id } } }",
    "a derived field below a link": f"{{ orders {{ nodes {{ number customer {{ {SUMMARY} }} }} }} }}",
    "a derived field below a list": f"{{ products {{ nodes {{ id }} }} customers {{ nodes {{ {SUMMARY} }} }} }}",
    "nodes of two types, one derived": f"""query ($c1: ID!, $o1: ID!) {{
      nodes(ids: [$c1, $o1]) {{ ... on Customer {{ {SUMMARY} }} ... on Order {{ number }} }}
    }}""",
}
THREE = {
    "two derived levels below one another": f"""{{
      customers {{ nodes {{ orders {{ nodes {{ customer {{ {SUMMARY} }} }} }} }} }}
    }}""",
    "two links with derived fields": f"""{{
      orders {{ nodes {{ customer {{ {SUMMARY} }} again: customer {{ {SUMMARY} mergedInto {{ id }} }} }} }}
    }}""",
}
CASES = [(count, *case) for count, cases in ((1, ONE), (2, TWO), (3, THREE)) for case in cases.items()]


@pytest.mark.parametrize(("count", "text"), [case[::2] for case in CASES], ids=[case[1] for case in CASES])
async def test_an_operation_costs_as_many_statements_as_it_must(ask, given, count, text):
    customers = await given.customers(20, orders=(100, 200))
    (order,) = (await ask("{ orders(first: 1) { nodes { id } } }"))["orders"]["nodes"]
    known = {"c1": customers[0].id, "c2": customers[1].id, "o1": order["id"]}
    await ask(text, **{name: value for name, value in known.items() if f"${name}" in text})
    assert len(ask.statements) == count
    await ask(text, **{name: value for name, value in known.items() if f"${name}" in text})
    assert len(ask.statements) == count, "a plan that was kept costs the same"


async def test_three_levels_hold_all_rows(ask, given):
    await given.customers(20, orders=(100, 200))
    answer = await ask(ONE["three levels"])
    assert [len(customer["orders"]["nodes"]) for customer in answer["customers"]["nodes"]] == [2] * 20
    assert len(ask.statements) == 1


async def test_an_unknown_type_of_node_costs_nothing(ask):
    answer = await ask('{ node(id: "xyz_00000000000070008000000000000000") { id } }')
    assert answer == {"node": None}
    assert ask.statements == []


async def test_nothing_is_asked_for_names_of_types_alone(ask):
    assert await ask("{ __typename }") == {"__typename": "Query"}
    assert ask.statements == []


SNAPSHOTS = {
    "two root fields": "{ customers { nodes { id } } again: customers { nodes { id } } }",
    "a level and the one below it": f"""{{
      customers {{ totalCount {{ count }} nodes {{ id orders {{ nodes {{ customer {{ {SUMMARY} }} }} }} }} }}
    }}""",
}


@pytest.mark.parametrize("text", SNAPSHOTS.values(), ids=SNAPSHOTS)
async def test_all_statements_of_an_operation_see_one_snapshot(ask, given, text, writes_in_between):
    await given.customers(2, orders=(100,))
    answer = await ask(text)
    assert len(ask.statements) >= 2
    if "again" in answer:
        assert len(answer["customers"]["nodes"]) == len(answer["again"]["nodes"]) == 2
        return
    assert answer["customers"]["totalCount"] == {"count": 2}
    counts = [
        order["customer"]["purchaseSummary"]["orderCount"]
        for customer in answer["customers"]["nodes"]
        for order in customer["orders"]["nodes"]
    ]
    assert counts == [1, 1]


async def test_two_operations_see_two_moments(ask, given):
    await given.customers(1)
    text = SNAPSHOTS["two root fields"]
    assert len((await ask(text))["again"]["nodes"]) == 1
    await given.customers(1)
    assert len((await ask(text))["again"]["nodes"]) == 2
