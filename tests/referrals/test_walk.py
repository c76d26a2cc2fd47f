"""The state machine against a plain model of it, on a random walk through the real write path."""

from __future__ import annotations

from random import Random

import pytest

from api.domain.identity import public_id
from tests.referrals.model import HOLD, LIFETIME, MINIMUM, MOST, QUALIFY, WINDOW
from tests.referrals.shop import Shop
from tests.referrals.walk import Walk

pytestmark = pytest.mark.anyio

ROUNDS, STEPS = 8, 250
READ = """query ($ids: [ID!]!, $asOf: DateTime, $knownAt: DateTime) { nodes(ids: $ids, asOf: $asOf, knownAt: $knownAt) {
  ... on Referral { status heldForReview rewards { recipient { id } status } } } }"""


async def test_a_random_walk_takes_each_referral_where_the_model_does(ask, given):
    await given.business(zone="UTC")
    walk = Walk(given, Random(7))
    ask.now = walk.now
    days = {"qualifyWithin": QUALIFY, "hold": HOLD, "invitationLifetime": LIFETIME, "limitWindow": WINDOW}
    lengths = {name: f"P{length.days}D" for name, length in days.items()}
    minimum = {"amount": str(MINIMUM), "currencyCode": "EUR"}
    await Shop(ask, given).program(mostRewarded=MOST, minimumPurchase=minimum, **lengths)
    seen = []
    for _ in range(ROUNDS):
        await walk.go(STEPS)
        known_at = await given.connection.fetchval("SELECT clock_timestamp()")
        seen.append((walk.now, known_at, shown(walk)))
    for as_of, known_at, wanted in seen:
        for start in range(0, len(wanted), 100):
            ids = [public_id("rfl", key) for key in list(wanted)[start : start + 100]]
            moments = {"asOf": as_of.isoformat(), "knownAt": known_at.isoformat()}
            answer = (await ask(READ, ids=ids, **moments))["nodes"]
            assert answer == list(wanted.values())[start : start + 100]
    await nobody_gains_twice(given, walk)
    # A walk that never comes to a state proves nothing of it.
    states = {"JOINED", "QUALIFIED", "REJECTED", "REVERSED", "INVALID_STATE"}
    refusals = {"SELF_REFERRAL", "ALREADY_REFERRED", "ALREADY_CUSTOMER", "CODE_EXPIRED"}
    assert min(walk.taken.get(name, 0) for name in states | refusals) > 10
    assert walk.seen >= {"SAME_EMAIL", "SAME_ADDRESS", "CIRCLE", "KNOWN_MAILBOX"}
    assert any(each.signs == {"SAME_ADDRESS"} for each in walk.model.referrals), "which holds nothing up alone"
    told = {(each.shown(walk.now), each.reason) for each in walk.model.referrals}
    assert told >= {("EXPIRED", None), ("REWARDED", None)} | {
        *(("REVERSED", reason) for reason in ("REFUNDED", "ALREADY_CUSTOMER")),
    } | {("REJECTED", reason) for reason in ("ALREADY_CUSTOMER", "LIMIT_REACHED", "REVIEWED", "REFUNDED")}


def shown(walk):
    """Return what is to be read of each referral now."""
    found = {}
    for referral, key in walk.referrals.items():
        status = referral.shown(walk.now)
        stands = {"REVERSED": "REVERSED", "REWARDED": "ISSUED"}.get(status, "PENDING")
        rewards = [{"recipient": {"id": walk.people[each].id}, "status": stands} for each in referral.rewarded]
        found[key] = {"status": status, "heldForReview": referral.held, "rewards": rewards}
    return found


async def nobody_gains_twice(given, walk):
    """Check that nobody was paid twice for a friend, for themselves, or through a circle."""
    rows = await given.connection.fetch("SELECT customer_id, referred_id, side, recipient_id FROM referral_rewards")
    assert len(rows) == sum(len(each.rewarded) for each in walk.model.referrals) > 50
    sides = [(row["referred_id"], row["side"]) for row in rows]
    assert len(set(sides)) == len(sides)
    above = {row["referred_id"]: row["customer_id"] for row in rows}
    for friend in above:
        chain, person = {friend}, above[friend]
        while person in above:
            assert person not in chain
            chain.add(person)
            person = above[person]
        assert person not in chain
