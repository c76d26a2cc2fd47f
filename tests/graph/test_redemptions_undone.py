"""Points that were spent come back once, to the lots they were spent from, and what they cost comes back with them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from api.domain.calendar import Duration
from api.reads.checks import findings
from tests.graph.test_mutations_loyalty import DOCUMENTS, NOW, of_customer, whose
from tests.writes.changes import RECORD_PURCHASE, counts, line, new_key, one_purchase, told
from tests.writes.points import account, program

pytestmark = pytest.mark.anyio

USED = "points entry { points }"
REVERSE = f"""mutation ($input: ReverseRedemptionInput!) {{ reverseRedemption(input: $input) {{
  entry {{ kind points reason consumed {{ {USED} }} restored {{ {USED} }} reverses {{ id undoneAt }} source {{ id }} }}
  account {{ balance {{ available total owed redeemed expired lifetimeEarned }} }}
  customer {{ lifetimeValue {{ historic {{ costs {{ amount }} }} }} }}
  userErrors {{ code field }} idempotency {{ replayed }} }} }}"""
SPEND = """mutation ($input: RedeemPointsInput!) { redeemPoints(input: $input) { entry { id }
  customer { lifetimeValue { historic { costs { amount } } } } } }"""


@pytest.fixture
async def ann(ask, given):
    """A customer who bought for 40 and for 60."""
    ask.now = NOW
    customer = await given.customer(email="ann@example.com")
    await program(given, expires_after=Duration(days=20), point_value=Decimal("0.01"))
    await account(given, customer)
    for price, at in (("40.00", "2025-05-25T09:00:00Z"), ("60.00", "2025-06-02T09:00:00Z")):
        await ask(RECORD_PURCHASE, input=one_purchase(line(price), placedAt=at))
    return customer


@pytest.fixture
def spend(ask, ann):
    """Spends points of Ann, and returns the entry."""

    async def spent(points):
        answer = await ask(SPEND, input={"idempotencyKey": new_key(), **whose(ann), "points": points, "reason": "Mug"})
        assert cost(answer["redeemPoints"]) == "0.50"
        return answer["redeemPoints"]["entry"]["id"]

    return spent


def cost(payload):
    return payload["customer"]["lifetimeValue"]["historic"]["costs"]["amount"]


async def give_back(asker, entry, **more):
    sent = {"idempotencyKey": new_key(), "entryId": entry, "reason": "Cancelled"} | more
    return (await asker(REVERSE, input=sent))["reverseRedemption"]


async def test_points_go_back_to_the_lots_they_came_from_and_cost_nothing_any_more(ask, given, spend):
    entry = await spend(50)
    payload = await give_back(ask, entry)
    assert payload["userErrors"] == []
    assert payload["entry"] == {
        "kind": "REVERSE",
        "points": 50,
        "reason": "Cancelled",
        "consumed": [],
        "restored": [{"points": points, "entry": {"points": of}} for points, of in ((40, 40), (10, 60))],
        "reverses": {"id": entry, "undoneAt": "2025-06-10T12:00:00.000000Z"},
        "source": {"id": entry},
    }
    balance = {"available": 100, "total": 100, "owed": 0, "redeemed": 0, "expired": 0, "lifetimeEarned": 100}
    assert (payload["account"]["balance"], cost(payload)) == (balance, "0.00")
    lots = "SELECT points, remaining FROM loyalty_lots ORDER BY points"
    assert [tuple(lot) for lot in await given.connection.fetch(lots)] == [(40, 40), (60, 60)]
    assert not any(one.broken for one in await findings(given.connection))


async def test_points_whose_time_was_over_meanwhile_expire_at_once(ask, given, spend):
    entry = await spend(50)
    ask.now = NOW + timedelta(days=7)
    balance = (await give_back(ask, entry))["account"]["balance"]
    expected = {"available": 60, "total": 60, "owed": 0, "redeemed": 0, "expired": 40, "lifetimeEarned": 100}
    assert balance == expected
    assert not any(one.broken for one in await findings(given.connection))
    ended = await given.connection.fetchval("SELECT min(expires_at) FROM loyalty_lots")
    assert ended == datetime(2025, 6, 14, 9, tzinfo=UTC)


async def test_what_cannot_be_given_back_has_one_code_and_leaves_nothing(ask, given, ann, spend):
    again = await spend(50)
    await give_back(ask, again)
    entry = await spend(50)
    earning = await given.connection.fetchval("SELECT entry_id FROM loyalty_entries WHERE number = 1")
    before = await counts(given.connection)
    refused = [
        (ask, {"entry": again}, "INVALID_STATE", "input.entryId"),
        (ask, {"entry": f"len_{earning.hex}"}, "INVALID", "input.entryId"),
        (ask, {"entry": ann.id}, "NOT_FOUND", "input.entryId"),
        (ask, {"entry": entry, "reason": " "}, "BLANK", "input.reason"),
        (of_customer(ask, ann), {"entry": entry}, "NOT_FOUND", "input"),
    ]
    found = [(await give_back(asker, **more))["userErrors"] for asker, more, *_ in refused]
    assert [[told(error) for error in errors] for errors in found] == [[tuple(each[2:])] for each in refused]
    assert await counts(given.connection) == before | {"idempotency": before["idempotency"] + len(refused)}
    tried = await give_back(ask, entry, dryRun=True)
    assert tried["account"]["balance"]["total"] == 100
    assert await counts(given.connection) == before | {"idempotency": before["idempotency"] + len(refused)}
    await ask(DOCUMENTS["closeLoyaltyAccount"], input={"idempotencyKey": new_key(), **whose(ann)})
    (error,) = (await give_back(ask, entry))["userErrors"]
    assert told(error) == ("INVALID_STATE", "input.entryId")
