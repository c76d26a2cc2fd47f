"""What is done to points on request: what each answer says, what is refused, and that a refusal leaves nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from api.domain.calendar import Duration
from tests.writes.changes import counts, line, new_key, one_purchase, refund, told
from tests.writes.points import account, program

pytestmark = pytest.mark.anyio

NOW = datetime(2025, 6, 10, 12, tzinfo=UTC)
BALANCE = "balance { available pending total owed }"
ENTRY = "kind points balanceAfter reason consumed { points entry { kind points } }"
MOVED = f"loyaltyEntries {{ {ENTRY} }} loyaltyAccountBefore {{ {BALANCE} tier {{ code }} }}"
AFTER = f"customer {{ loyaltyAccount {{ {BALANCE} tier {{ code }} }} }}"
SELECTIONS = {
    "setLoyaltyProgram": "program { version name rounding pendingFor expiresAfter floor tierBasis tierWindow tierGrace"
    " rules { pointsPerUnit category customerKind tier } tiers { code name rank pointsRequired benefits } }",
    "enrollLoyalty": f"account {{ id {BALANCE} }} customer {{ id }}",
    "closeLoyaltyAccount": f"account {{ closedAt {BALANCE} entries(first: 9) {{ nodes {{ {ENTRY} }} }} }}",
    "redeemPoints": f"entry {{ {ENTRY} }} account {{ {BALANCE} }} customer {{ id }}",
    "adjustPoints": f"entry {{ {ENTRY} }} account {{ {BALANCE} }} customer {{ id }}",
    "transferPoints": f"entry {{ {ENTRY} }} otherEntry {{ {ENTRY} account {{ {BALANCE} }} }} account {{ {BALANCE} }}",
    "recordPurchase": f"order {{ id }} {MOVED} {AFTER}",
    "recordRefund": f"{MOVED} {AFTER}",
}
PROGRAM: dict[str, Any] = {
    "name": "Leaves",
    "rules": [{"pointsPerUnit": "1"}, {"pointsPerUnit": "2", "tier": "gold"}],
    "pendingFor": "P5D",
    "expiresAfter": "P1M",
    "tiers": [
        {"code": "base", "name": "Base", "pointsRequired": 0},
        {"code": "gold", "name": "Gold", "pointsRequired": 100, "benefits": ["Free delivery", "A card,\na mug"]},
    ],
}


def document(mutation):
    errors = "userErrors { code field message currentVersion } idempotency { replayed }"
    head = f"mutation ($input: {mutation[0].upper() + mutation[1:]}Input!)"
    return f"{head} {{ {mutation}(input: $input) {{ {SELECTIONS[mutation]} {errors} }} }}"


DOCUMENTS = {mutation: document(mutation) for mutation in SELECTIONS}
WHICH_LOTS = """mutation ($input: RedeemPointsInput!) { redeemPoints(input: $input) { entry {
  consumed { points entry { kind points } lot { points remaining expiresAt } } } } }"""


@pytest.fixture
def change(ask):
    """Makes a change and returns its payload, which must tell of no error."""
    ask.now = NOW

    async def made(mutation, asker=None, **given):
        answer = await (asker or ask)(DOCUMENTS[mutation], input={"idempotencyKey": new_key(), **given})
        assert answer[mutation].pop("userErrors") == []
        return answer[mutation]

    return made


@pytest.fixture
async def ann(given):
    return await given.customer(email="ann@example.com")


def whose(customer):
    return {"customer": {"id": customer.id}}


async def bought(change, price="100.00", at="2025-06-01T09:00:00Z", **more):
    purchase = one_purchase(line(price), placedAt=at)
    return await change("recordPurchase", **purchase, **more)


async def test_a_program_is_put_into_force_in_versions(ask, given, change):
    begin = {"effectiveFrom": "2025-01-01T00:00:00Z"}
    await given.business()
    made = (await change("setLoyaltyProgram", program=PROGRAM, expectedVersion=0, **begin))["program"]
    usual = {"rounding": "DOWN", "floor": 0, "tierBasis": "POINTS", "tierWindow": "P12M", "tierGrace": "P0D"}
    assert made == usual | {
        "version": 1,
        "name": "Leaves",
        "pendingFor": "P5D",
        "expiresAfter": "P1M",
        "rules": [
            {"pointsPerUnit": "1", "category": None, "customerKind": None, "tier": None},
            {"pointsPerUnit": "2", "category": None, "customerKind": None, "tier": "gold"},
        ],
        "tiers": [
            {"rank": 1, "benefits": []} | PROGRAM["tiers"][0],
            {"rank": 2} | PROGRAM["tiers"][1],
        ],
    }
    before = await counts(given.connection)
    found = []
    for more in (
        {"expectedVersion": 0, "effectiveFrom": "2025-02-01T00:00:00Z"},
        begin,
        {"effectiveFrom": "2036-01-01T00:00:00Z"},
    ):
        sent = {"idempotencyKey": new_key(), "program": PROGRAM, **more}
        found += (await ask(DOCUMENTS["setLoyaltyProgram"], input=sent))["setLoyaltyProgram"]["userErrors"]
    assert [(*told(error), error["currentVersion"]) for error in found] == [
        ("CONFLICT", "input.expectedVersion", 1),
        ("OUT_OF_RANGE", "input.effectiveFrom", None),
        ("OUT_OF_RANGE", "input.effectiveFrom", None),
    ]
    assert await counts(given.connection) == before | {"idempotency": before["idempotency"] + 3}
    later = {"effectiveFrom": "2025-02-01T00:00:00Z", "expectedVersion": 1}
    assert (await change("setLoyaltyProgram", program=PROGRAM, **later))["program"]["version"] == 2


async def test_a_purchase_and_a_redemption_tell_points_tier_and_lots_in_one_answer(given, change, ann):
    await given.business()
    await change("setLoyaltyProgram", program=PROGRAM, effectiveFrom="2025-01-01T00:00:00Z")
    await change("enrollLoyalty", **whose(ann), enrolledAt="2025-01-01T00:00:00Z")
    first = await bought(change, "40.00", "2025-05-20T09:00:00Z")
    assert first["loyaltyAccountBefore"]["balance"]["total"] == 0
    sent = one_purchase(line("60.00"), placedAt="2025-06-02T09:00:00Z")
    second = await change("recordPurchase", **sent)
    assert [entry["points"] for entry in second["loyaltyEntries"]] == [60]
    assert second["loyaltyAccountBefore"] == {
        "balance": {"available": 40, "pending": 0, "total": 40, "owed": 0}, "tier": {"code": "base"},
    }  # fmt: skip
    assert second["customer"]["loyaltyAccount"]["tier"] == {"code": "gold"}
    redeemed = await change("redeemPoints", **whose(ann), points=50, reason="Mug")
    assert redeemed["entry"] == {
        "kind": "REDEEM",
        "points": -50,
        "balanceAfter": 50,
        "reason": "Mug",
        "consumed": [
            {"points": points, "entry": {"kind": "EARN", "points": of}} for points, of in ((40, 40), (10, 60))
        ],
    }
    assert redeemed["account"]["balance"] == {"available": 50, "pending": 0, "total": 50, "owed": 0}
    # Whoever is in a tier earns by its rule, and what a repeat tells is what the first answer did.
    third = await bought(change, "10.00", "2025-06-09T09:00:00Z")
    assert [entry["points"] for entry in third["loyaltyEntries"]] == [20]
    assert third["customer"]["loyaltyAccount"]["balance"] == {"available": 50, "pending": 20, "total": 70, "owed": 0}
    again = await change("recordPurchase", **sent)
    assert again.pop("idempotency") == {"replayed": True}
    assert (again["loyaltyEntries"], again["loyaltyAccountBefore"]) == (
        second["loyaltyEntries"], second["loyaltyAccountBefore"],
    )  # fmt: skip


async def test_a_refund_tells_what_it_took_back_and_a_purchase_what_it_settled(given, change, ann):
    await program(given, tiers=(("base", 0), ("gold", 100)))
    await account(given, ann)
    order = (await bought(change))["order"]["id"]
    await change("redeemPoints", **whose(ann), points=70, reason="Mug")
    taken = await change("recordRefund", **refund(order, "100.00"))
    assert [(entry["kind"], entry["points"], entry["balanceAfter"]) for entry in taken["loyaltyEntries"]] == [
        ("REVERSE", -30, 0)
    ]
    assert (taken["loyaltyAccountBefore"]["tier"], taken["customer"]["loyaltyAccount"]["tier"]) == (
        {"code": "gold"},
        {"code": "base"},
    )
    assert taken["customer"]["loyaltyAccount"]["balance"] == {"available": 0, "pending": 0, "total": 0, "owed": 70}
    earned = await bought(change, "80.00", "2025-06-05T09:00:00Z")
    assert [(entry["kind"], entry["points"]) for entry in earned["loyaltyEntries"]] == [("EARN", 80), ("REVERSE", -70)]


async def test_without_an_account_there_are_no_points_to_tell(given, change, ann):
    await program(given)
    payload = await bought(change)
    assert (payload["loyaltyEntries"], payload["loyaltyAccountBefore"]) == ([], None)
    assert payload["customer"] == {"loyaltyAccount": None}


async def test_points_that_go_to_somebody_else_expire_when_they_would_have(ask, given, change, ann):
    ben = await given.customer(email="ben@example.com")
    await program(given, expires_after=Duration(1))
    for customer in (ann, ben):
        await account(given, customer)
    for at in ("2025-05-20T09:00:00Z", "2025-06-01T09:00:00Z"):
        await bought(change, "30.00", at)
    sent = {"points": 40, "reason": "Gift", "to": {"email": "ben@example.com"}}
    moved = await change("transferPoints", asker=of_customer(ask, ann), **whose(ann), **sent)
    assert (moved["entry"]["points"], moved["account"]["balance"]["total"], moved["otherEntry"]) == (-40, 20, None)
    lots = await given.connection.fetch(
        "SELECT points, expires_at FROM loyalty_lots WHERE customer_id = $1 ORDER BY expires_at", ben.key
    )
    ends = [datetime(2025, 6, 20, 9, tzinfo=UTC), datetime(2025, 7, 1, 9, tzinfo=UTC)]
    assert [tuple(lot) for lot in lots] == [(30, ends[0]), (10, ends[1])]
    # Both came by one entry, and each is named by itself.
    mug = {"idempotencyKey": new_key(), **whose(ben), "points": 35, "reason": "Mug"}
    spent = (await ask(WHICH_LOTS, input=mug))["redeemPoints"]["entry"]["consumed"]
    transfer = {"kind": "TRANSFER", "points": 40}
    assert spent == [
        {"points": points, "entry": transfer, "lot": {"points": came, "remaining": left, "expiresAt": ends}}
        for points, came, left, ends in (
            (30, 30, 0, "2025-06-20T09:00:00.000000Z"),
            (5, 10, 5, "2025-07-01T09:00:00.000000Z"),
        )
    ]
    back = await change("transferPoints", **whose(ben), points=1, reason="Back", to={"id": ann.id})
    assert (back["otherEntry"]["points"], back["otherEntry"]["account"]["balance"]["total"]) == (1, 21)


async def test_an_account_is_put_right_and_closed_for_good(given, change, ann):
    await program(given, expires_after=Duration(1))
    await account(given, ann)
    added = await change("adjustPoints", **whose(ann), points=30, reason="Sorry")
    assert (added["entry"]["kind"], added["account"]["balance"]["available"]) == ("ADJUST", 30)
    ends = await given.connection.fetchval("SELECT expires_at FROM loyalty_lots")
    assert ends == datetime(2025, 7, 10, 12, tzinfo=UTC)
    less = await change("adjustPoints", **whose(ann), points=-10, reason="Mistake")
    assert less["entry"]["consumed"] == [{"points": 10, "entry": {"kind": "ADJUST", "points": 30}}]
    closed = (await change("closeLoyaltyAccount", **whose(ann)))["account"]
    assert closed["closedAt"] == "2025-06-10T12:00:00.000000Z"
    assert [(entry["kind"], entry["points"]) for entry in closed["entries"]["nodes"]] == [
        ("EXPIRE", -20), ("ADJUST", -10), ("ADJUST", 30),
    ]  # fmt: skip
    assert (await bought(change))["loyaltyEntries"] == []


def of_customer(ask, customer):
    asker = ask.as_customer(customer.key)
    asker.now = ask.now
    return asker


ANN, BEN, DAN, EVE, NOBODY = ({"email": f"{name}@example.com"} for name in ("ann", "ben", "dan", "eve", "nobody"))
TIERS = PROGRAM["tiers"]
BAD: dict[str, tuple[str, dict[str, Any], str, str]] = {
    # what is wrong: mutation, input, code, path; Ann has 30 points, 20 pending ones and 10 expired ones, Ben's account
    # is closed, Dan's holds nothing, Eve has none
    "no points": ("redeemPoints", {"points": 0}, "OUT_OF_RANGE", "input.points"),
    "negative points": ("redeemPoints", {"points": -1}, "OUT_OF_RANGE", "input.points"),
    "too many points": ("redeemPoints", {"points": 2_000_000_001}, "OUT_OF_RANGE", "input.points"),
    "pending points": ("redeemPoints", {"points": 31}, "INSUFFICIENT_POINTS", "input.points"),
    "no reason": ("redeemPoints", {"points": 1, "reason": " "}, "BLANK", "input.reason"),
    "an unknown customer": ("redeemPoints", {"customer": NOBODY, "points": 1}, "NOT_FOUND", "input.customer"),
    "a closed account": ("redeemPoints", {"customer": BEN, "points": 1}, "INVALID_STATE", "input.customer"),
    "not enrolled": ("redeemPoints", {"customer": EVE, "points": 1}, "INVALID_STATE", "input.customer"),
    "closed already": ("closeLoyaltyAccount", {"customer": BEN}, "INVALID_STATE", "input.customer"),
    "nothing to close": ("closeLoyaltyAccount", {"customer": EVE}, "INVALID_STATE", "input.customer"),
    "enrolled already": ("enrollLoyalty", {"customer": ANN}, "TAKEN", "input.customer"),
    "closed for good": ("enrollLoyalty", {"customer": BEN}, "TAKEN", "input.customer"),
    "putting nothing right": ("adjustPoints", {"points": 0}, "OUT_OF_RANGE", "input.points"),
    "taking too many": ("adjustPoints", {"points": -31}, "INSUFFICIENT_POINTS", "input.points"),
    "adding too many": ("adjustPoints", {"points": 2_000_000_000}, "OUT_OF_RANGE", "input.points"),
    "adding to a closed account": ("adjustPoints", {"customer": BEN, "points": 1}, "INVALID_STATE", "input.customer"),
    "to oneself": ("transferPoints", {"points": 1, "to": ANN}, "INVALID", "input.to"),
    "to nobody": ("transferPoints", {"points": 1, "to": NOBODY}, "NOT_FOUND", "input.to"),
    "to a closed account": ("transferPoints", {"points": 1, "to": BEN}, "NOT_FOUND", "input.to"),
    "to who is not enrolled": ("transferPoints", {"points": 1, "to": EVE}, "NOT_FOUND", "input.to"),
    "what nobody has to nobody": (
        "transferPoints",
        {"points": 31, "to": NOBODY},
        "INSUFFICIENT_POINTS",
        "input.points",
    ),
    "what nobody has to a member": ("transferPoints", {"points": 31, "to": DAN}, "INSUFFICIENT_POINTS", "input.points"),
    "what nobody has to oneself": ("transferPoints", {"points": 31, "to": ANN}, "INSUFFICIENT_POINTS", "input.points"),
    "from a closed account to nobody": (
        "transferPoints",
        {"customer": BEN, "points": 1, "to": NOBODY},
        "INVALID_STATE",
        "input.customer",
    ),
    "an unknown tier": (
        "setLoyaltyProgram",
        {"rules": [{"pointsPerUnit": "1", "tier": "x"}]},
        "NOT_FOUND",
        "input.program.rules.0.tier",
    ),
    "two rules alike": (
        "setLoyaltyProgram",
        {"rules": [{"pointsPerUnit": "1"}] * 2},
        "INVALID",
        "input.program.rules.1",
    ),
    "tiers out of order": (
        "setLoyaltyProgram",
        {"tiers": TIERS[::-1], "rules": []},
        "OUT_OF_RANGE",
        "input.program.tiers.0.pointsRequired",
    ),
    "no window": ("setLoyaltyProgram", {"tierWindow": "P0D"}, "OUT_OF_RANGE", "input.program.tierWindow"),
}
USUAL: dict[str, Any] = {
    "redeemPoints": {"customer": ANN, "reason": "Mug"},
    "adjustPoints": {"customer": ANN, "reason": "Sorry"},
    "transferPoints": {"customer": ANN, "reason": "Gift"},
    "closeLoyaltyAccount": {},
    "enrollLoyalty": {},
}


def bad_input(mutation, parts):
    if mutation == "setLoyaltyProgram":
        parts = {"program": PROGRAM | parts, "effectiveFrom": "2025-06-01T00:00:00Z"}
    return {"idempotencyKey": new_key(), **USUAL.get(mutation, {}), **parts}


async def test_what_is_refused_has_one_code_and_leaves_nothing(ask, given, change, ann):
    ben = await given.customer(email="ben@example.com")
    await given.customer(email="eve@example.com")
    await program(given, pending_for=Duration(days=5), expires_after=Duration(days=40))
    for customer in (ann, ben, await given.customer(email="dan@example.com")):
        await account(given, customer)
    await change("closeLoyaltyAccount", customer=BEN)
    for price, at in (("10.00", "2025-04-01"), ("30.00", "2025-06-01"), ("20.00", "2025-06-09")):
        await bought(change, price, f"{at}T09:00:00Z")
    before = await counts(given.connection)
    found = {}
    for name, (mutation, parts, *_) in BAD.items():
        answer = await ask(DOCUMENTS[mutation], input=bad_input(mutation, parts))
        found[name] = [told(error) for error in answer[mutation]["userErrors"]]
    assert found == {name: [(code, path)] for name, (_, _, code, path) in BAD.items()}
    assert await counts(given.connection) == before | {"idempotency": before["idempotency"] + len(BAD)}


async def test_a_window_below_zero_is_no_length_of_time(ask, given):
    sent = bad_input("setLoyaltyProgram", {"expiresAfter": "P-1D"})
    await ask(DOCUMENTS["setLoyaltyProgram"], fails=True, input=sent)
    assert await given.connection.fetchval("SELECT count(*) FROM loyalty_programs") == 0


async def test_a_customer_moves_their_own_points_alone(ask, given, change, ann):
    ben = await given.customer(email="ben@example.com")
    await program(given)
    for customer in (ann, ben):
        await account(given, customer)
    await bought(change)
    as_ben, as_ann = of_customer(ask, ben), of_customer(ask, ann)
    mine: dict[str, Any] = {"customer": ANN, "points": 1, "reason": "Mine"}
    refused: list[tuple[Any, str, dict[str, Any], str]] = [
        (as_ben, "redeemPoints", mine, "input.customer"),
        (as_ben, "transferPoints", mine | {"to": BEN}, "input.customer"),
        (as_ben, "closeLoyaltyAccount", {"customer": ANN}, "input.customer"),
        (as_ann, "adjustPoints", mine, "input"),
        (as_ann, "setLoyaltyProgram", {"program": PROGRAM, "effectiveFrom": "2025-06-01T00:00:00Z"}, "input"),
    ]
    for asker, mutation, parts, path in refused:
        answer = await asker(DOCUMENTS[mutation], input={"idempotencyKey": new_key(), **parts})
        assert [told(error) for error in answer[mutation]["userErrors"]] == [("NOT_FOUND", path)]
    assert (await change("redeemPoints", asker=as_ann, **mine))["account"]["balance"]["total"] == 99


async def test_what_is_only_tried_is_told_and_not_kept(given, change, ann):
    await program(given)
    await account(given, ann)
    await bought(change)
    before = await counts(given.connection)
    tried = await change("redeemPoints", **whose(ann), points=60, reason="Mug", dryRun=True)
    assert (tried["account"]["balance"]["total"], tried["entry"]["points"], tried["idempotency"]) == (40, -60, None)
    assert (await bought(change, dryRun=True))["loyaltyEntries"][0]["balanceAfter"] == 200
    assert await counts(given.connection) == before
