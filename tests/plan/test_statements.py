"""How many statements an operation costs: counted, exactly."""

import pytest

pytestmark = pytest.mark.anyio

THREE_LEVELS = """{
  customers(first: 20) { nodes { displayName orders { nodes { number lines { nodes { sku quantity } } } } } }
}"""


async def test_three_levels_cost_one_statement(ask, given):
    await given.customers(20, orders=(100, 200))
    answer = await ask(THREE_LEVELS)
    assert [len(customer["orders"]["nodes"]) for customer in answer["customers"]["nodes"]] == [2] * 20
    assert len(ask.statements) == 1
