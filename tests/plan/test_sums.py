"""Amounts of summaries are exact: rounded once, half away from zero, whatever is summed up and divided."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from tests.plan.summaries import shown

pytestmark = pytest.mark.anyio

NEARLY_HALF = "0.0299999999999999999999"
"""Divided by two, it is less than half a cent above a cent, by less than PostgreSQL keeps of a quotient by itself."""

PURCHASES = {
    "a half": (["0.05", "0"], "0", "0.05", "0.03"),
    "a half below zero": (["0.05", "0"], "0.10", "-0.05", "-0.03"),
    "nearly a half": ([NEARLY_HALF, "0"], "0", "0.03", "0.01"),
    "nearly a half below zero": (["0", "0"], NEARLY_HALF, "-0.03", "-0.01"),
    "a third": (["0.10", "0.10", "0.10", "0.01", "0.01", "0.02"], "0.24", "0.10", "0.02"),
    "two thirds of the largest": (["1e15", "1e15", "0"], "0", "2000000000000000.00", "666666666666666.67"),
    "halves that are summed before they are rounded": (["0.005", "0.005"], "0", "0.01", "0.01"),
    "no order": ([], "0.005", "-0.01", None),
}
SUMS = "{ customers { nodes { purchaseSummary { net { amount } averageOrderValue { amount currencyCode } } } } }"


@pytest.mark.parametrize(("amounts", "refund", "net", "average"), PURCHASES.values(), ids=PURCHASES)
async def test_net_and_average_equal_exact_arithmetic(ask, given, amounts, refund, net, average):
    buyer = await given.customer()
    for amount in amounts:
        await given.order(buyer, amount)
    if refund != "0":
        await given.refund(buyer, refund)
    (customer,) = (await ask(SUMS))["customers"]["nodes"]
    exact = sum(map(Fraction, amounts)) - Fraction(refund)
    assert customer["purchaseSummary"]["net"]["amount"] == net == f"{shown(exact, 'EUR').amount:f}"
    found = customer["purchaseSummary"]["averageOrderValue"]
    if average is None:
        assert found is None
    else:
        assert found == {"amount": average, "currencyCode": "EUR"}
        assert Decimal(average) == shown(exact / len(amounts), "EUR").amount
