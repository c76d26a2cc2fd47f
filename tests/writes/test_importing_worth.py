"""What is imported is worth what it is worth when recorded: one rule, in SQL for files and in Python for changes."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from api.database import database as open_database
from api.domain.customer_name import CustomerName, ExternalKey
from api.domain.money import Amount
from api.domain.purchase import NewLine
from api.writes.business import Business
from api.writes.once import once
from api.writes.purchases import record_purchases
from tests.writes.changes import new_key, new_purchase, request
from tests.writes.imports import line

pytestmark = pytest.mark.anyio

WORTH = (
    "SELECT gross, discount, business_gross, business_discount, placed_at FROM orders WHERE source = $1"
    " ORDER BY external_id"
)
BUYER = CustomerName(external_id=ExternalKey("import", "4711"))
# The last two moments are the same day in London and two days in Berlin.
MOMENTS = [datetime(2025, 3, 1, 10, tzinfo=UTC), *(datetime(2025, 3, 1, hour, 30, tzinfo=UTC) for hour in (22, 23))]
PRICES = ["10.01", "0.50", "3.33", "0.01", "999999999999.99"]


@pytest.mark.parametrize("books", ["EUR", "JPY", "KWD"])
@pytest.mark.parametrize("rate", ["0.5", "1.05", "0.0150005", "157.3349999"])
async def test_an_imported_order_is_worth_what_a_recorded_one_is(imports, database_url, books, rate):
    shop = Business("Tea & Tools", books, "Europe/Berlin")
    await imports.rates(("2025-01-01", "USD", rate), ("2025-03-02", "USD", "2.5"), business=shop)
    asked = [(price, at, code) for price in PRICES for at in MOMENTS for code in (books, "USD")]
    asked = [(price if code != "JPY" else str(int(Decimal(price) + 1)), at, code) for price, at, code in asked]
    rows = [
        line(order=f"{n:03}", unit_price=price, currency=code, placed_at=at.isoformat(), discount=price[:-1] + "0")
        for n, (price, at, code) in enumerate(asked)
    ]
    assert (await imports.table(*rows, business=shop)).rows_rejected == 0
    async with open_database(database_url) as database:
        purchases = [purchase(number, *each) for number, each in enumerate(asked)]
        fields = [("purchases", str(number)) for number in range(len(asked))]
        await once(
            database, request(new_key()), lambda change: record_purchases(change, purchases, fields, all_or_none=True)
        )
    assert await imports.rows(WORTH, "import") == await imports.rows(WORTH, "shop")
    assert len(await imports.rows(WORTH, "shop")) == len(asked)


def purchase(number, price, placed_at, currency):
    """Return the purchase that the imported row says."""
    return replace(
        new_purchase(external_id=f"{number:03}"),
        customer=BUYER,
        placed_at=placed_at,
        lines=(NewLine("TEA", "Green tea", None, None, 1, Amount(Decimal(price), currency)),),
        discount=Amount(Decimal(price[:-1] + "0"), currency),
    )
