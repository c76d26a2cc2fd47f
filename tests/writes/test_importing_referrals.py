"""Importing referrals of the past: what a row becomes, once, and what is not taken."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from api.writes.importing import Counts
from tests.given import Made
from tests.referrals.rows import add_code, add_program, add_referral
from tests.referrals.rows import joined as joins
from tests.referrals.shop import Shop
from tests.writes.imports import line

pytestmark = pytest.mark.anyio

MADE = """SELECT a.value, b.value, r.code, r.status, r.joined_at::date::text FROM referrals r
 JOIN customer_external_ids a ON a.customer_id = r.customer_id
 JOIN customer_external_ids b ON b.customer_id = r.referred_id ORDER BY a.value, b.value"""
CODES = "SELECT code, referral_id IS NULL FROM referral_codes ORDER BY code"
ANN = """{ customer(by: {externalId: {source: "import", value: "1"}}) { referralCode referralsMade(first: 9) { nodes {
 status code qualifiesAt program { version } rewards { points } attributedValue { amount } } } } }"""
BEN = """{ customer(by: {externalId: {source: "import", value: "2"}}) { referredBy { status referrer { id } } } }"""


def friend(referrer: object, referred: object, **more: object) -> dict[str, object]:
    """Return a row: by default of one who came on 1 March 2023."""
    return {"referrer": referrer, "referred": referred, "joined_at": "2023-03-01T12:00:00Z", **more}


async def people(imports, count: int) -> list[Made]:
    """Import a purchase of 2.50 for as many customers, and return their keys."""
    await imports.table(*(line(customer=str(n), order=f"A{n}", placed_at="2024-06-01") for n in range(1, count + 1)))
    found = "SELECT customer_id FROM customer_external_ids ORDER BY value::int"
    return [Made("cus", key) for (key,) in await imports.rows(found)]


async def test_friends_of_the_past_are_shown_and_give_nothing(imports, given, ask):
    ann, ben, cid, *_ = await people(imports, 5)
    rows = (friend(1, 2, code="ann-2023"), friend(2, 3), friend(1, 4, code="ANN2023"), friend(1, 5, code="OTHER1"))
    result = await imports.terms("referrals", *rows, lines_a_chunk=3)
    assert (result.rows_taken, result.added) == (4, Counts(referrals=4))
    day = ("CARRIED_OVER", "2023-03-01")
    assert await imports.rows(MADE) == [
        ("1", "2", "ANN2023", *day), ("1", "4", "ANN2023", *day), ("1", "5", "OTHER1", *day), ("2", "3", None, *day),
    ]  # fmt: skip
    assert await imports.rows(CODES) == [("ANN2023", True), ("OTHER1", False)]
    again = await imports.terms("referrals", *rows, friend(1, 2))
    assert (again.rows_taken, again.added, again.known) == (5, Counts(), Counts(referrals=4))

    # A program that begins before they came, and a purchase that would count by it, change nothing.
    ask.now = datetime.now(UTC)
    shop = Shop(ask, given)
    await shop.program(begin="2020-01-01T00:00:00Z")
    bought = await shop.buy(ben)
    assert bought["referral"] is None
    for come in (ben, cid):
        late = await shop.accept("ANN2023", come)
        assert [error["code"] for error in late["userErrors"]] == ["ALREADY_REFERRED"]
    seen = (await ask(ANN))["customer"]
    assert seen["referralCode"] == "ANN2023"
    made = seen["referralsMade"]["nodes"]
    brought = sorted((each.pop("code"), each.pop("attributedValue")["amount"]) for each in made)
    assert brought == [("ANN2023", "2.50"), ("ANN2023", "30.00"), ("OTHER1", "2.50")]
    assert made == [{"status": "CARRIED_OVER", "qualifiesAt": None, "program": None, "rewards": []}] * 3
    assert (await ask(BEN))["customer"]["referredBy"] == {"status": "CARRIED_OVER", "referrer": {"id": ann.id}}
    assert await imports.one("SELECT count(*) FROM referral_rewards") == 0
    assert await imports.is_sound()


@pytest.mark.parametrize("rows_a_chunk", [1, 5_000])
async def test_rows_that_cannot_be_are_rejected_for_one_reason_each(imports, given, rows_a_chunk):
    _, _, _, dan, eve, *_ = await people(imports, 9)
    await add_code(given, dan, "DAN123")
    await add_referral(given, await add_program(given), dan, "DAN123", joins(eve))
    rows = [
        (friend(1, 2), ""),
        (friend("", 3), "NO_CUSTOMER"),
        (friend(1, ""), "NO_CUSTOMER"),
        (friend(77, 3), "UNKNOWN_CUSTOMER"),
        (friend(1, 77), "UNKNOWN_CUSTOMER"),
        (friend(3, 3), "SELF_REFERRAL"),
        (friend(1, 3, joined_at="soon"), "BAD_DATE"),
        (friend(1, 3, joined_at="2100-01-01"), "FUTURE_DATE"),
        (friend(1, 3, code="A"), "BAD_CODE"),
        (friend(1, 3, code="DAN123"), "CODE_TAKEN"),
        (friend(3, 2), "ALREADY_REFERRED"),
        (friend(1, 2, joined_at="2023-03-02"), "CONFLICT"),
        (friend(1, 2, code="OTHER1"), "CONFLICT"),
        (friend(1, 5), "ALREADY_REFERRED"),
        # Circles with what is recorded, and among the rows.
        (friend(5, 4), "SELF_REFERRAL"),
        (friend(2, 3), ""),
        (friend(3, 1), "SELF_REFERRAL"),
        # The first that can be holds, also after one that cannot.
        (friend(6, 1, code="ANN2023"), ""),
        (friend(7, 8, code="ANN2023"), "CODE_TAKEN"),
        (friend(9, 8), ""),
        (friend(9, 8), ""),
    ]
    result = await imports.terms("referrals", *(row for row, _ in rows), lines_a_chunk=rows_a_chunk)
    assert sorted(imports.rejected()) == [(row, reason) for row, (_, reason) in enumerate(rows, 1) if reason]
    assert (result.rows_taken, result.added) == (5, Counts(referrals=4))
    assert [row[:2] for row in await imports.rows(MADE)] == [
        ("1", "2"), ("2", "3"), ("4", "5"), ("6", "1"), ("9", "8"),
    ]  # fmt: skip
    assert await imports.is_sound()
