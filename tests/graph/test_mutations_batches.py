"""What a batch records where some of its rows are wrong."""

from __future__ import annotations

import pytest

from tests.writes.changes import (
    RECORD_PURCHASES,
    batch,
    line,
    purchase,
    told,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def ann(given):
    """A customer who can be named by e-mail."""
    return await given.customer(first_name="Ann", email="ann@example.com")


async def test_rows_that_are_wrong_keep_the_good_ones_from_nothing_unless_told_so(ask, ann, given):
    rows = [
        purchase(externalId={"source": "s", "value": "1"}),
        purchase(line(quantity=0)),
        purchase(email="nobody@example.com"),
        purchase(line(currency="USD")),
        purchase(line(sku="NEW", name=None)),
        purchase(externalId={"source": "s", "value": "1"}),
        purchase(),
    ]
    wrong = [
        ("OUT_OF_RANGE", "input.purchases.1.lines.0.quantity"),
        ("NOT_FOUND", "input.purchases.2.customer"),
        ("MISSING_EXCHANGE_RATE", "input.purchases.3.lines.0.unitPrice"),
        ("BLANK", "input.purchases.4.lines.0.name"),
        ("TAKEN", "input.purchases.5.externalId"),
    ]
    refused = (await ask(RECORD_PURCHASES, input=batch(*rows, errorPolicy="REJECT_EVERYTHING")))["recordPurchases"]
    assert [told(error) for error in refused["userErrors"]] == wrong[:4]
    assert (refused["recorded"], [each["order"] for each in refused["results"]]) == (0, [None] * 7)
    assert await given.connection.fetchval("SELECT count(*) FROM orders") == 0
    assert await given.connection.fetchval("SELECT count(*) FROM products") == 0

    taken = await ask(RECORD_PURCHASES, input=batch(rows[0], rows[5], errorPolicy="REJECT_EVERYTHING"))
    assert [told(error) for error in taken["recordPurchases"]["userErrors"]] == [
        ("TAKEN", "input.purchases.1.externalId")
    ]
    assert await given.connection.fetchval("SELECT count(*) FROM orders") == 0

    answer = (await ask(RECORD_PURCHASES, input=batch(*rows)))["recordPurchases"]
    assert [told(error) for error in answer["userErrors"]] == wrong
    assert [[told(error) for error in each["userErrors"]] for each in answer["results"]] == [
        [],
        *[[each] for each in wrong],
        [],
    ]
    assert answer["recorded"] == 2
    assert [each["order"] is not None for each in answer["results"]] == [True, *[False] * 5, True]
    assert await given.connection.fetchval("SELECT count(*) FROM orders") == 2


@pytest.mark.parametrize(
    "naming",
    [
        purchase(line(sku="NEW", name="New")),
        purchase(line(sku="NEW", name="New"), email="nobody@example.com"),
        purchase(line(sku="NEW", name="New", currency="USD")),
        purchase(line(sku="NEW", name="New"), externalId={"source": "s", "value": "taken"}),
    ],
    ids=["recorded", "nobody", "no rate", "taken"],
)
@pytest.mark.parametrize("first", [True, False])
async def test_a_product_named_in_one_row_is_known_in_another(ask, ann, given, naming, first):
    await given.order(ann, 1, source="s", external_id="taken")
    using = purchase(line(sku="NEW", name=None))
    rows = [naming, using] if first else [using, naming]
    answer = (await ask(RECORD_PURCHASES, input=batch(*rows)))["recordPurchases"]
    assert answer["results"][rows.index(using)]["userErrors"] == []
    assert await given.connection.fetchval("SELECT name FROM order_lines WHERE sku = 'NEW' LIMIT 1") == "New"


async def test_a_product_that_only_rejected_rows_name_is_not_kept(ask, ann, given):
    rows = [purchase(), purchase(line(sku="NEW", name="New"), email="nobody@example.com")]
    await ask(RECORD_PURCHASES, input=batch(*rows))
    assert [row[0] for row in await given.connection.fetch("SELECT sku FROM products")] == ["TEA"]
