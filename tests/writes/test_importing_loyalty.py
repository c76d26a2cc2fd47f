"""Importing members of a points program: what a row becomes, once, and what is not taken."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from api.domain.calendar import Duration
from api.writes.importing import Counts, Progress, Step
from tests.given import Made
from tests.referrals.rows import add_code, add_program, add_referral, add_reward, joined, qualified
from tests.writes.imports import line
from tests.writes.points import account, entries, program

pytestmark = pytest.mark.anyio

ACCOUNTS = """SELECT i.value, a.opened_at::date::text, a.balance, l.available_at::date::text, l.expires_at::date::text
 FROM loyalty_accounts a JOIN customer_external_ids i USING (customer_id) LEFT JOIN loyalty_lots l USING (customer_id)
 ORDER BY i.value, l.available_at"""
BALANCE = """{ customer(by: {externalId: {source: "import", value: "4711"}}) { loyaltyAccount {
 balance { available } entries(first: 9) { nodes { kind points reason occurredAt } } } } }"""


def member(customer: str = "4711", points: object = 120, **more: object) -> dict[str, object]:
    """Return a row: by default 120 points at New Year's Eve of 2025."""
    return {"customer": customer, "points": points, "balance_at": "2025-12-31T12:00:00Z", **more}


async def people(imports, *names: str, **more: object):
    """Import a purchase of 2024 for each, and return their keys."""
    await imports.table(*(line(customer=name, order=f"A{name}", placed_at="2024-06-01", **more) for name in names))
    found = "SELECT customer_id FROM customer_external_ids WHERE value = $1"
    return [Made("cus", await imports.one(found, name)) for name in names]


def interrupted(progress: Progress) -> None:
    """Stop an import that has recorded its first chunk."""
    if progress.step is Step.RECORDING:
        raise KeyboardInterrupt


async def test_members_get_their_points_once_and_earn_from_then_on(imports, given, ask):
    ann, *_ = await people(imports, "4711", "4712")
    await program(given, expires_after=Duration(12))
    rows = (
        member(joined_at="2020-05-01", expires_at="2027-06-30T12:00:00Z"),
        member("4712", "7.0"),
    )
    with pytest.raises(KeyboardInterrupt):
        await imports.terms("loyalty", *rows, lines_a_chunk=1, report=interrupted)
    assert await imports.one("SELECT count(*) FROM loyalty_accounts") == 1
    both = await asyncio.gather(*(imports.terms("loyalty", *rows, lines_a_chunk=1) for _ in range(2)))
    assert [result.rows_taken for result in both] == [2, 2]
    assert sorted((result.added.members, result.known.members) for result in both) == [(0, 2), (1, 1)]
    assert await imports.rows(ACCOUNTS) == [
        ("4711", "2020-04-30", 120, "2025-12-31", "2027-06-30"),
        ("4712", "2025-12-31", 7, "2025-12-31", "2026-12-31"),
    ]
    assert (await ask(BALANCE))["customer"]["loyaltyAccount"] == {
        "balance": {"available": 120},
        "entries": {
            "nodes": [
                {
                    "kind": "ADJUST",
                    "points": 120,
                    "reason": "Opening balance",
                    "occurredAt": "2025-12-31T12:00:00.000000Z",
                }
            ]
        },
    }
    # What was bought before the balance is in it, also where it is recorded later; what is bought afterwards earns.
    await imports.table(
        line(order="B1", placed_at="2025-12-31T11:59:59Z", quantity=4),
        line(order="B2", placed_at="2026-01-01", quantity=2),
    )
    assert await entries(given, ann) == [("ADJUST", 120, 120), ("EARN", 5, 125)]

    again = await imports.terms("loyalty", *rows, rows[1], member("4712", "7"))
    assert (again.rows_taken, again.added, again.known) == (4, Counts(), Counts(members=2))
    other = (
        member(points=121),
        member(balance_at="2025-12-30"),
        member(expires_at="2027-07-01"),
        member(joined_at="2020-05-02"),
    )
    refused = await imports.terms("loyalty", *other)
    assert (refused.added, imports.rejected()) == (Counts(), [(row, "CONFLICT") for row in range(1, 5)])
    assert await entries(given, ann) == [("ADJUST", 120, 120), ("EARN", 5, 125)]
    assert await imports.is_sound()


async def test_points_that_waited_for_an_account_come_on_top(imports, given):
    ann, ben = await people(imports, "4711", "4712")
    await program(given)
    await add_code(given, ann, "ANN123")
    order = Made("ord", await imports.one("SELECT order_id FROM orders WHERE customer_id = $1", ben.key))
    referral = await add_referral(given, await add_program(given), ann, "ANN123", joined(ben), qualified(order))
    await add_reward(given, referral, ann, ben, "REFERRED", money=None, currency=None, points=5)
    await imports.terms("loyalty", member(), member("4712"))
    assert await entries(given, ann) == [("ADJUST", 120, 120)]
    assert await entries(given, ben) == [("ADJUST", 120, 120), ("EARN", 5, 125)]


async def test_rows_that_cannot_be_are_rejected_for_one_reason_each(imports, given):
    _, ben, cid, dan, _ = await people(imports, "4711", "4712", "4713", "4714", "4715")
    late = datetime(2026, 1, 1, tzinfo=UTC)
    await program(given, effective_from=late - timedelta(days=30))
    await account(given, ben, late, closed_at=late, closing_recorded_at=late)
    await account(given, cid, late - timedelta(days=9))
    await account(given, dan, late)
    await imports.table(line(customer="4713", order="B1", placed_at="2026-01-02"))
    wrong = {
        "NO_CUSTOMER": member(""),
        "UNKNOWN_CUSTOMER": member("4799"),
        "BAD_POINTS": member(points=0),
        "BAD_DATE": member(balance_at=""),
        "FUTURE_DATE": member(balance_at="2100-01-01"),
        "BAD_TERM": member(joined_at="2026-01-01"),
        "NO_PROGRAM": member(balance_at="2025-11-01"),
        "ACCOUNT_CLOSED": member("4712"),
        "HAS_POINTS": member("4713"),
        # The account was opened a day later.
        "CONFLICT": member("4714"),
    }
    points = [member(points=text) for text in ("", "-5", "1.5", "2000000001", "many")]
    more = [member(expires_at="2025-12-31T12:00:00Z"), member(joined_at="2100-01-01")]
    good = (member(points=2_000_000_000), member("4715", 1), member(points=5), member("4715", 1))
    result = await imports.terms("loyalty", *wrong.values(), *points, *more, *good)
    reasons = [*wrong, *["BAD_POINTS"] * 5, "BAD_TERM", "FUTURE_DATE", "", "", "CONFLICT"]
    assert sorted(imports.rejected()) == [(row, reason) for row, reason in enumerate(reasons, 1) if reason]
    assert (result.rows_taken, result.added, result.known) == (3, Counts(members=2), Counts())
    assert await imports.rows("SELECT points FROM loyalty_lots ORDER BY points") == [(1,), (2,), (2_000_000_000,)]
    assert await entries(given, dan) == []
    assert await imports.is_sound()
