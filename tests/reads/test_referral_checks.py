"""What `regulars check` finds wrong with referrals, costs and counted pairs that were changed past all the rules."""

from __future__ import annotations

from datetime import timedelta

import pytest

from api.database import prepare
from api.reads import cost_checks, referral_checks
from api.reads.checks import findings
from api.reads.product_pairs_check import miscounted
from api.writes.product_pairs import count_pairs
from tests.given import NEW_YEAR, Line, Made
from tests.referrals.conftest import NOW
from tests.referrals.rows import add_referral, carried_over
from tests.referrals.shop import Shop
from tests.writes.changes import new_key
from tests.writes.points import ENROLL, program

pytestmark = pytest.mark.anyio

LAWS = referral_checks.LAWS | cost_checks.LAWS
TWICE, CIRCLE, REWARDS, POINTS, NOTHING, OVER, CODES, STEPS, MONEY, SPENT = LAWS
OPEN = "superseded_at IS NULL"
ANOTHER = "SELECT * FROM referral_rewards WHERE side = 'REFERRER' LIMIT 1"
BREAKS = {
    # What is done to the rows: which laws that breaks.
    "UPDATE referrals SET referred_id = (SELECT max(referred_id::text)::uuid FROM referrals) WHERE change = 'JOINED'": [
        TWICE
    ],
    """WITH friend AS (SELECT referred_id AS id FROM referrals WHERE status = 'JOINED' AND superseded_at IS NULL)
    UPDATE referrals SET customer_id = friend.id FROM friend WHERE referred_id = friend.id""": [CIRCLE],
    """WITH a AS (SELECT customer_id, referred_id FROM referrals WHERE status = 'JOINED' AND superseded_at IS NULL)
    UPDATE referrals SET referred_id = a.customer_id, customer_id = a.referred_id FROM a
    WHERE status = 'REJECTED'""": [CIRCLE],
    "DELETE FROM referral_rewards WHERE money IS NOT NULL AND side = 'REFERRED'": [REWARDS, MONEY],
    "UPDATE referral_rewards SET points = points + 1": [REWARDS, POINTS],
    "UPDATE referral_rewards SET recipient_id = referred_id WHERE points IS NOT NULL": [REWARDS, POINTS],
    "DELETE FROM referral_rewards WHERE points IS NOT NULL": [REWARDS, NOTHING],
    "UPDATE loyalty_entries SET points = points + 1 WHERE number IS NOT NULL AND kind = 'EARN'": [POINTS],
    "DELETE FROM loyalty_transactions WHERE source = 'REFERRER' AND kind = 'EARN'": [POINTS],
    "DELETE FROM loyalty_transactions WHERE source = 'REFERRER' AND kind = 'REVERSE'": [POINTS],
    "UPDATE loyalty_entries SET owed = owed + 1 WHERE number IS NOT NULL AND kind = 'REVERSE' AND points < 0": [POINTS],
    "UPDATE loyalty_transactions SET kind = 'ADJUST' WHERE source = 'REFERRER' AND kind = 'EARN'": [POINTS],
    "UPDATE referral_codes SET referral_id = gen_random_uuid() WHERE referral_id IS NULL": [CODES],
    "UPDATE referral_codes SET referral_id = NULL": [CODES],
    "UPDATE referrals SET code = 'NOSUCHCODE' WHERE version = 1": [CODES],
    f"UPDATE referrals SET status = 'REVERSED', change = 'REVERSED' WHERE status = 'QUALIFIED' AND {OPEN}": [
        *(REWARDS, POINTS, MONEY)
    ],
    f"UPDATE referrals SET status = 'QUALIFIED' WHERE status = 'REVERSED' AND {OPEN}": [POINTS, STEPS, MONEY],
    "UPDATE referrals SET changed_at = changed_at - interval '1 s' WHERE change = 'JOINED'": [OVER, STEPS],
    "UPDATE referrals SET version = 2 WHERE status = 'CARRIED_OVER'": [OVER],
    "UPDATE referrals SET superseded_at = NULL WHERE change = 'INVITED'": [STEPS],
    f"UPDATE referrals SET version = version + 5 WHERE {OPEN} AND version > 1": [STEPS],
    f"UPDATE referrals SET expires_at = expires_at + interval '1 h' WHERE status = 'JOINED' AND {OPEN}": [STEPS],
    "UPDATE referrals SET release_at = release_at - interval '1 h'": [STEPS],
    "UPDATE referrals SET qualified_at = qualified_at - interval '1 h'": [STEPS],
    f"UPDATE referrals SET changed_at = release_at + interval '1 h' WHERE status = 'REVERSED' AND {OPEN}": [STEPS],
    "UPDATE orders SET placed_at = placed_at + interval '1 h'": [STEPS],
    "UPDATE customer_costs SET amount = amount + 1 WHERE stream = 'REFERRALS' AND NOT taken_back": [MONEY],
    "DELETE FROM customer_costs WHERE taken_back AND stream = 'REFERRALS'": [MONEY],
    "UPDATE customer_costs SET cause_id = gen_random_uuid() WHERE stream = 'REFERRALS'": [MONEY],
    "UPDATE customer_costs SET amount = amount / 2 WHERE stream = 'LOYALTY'": [SPENT],
    "DELETE FROM customer_costs WHERE stream = 'LOYALTY'": [SPENT],
    "DELETE FROM customer_costs WHERE taken_back AND stream = 'LOYALTY'": [SPENT],
    "DELETE FROM loyalty_transactions WHERE reason = 'Cancelled'": [SPENT],
    "UPDATE loyalty_programs SET point_value = point_value * 2": [SPENT],
}
"""Constraints that no order of the rows gets past are taken away first."""
UNBOUND = """ALTER TABLE referrals DROP CONSTRAINT ck_referrals_nobody_refers_themselves;
  ALTER TABLE referrals DROP CONSTRAINT ck_referrals_steps_in_turn;
  ALTER TABLE referrals DROP CONSTRAINT ck_referrals_closed_on_both_clocks;
  ALTER TABLE referrals DROP CONSTRAINT ck_referrals_closed_after_it_opened;
  ALTER TABLE referrals DROP CONSTRAINT ck_referrals_refused_for_a_reason;
  ALTER TABLE referral_rewards DROP CONSTRAINT ck_referral_rewards_recipient_of_its_side;
  DROP INDEX uq_referral_codes_personal; DROP INDEX uq_referrals_joined_once; DROP INDEX uq_referrals_open"""
REDEEM = """mutation ($input: RedeemPointsInput!) { redeemPoints(input: $input) {
  entry { id } userErrors { code message } } }"""
UNDO = """mutation ($input: ReverseRedemptionInput!) { reverseRedemption(input: $input) {
  userErrors { code message } } }"""


async def broken(connection, laws=LAWS):
    return [law for law, check in laws.items() if await connection.fetchval(prepare(check).sql)]


async def lived(shop, given):
    """Let a shop have referrals of all kinds, and points that were spent."""
    await program(given, ("0", None, None, None), point_value=1)
    await shop.program()
    ann = await shop.customer()
    await shop.joined(ann)
    past = carried_over(await shop.customer())
    await add_referral(given, Made("rpr", given.key()), ann, "", past)
    _, rejected, _ = await shop.joined(ann)
    _, kept, _ = await shop.joined(ann)
    _, paid, _ = await shop.joined(ann)
    invited = (await shop.invite(ann))["referral"]["code"]
    await shop.program(begin="2025-05-01T00:00:00Z", referrerReward={"points": 30}, referredReward={"points": 9})
    friends = [await shop.customer() for _ in range(2)]
    await shop.accept(invited, friends[0])
    await shop.accept(await shop.code(kept), friends[1])
    for customer in (ann, kept):
        sent = {"idempotencyKey": new_key(), "customer": {"id": customer.id}}
        assert not (await shop.ask(ENROLL, input=sent))["enrollLoyalty"]["userErrors"]
    shop.later(hours=1)
    orders = [(await shop.buy(friend))["order"]["id"] for friend in (kept, *friends, paid)]
    await shop.buy(rejected, placedAt="2025-05-01T00:00:00Z")
    shop.later(days=1)
    await shop.refund(orders[0])
    await shop.refund(orders[2])
    shop.later(days=30)
    spent = {"customer": {"id": ann.id}, "points": 4}
    for reason in ("Mug", "Cup"):
        asked = {"idempotencyKey": new_key(), **spent, "reason": reason}
        redeemed = (await shop.ask(REDEEM, input=asked))["redeemPoints"]
        assert redeemed["userErrors"] == []
    undone = {"idempotencyKey": new_key(), "entryId": redeemed["entry"]["id"], "reason": "Cancelled"}
    assert (await shop.ask(UNDO, input=undone))["reverseRedemption"]["userErrors"] == []


@pytest.fixture
async def shop(ask, given):
    ask.now = NOW
    await given.business()
    return Shop(ask, given)


async def test_every_kind_of_break_is_found(shop, given, database):
    await lived(shop, given)
    connection = given.connection
    states = await connection.fetch("SELECT DISTINCT status FROM referrals WHERE superseded_at IS NULL")
    assert {row["status"] for row in states} == {"JOINED", "QUALIFIED", "REVERSED", "REJECTED", "CARRIED_OVER"}
    async with database.connection() as other:
        assert [each for each in await findings(other) if each.broken] == []
    await connection.execute("SET session_replication_role = replica")
    await connection.execute(UNBOUND)
    found = {}
    for change in BREAKS:
        undone = connection.transaction()
        await undone.start()
        await connection.execute(change)
        found[change] = await broken(connection)
        await undone.rollback()
    assert found == BREAKS
    await connection.execute("UPDATE referrals SET release_at = release_at - interval '1 h'")
    async with database.connection() as other:
        assert [each.law for each in await findings(other) if each.broken] == [STEPS]


async def miscounts(connection):
    return await connection.fetchval(prepare(miscounted()).sql)


async def test_pairs_that_are_kept_otherwise_than_they_were_bought_are_found(given):
    for sku in ("TEA", "POT", "MUG"):
        await given.product(sku, sku)
    connection, counted_at = given.connection, NEW_YEAR + timedelta(days=30)
    async with given.standing_at_the_end():
        for number in range(36):
            skus = ("TEA", "POT") if number < 12 else ("MUG",)
            await given.order(await given.customer(), *(Line(5, sku=sku) for sku in skus))
    assert (await miscounts(connection), await count_pairs(connection, counted_at)) == (0, 2)
    await given.order(await given.customer(), Line(5, sku="TEA"), placed_at=counted_at + timedelta(hours=1))
    assert await miscounts(connection) == 0, "what came later is counted the next time"
    changes = {
        "UPDATE product_pairs SET support = support - 1": (2, 2),
        "UPDATE product_pairs SET expected = expected / 2": (2, 0),
        "DELETE FROM product_pairs WHERE bought_id < offered_id": (1, 0),
        "DELETE FROM order_lines WHERE position = 1 AND sku = 'TEA'": (2, 0),
    }
    await connection.execute("SET session_replication_role = replica")
    for change, wrong in changes.items():
        undone = connection.transaction()
        await undone.start()
        await connection.execute(change)
        told = await miscounts(connection)
        # Somebody else bought another product when they were counted: what rests on all buyers may differ.
        await given.order(await given.customer(), Line(5, sku="MUG"), recorded_at=counted_at)
        assert (told, await miscounts(connection)) == wrong, change
        await undone.rollback()
    await given.order(await given.customer(), Line(5, sku="TEA"), recorded_at=counted_at)
    await connection.execute("UPDATE product_pairs SET support = support - 1")
    assert await miscounts(connection) == 0, "of these products something was on its way"
