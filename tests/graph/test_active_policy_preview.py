"""What another policy would change: just what happens when it is put into force."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from tests.given import Line
from tests.writes.changes import SET_ACTIVE_POLICY, new_key

pytestmark = pytest.mark.anyio

# The lists show who is active now, and now is when the database says so.
NOW = datetime.now(UTC).replace(microsecond=0)
PREVIEW = """query ($policy: ActivePolicyInput!, $asOf: DateTime, $first: Int!) {
  activePolicyPreview(policy: $policy, asOf: $asOf) { activeNow activeThen becomeActive becomeInactive
    sample(first: $first) { id displayName activeStatus { isActive } } } }"""
WHO = "{ customers(first: 100, filter: {isActive: true}) { nodes { id } } }"
POLICIES = [
    {"rules": [{"code": "RECENT_PURCHASE", "window": "P1M"}]},
    {"rules": [{"code": "RECENT_PURCHASE", "window": "P36M"}, {"code": "CONTRACT"}]},
    {
        "timeZone": "America/New_York",
        "rules": [
            {"code": "RECENT_PURCHASE", "window": "P3M"},
            {"code": "RECENT_PURCHASE", "window": "P30M", "category": "Tools"},
            {"code": "RECENT_PURCHASE", "enabled": False, "customerKind": "BUSINESS", "window": "P1D"},
            {"code": "LOYAL", "window": "P24M", "minimumCount": 2},
        ],
    },
    {"rules": []},
]


@pytest.fixture
async def shop(ask, given):
    random = Random(8)
    await given.business()
    await given.product("TOOL", "Saw", category="Tools")
    ask.now = NOW
    async with given.standing_at_the_end():
        for number in range(60):
            await customer_of(given, random, number)
    return ask


async def customer_of(given, random, number):
    kind = random.choice(("CONSUMER", "BUSINESS"))
    customer = await given.customer(first_name=f"C{number:02}", kind=kind, created_at=NOW - timedelta(days=1200))
    for _ in range(random.choice((0, 1, 1, 2, 5))):
        moment = NOW - timedelta(days=random.randrange(1, 1100))
        await given.order(customer, Line(10, sku=random.choice(("TEA", "TOOL"))), placed_at=moment)
    if number % 10 == 0:
        await given.contract(customer, starts_at=NOW - timedelta(days=9), term_ends_at=NOW + timedelta(days=9))


async def active(ask):
    return {customer["id"] for customer in (await ask(WHO))["customers"]["nodes"]}


@pytest.mark.parametrize("policy", POLICIES, ids=str)
async def test_it_says_what_happens_when_the_policy_is_put_into_force(shop, given, policy):
    before = await active(shop)
    answer = (await shop(PREVIEW, policy=policy, first=100))["activePolicyPreview"]
    assert len(shop.statements) == 1
    assert await given.connection.fetchval("SELECT count(*) FROM active_policies") == 1
    begun = (NOW - timedelta(seconds=1)).isoformat()
    await shop(SET_ACTIVE_POLICY, input={"policy": policy, "effectiveFrom": begun, "idempotencyKey": new_key()})
    after = await active(shop)
    assert (answer["activeNow"], answer["activeThen"]) == (len(before), len(after))
    assert (answer["becomeActive"], answer["becomeInactive"]) == (len(after - before), len(before - after))
    assert {one["id"] for one in answer["sample"]} == before ^ after != set()
    assert all(one["activeStatus"]["isActive"] == (one["id"] in before) for one in answer["sample"])


async def test_a_policy_can_be_tried_on_another_moment(shop):
    policy = {"rules": [{"code": "RECENT_PURCHASE", "window": "P1M"}]}
    answers = [
        (await shop(PREVIEW, policy=policy, first=1, asOf=as_of))["activePolicyPreview"]
        for as_of in (None, (NOW - timedelta(days=600)).isoformat())
    ]
    assert answers[0] != answers[1]
    assert [len(answer["sample"]) for answer in answers] == [1, 1]


BAD = {
    "no window": [{"code": "RECENT_PURCHASE"}],
    "empty window": [{"code": "LOYAL", "window": "P0D", "minimumCount": 5}],
    "hours": [{"code": "RECENT_PURCHASE", "window": "PT5H"}],
    "twice": [{"code": "CONTRACT"}, {"code": "CONTRACT"}],
    "category of a contract": [{"code": "CONTRACT", "category": "Tools"}],
}


@pytest.mark.parametrize("rules", BAD.values(), ids=BAD)
async def test_a_bad_policy_is_refused(ask, rules):
    await ask(PREVIEW, fails=True, policy={"rules": rules}, first=1)
    assert ask.codes == ["BAD_USER_INPUT"]
    assert "policy.rules" in str(ask.errors[0])


@pytest.mark.parametrize("first", [0, 101])
async def test_a_sample_has_limits(ask, first):
    await ask(PREVIEW, fails=True, policy={"rules": []}, first=first)
    assert ask.codes == ["BAD_USER_INPUT"]


async def test_a_bad_time_zone_is_refused(ask):
    await ask(PREVIEW, fails=True, policy={"rules": [], "timeZone": "Moon/Base"}, first=1)
    assert ask.codes == ["BAD_USER_INPUT"]
