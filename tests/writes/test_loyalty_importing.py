"""Purchases and credit notes of a file move points as those that are recorded one by one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from api.domain.calendar import Duration
from tests.given import Made
from tests.writes.imports import retail
from tests.writes.points import account, balance, entries, program

pytestmark = pytest.mark.anyio

ENROLLED = datetime(2010, 3, 2, tzinfo=UTC)


def bought(day, quantity, invoice, **more):
    return retail(Invoice=invoice, InvoiceDate=f"2010-03-{day:02} 10:00:00", Quantity=quantity, Price=10, **more)


async def test_a_file_earns_in_batches_and_takes_back_what_it_credits(imports, given):
    await imports.retail(bought(1, 1, "500000"), bought(1, 1, "500001", Customer_ID=4712))
    ann, ben = [
        Made("cus", await imports.one("SELECT customer_id FROM customer_external_ids WHERE value = $1", value))
        for value in ("4711", "4712")
    ]
    rules = [("1", None, None, None), ("3", None, None, "gold")]
    begin = datetime(2005, 1, 1, tzinfo=UTC)
    tiers = (("base", 0), ("gold", 60))
    await program(given, *rules, tiers=tiers, effective_from=begin, expires_after=Duration(1))
    for customer in (ann, ben):
        await account(given, customer, ENROLLED)
    rows = [bought(day, quantity, f"50000{day}") for day, quantity in ((1, 9), (2, 5), (3, 2), (4, 1))]
    await imports.retail(*rows, bought(5, 1, "500009", Customer_ID=4712), bought(20, -2, "C600001"))
    # The purchase before the account was opened earned nothing; the one of the fourth is the first in the tier. Of the
    # credit note, half undoes that one, and half the one before.
    assert await entries(given, ann) == [
        ("EARN", 50, 50), ("EARN", 20, 70), ("EARN", 30, 100), ("REVERSE", -10, 90), ("REVERSE", -30, 60),
    ]  # fmt: skip
    assert (await balance(given, ann), await balance(given, ben)) == ((60, 0), (10, 0))
    assert await imports.is_sound()
    await imports.retail(*rows)
    assert await balance(given, ann) == (60, 0)
