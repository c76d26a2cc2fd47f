"""What a points program must be before it is put into force."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from api.domain.calendar import Duration
from api.domain.loyalty.earning import Rule, points_left, points_per_unit, rounded
from api.domain.loyalty.program import NewProgram, NewTier
from api.errors import Rejection

BASE, GOLD = NewTier("base", "Base", 0, None, []), NewTier("gold", "Gold", 500, None, ["Free delivery"])
GOOD = NewProgram(
    name="Leaves",
    rules=[Rule(Decimal("1.5")), Rule(Decimal(2), category="Tea", tier="gold")],
    rounding="DOWN",
    pending_for=Duration(days=30),
    expires_after=Duration(12),
    floor=0,
    tier_basis="POINTS",
    tier_window=Duration(12),
    tier_grace=Duration(),
    tiers=[BASE, GOLD],
)
YEARS_11 = Duration(132)
MONEY: dict[str, Any] = {"tier_basis": "SPEND", "tiers": [NewTier("base", "Base", None, Decimal(0))], "rules": []}

BAD: dict[str, tuple[dict[str, Any], str, str]] = {
    "no name": ({"name": " "}, "BLANK", "name"),
    "waits for hours": ({"pending_for": Duration(minutes=90)}, "INVALID", "pendingFor"),
    "waits too long": ({"pending_for": YEARS_11}, "OUT_OF_RANGE", "pendingFor"),
    "expires at once": ({"expires_after": Duration()}, "OUT_OF_RANGE", "expiresAfter"),
    "expires before it can be spent": ({"expires_after": Duration(days=30)}, "OUT_OF_RANGE", "expiresAfter"),
    "expires in February before it can be spent": ({"expires_after": Duration(1)}, "OUT_OF_RANGE", "expiresAfter"),
    "no window": ({"tier_window": Duration()}, "OUT_OF_RANGE", "tierWindow"),
    "too long a window": ({"tier_window": YEARS_11}, "OUT_OF_RANGE", "tierWindow"),
    "grace in minutes": ({"tier_grace": Duration(minutes=1)}, "INVALID", "tierGrace"),
    "floor above zero": ({"floor": 1}, "OUT_OF_RANGE", "floor"),
    "floor out of reach": ({"floor": -2_000_000_001}, "OUT_OF_RANGE", "floor"),
    "no tier": ({"tiers": []}, "BLANK", "tiers"),
    "too many tiers": ({"tiers": [BASE] * 21}, "LIMIT_EXCEEDED", "tiers"),
    "a tier without points": ({"tiers": [NewTier("a", "A", None, None)]}, "BLANK", "tiers.0.pointsRequired"),
    "a tier by both": ({"tiers": [NewTier("a", "A", 0, Decimal(0))]}, "INVALID", "tiers.0.amountRequired"),
    "a tier by points in a program by money": (MONEY | {"tiers": [BASE]}, "BLANK", "tiers.0.amountRequired"),
    "a tier without a code": ({"tiers": [replace(BASE, code="")]}, "BLANK", "tiers.0.code"),
    "a code twice": ({"tiers": [BASE, replace(GOLD, code="base")]}, "INVALID", "tiers.1.code"),
    "a first tier to be reached": ({"tiers": [GOLD]}, "OUT_OF_RANGE", "tiers.0.pointsRequired"),
    "tiers out of order": ({"tiers": [BASE, GOLD, replace(GOLD, code="x")]}, "OUT_OF_RANGE", "tiers.2.pointsRequired"),
    "points below zero": ({"tiers": [BASE, replace(GOLD, points=-1)]}, "OUT_OF_RANGE", "tiers.1.pointsRequired"),
    "an empty benefit": ({"tiers": [BASE, replace(GOLD, benefits=[""])]}, "BLANK", "tiers.1.benefits.0"),
    "too many benefits": ({"tiers": [replace(BASE, benefits=["x"] * 21)]}, "LIMIT_EXCEEDED", "tiers.0.benefits"),
    "too many rules": ({"rules": [Rule(Decimal(1))] * 101}, "LIMIT_EXCEEDED", "rules"),
    "negative points": ({"rules": [Rule(Decimal(-1))]}, "OUT_OF_RANGE", "rules.0.pointsPerUnit"),
    "no number of points": ({"rules": [Rule(Decimal("NaN"))]}, "OUT_OF_RANGE", "rules.0.pointsPerUnit"),
    "too many points": ({"rules": [Rule(Decimal("1000000.1"))]}, "OUT_OF_RANGE", "rules.0.pointsPerUnit"),
    "points too fine": ({"rules": [Rule(Decimal("0.0000001"))]}, "INVALID", "rules.0.pointsPerUnit"),
    "an unknown tier": ({"rules": [Rule(Decimal(1), tier="silver")]}, "NOT_FOUND", "rules.0.tier"),
    "two rules alike": (
        {"rules": [Rule(Decimal(1), category="Tea"), Rule(Decimal(2), category=" Tea ")]},
        "INVALID",
        "rules.1",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_a_program_cannot_be_has_one_code_and_place(name: str) -> None:
    parts, code, place = BAD[name]
    with pytest.raises(Rejection) as caught:
        replace(GOOD, **parts).checked(("program",))
    assert (caught.value.code.value, ".".join(caught.value.field or ())) == (code, f"program.{place}")


def test_a_good_program_is_kept_as_it_is() -> None:
    assert GOOD.checked(()) == GOOD
    replace(GOOD, **MONEY, expires_after=None, pending_for=Duration()).checked(())


def test_the_rule_with_most_conditions_holds_and_the_first_among_equals() -> None:
    rules = [
        Rule(Decimal(1)),
        Rule(Decimal(2), category="Tea"),
        Rule(Decimal(3), tier="gold"),
        Rule(Decimal(4), category="Tea", customer_kind="BUSINESS"),
    ]
    asked = [
        ("Tea", "CONSUMER", "gold"),
        ("Tea", "BUSINESS", "gold"),
        ("Pots", "CONSUMER", "gold"),
        (None, "BUSINESS", None),
    ]
    assert [points_per_unit(rules, *each) for each in asked] == [2, 4, 3, 1]
    assert points_per_unit(rules[1:], None, "CONSUMER", "base") == 0


def test_shares_that_cannot_be_written_exactly_lose_no_point() -> None:
    third = Decimal(100) / 3
    assert points_left(third, "DOWN", total=Decimal(100), refunded=Decimal(10)) == 30
    assert points_left(third, "UP", total=Decimal(100), refunded=Decimal(10)) == 30
    assert points_left(third, "UP", total=Decimal(100), refunded=Decimal(100)) == 0
    assert rounded(Decimal("1e30"), "DOWN") == 2_000_000_000
