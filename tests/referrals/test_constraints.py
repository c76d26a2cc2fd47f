"""What the database itself refuses of referrals, whoever writes to it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from tests.given import NEW_YEAR, Given
from tests.referrals.rows import (
    MONTH,
    add_code,
    add_program,
    add_referral,
    add_reward,
    carried_over,
    invited,
    joined,
    over,
    qualified,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def people(given):
    """A program, and six customers of whom each has a code, C000000 to C000005."""
    made = await given.customers(6)
    for number, customer in enumerate(made):
        await add_code(given, customer, f"C00000{number}")
    return await add_program(given), made


async def refused(given, match, work, *arguments: Any, **more: Any):
    """Check that work cannot be committed."""
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match=match):
        await committed(given.connection, work, *arguments, **more)


async def committed(connection, work, *arguments: Any, **more: Any):
    """Do work in a transaction, with all that is checked at its end."""
    async with connection.transaction():
        await work(*arguments, **more)
        await connection.execute("SET CONSTRAINTS ALL IMMEDIATE")


async def test_a_customer_is_referred_once_for_ever_by_somebody_else_and_in_no_circle(given, people):
    program, (ann, ben, cid, dan, *_) = people
    await add_referral(given, program, ann, "C000000", joined(ben), over("REJECTED", "VELOCITY"))
    by_cid = (add_referral, given, program, cid, "C000002")
    await refused(given, "joined_once", *by_cid, joined(ben))
    await refused(given, "nobody_refers_themselves", *by_cid, joined(cid))
    await add_referral(given, program, ben, "C000001", joined(cid))
    await add_referral(given, program, cid, "C000002", joined(dan))
    await refused(given, "joined_once", *by_cid, carried_over(ben))
    await refused(given, "come back to where they began", *by_cid, carried_over(ann))
    for number, referrer in ((1, ben), (2, cid), (3, dan)):
        circle = (add_referral, given, program, referrer, f"C00000{number}", joined(ann))
        await refused(given, "come back to where they began", *circle)


async def test_two_that_would_close_a_circle_at_the_same_time_take_turns(given, people, database_url):
    program, (ann, ben, *_) = people
    other = await asyncpg.connect(database_url)
    mine = given.connection.transaction()
    await mine.start()
    await add_referral(given, program, ann, "C000000", joined(ben))
    await given.connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
    by_ben = (add_referral, Given(other, start=1_000), program, ben, "C000001", joined(ann))
    theirs = asyncio.create_task(committed(other, *by_ben))
    await asyncio.sleep(0.1)
    await mine.commit()
    with pytest.raises(asyncpg.CheckViolationError, match="come back to where they began"):
        await theirs
    await other.close()


async def test_a_referral_takes_one_step_after_the_other(given, people):
    program, (ann, ben, cid, *_) = people
    order, others = await given.order(ben, 30), await given.order(cid, 30)
    late = NEW_YEAR + timedelta(days=1)
    odd = [
        ([over("REJECTED", "VELOCITY")], "joined_by_somebody"),
        ([invited(), joined(ben), joined(ben, late)], "joined_once"),
        ([invited(), qualified(order)], "joined_by_somebody"),
        ([joined(ben), over("REVERSED", "REFUNDED")], "qualified_by_a_purchase"),
        ([joined(ben), qualified(others)], "order_id"),
        ([joined(ben), qualified(order, qualified_at=NEW_YEAR - MONTH)], "steps_in_turn"),
        ([joined(ben), over("REJECTED", "BORED")], "reasons_known"),
        ([joined(ben), over("REJECTED", "VELOCITY") | {"reasons": []}], "refused_for_a_reason"),
        ([joined(ben), qualified(order), over("REJECTED", "REFUNDED")], "one step after the other"),
        ([joined(ben), qualified(order, in_review=True)], "one step after the other"),
        ([joined(ben), qualified(order, code="C000001")], "customer_id"),
        ([joined(ben), qualified(order, joined_at=NEW_YEAR - MONTH)], "one step after the other"),
        ([joined(ben), qualified(order, version=3)], "one step after the other"),
        ([joined(ben, in_review=True), qualified(order, in_review=False)], "one step after the other"),
        ([joined(ben, program_id=None)], "judged_unless_carried_over"),
        ([joined(ben, code=None)], "code_unless_carried_over"),
        ([carried_over(ben, program_id=program.key)], "judged_unless_carried_over"),
        ([carried_over(ben, code="C000000"), qualified(order, program_id=program.key)], "one step after the other"),
    ]
    for steps, match in odd:
        await refused(given, match, add_referral, given, program, ann, "C000000", *steps)
    steps = [joined(ben), qualified(order), over("REVERSED", "REFUNDED", late)]
    await committed(given.connection, add_referral, given, program, ann, "C000000", *steps)


async def test_each_side_is_rewarded_once_and_only_where_a_referral_counts(given, people):
    program, (ann, ben, cid, dan, *_) = people
    order, held = await given.order(ben, 30), await given.order(dan, 30)
    referral = await add_referral(given, program, ann, "C000000", joined(ben), qualified(order))
    waits = await add_referral(given, program, cid, "C000002", joined(dan, in_review=True), qualified(held))
    await add_reward(given, referral, ann, ben, "REFERRER")
    odd: list[tuple[str, Any, dict[str, Any]]] = [
        ("referral_id_side", (referral, ann, ben, "REFERRER"), {}),
        ("referred_id", (waits, cid, dan, "REFERRER"), {}),
        ("of_a_referral_that_counts", (waits, cid, dan, "REFERRER"), {"in_review": True}),
        ("recipient_of_its_side", (referral, ann, ben, "REFERRED"), {"recipient_id": cid.key}),
        ("referred_id", (referral, ann, ben, "REFERRED"), {"version": 1}),
        ("one_kind", (referral, ann, ben, "REFERRED"), {"points": 5}),
    ]
    for match, reward, columns in odd:
        await refused(given, match, add_reward, given, *reward, **columns)
    await add_reward(given, referral, ann, ben, "REFERRED", money=None, currency=None, points=5)
    for change in [
        "UPDATE referrals SET in_review = true, superseded_at = now(), replaced_at = now() WHERE superseded_at IS NULL",
        "DELETE FROM referrals",
        "TRUNCATE referrals CASCADE",
        "UPDATE referral_codes SET code = code || 'X'",
        "DELETE FROM referral_codes",
    ]:
        await refused(given, "changed or deleted|may change", given.connection.execute, change)
    await given.connection.execute("UPDATE referral_codes SET email = NULL, device = NULL")
