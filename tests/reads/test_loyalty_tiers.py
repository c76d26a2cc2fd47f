"""Tiers of customers with histories at random are what adding up instant by instant says, at any moment."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from api.database import prepare
from api.domain.calendar import Duration
from api.reads.loyalty_tiers import tiers_before
from tests.activity.facts import Length
from tests.asking import Ask
from tests.given import Given, Made
from tests.points import Account, Points
from tests.reads.loyalty_oracle import Fact, Program, Question, Standing, in_force
from tests.writes.points import program

pytestmark = pytest.mark.anyio

COUNT = 1_000
FIRST, NOW = datetime(2023, 1, 1, tzinfo=UTC), datetime(2026, 6, 1, 12, tzinfo=UTC)
PROGRAMS = (
    # From when it is in force, when it was recorded, and its rules; the last one was entered late.
    Program(FIRST, FIRST, "POINTS", Length(6), Length(), (("bronze", Decimal(0)), ("gold", Decimal(300)))),
    Program(
        datetime(2024, 3, 1, tzinfo=UTC), FIRST, "SPEND", Length(12), Length(1),
        (("bronze", Decimal(0)), ("silver", Decimal("150.5")), ("gold", Decimal(400)), ("top", Decimal(600))),
    ),
    Program(
        datetime(2025, 5, 31, 10, tzinfo=UTC), datetime(2025, 8, 1, tzinfo=UTC), "POINTS", Length(3, 10), Length(2),
        (("bronze", Decimal(0)), ("silver", Decimal(100)), ("gold", Decimal(250))),
    ),
)  # fmt: skip
PAGE = """query Page($asOf: DateTime, $knownAt: DateTime, $after: String) {
  customers(first: 100, after: $after, asOf: $asOf, knownAt: $knownAt) {
    nodes { id loyaltyAccount { tier { code } tierUntil
      tierKeeping { pointsNeeded amountNeeded { amount currencyCode } before }
      nextTier { tier { code } pointsNeeded amountNeeded { amount currencyCode } before } } }
    pageInfo { hasNextPage endCursor }
  }
}"""

PAGE_OF_SOME = """query Some($filter: CustomerFilterInput, $asOf: DateTime, $knownAt: DateTime, $after: String) {
  customers(first: 100, after: $after, filter: $filter, asOf: $asOf, knownAt: $knownAt) {
    nodes { id }
    pageInfo { hasNextPage endCursor }
  }
}"""
BY_TIER = """query Base($asOf: DateTime, $knownAt: DateTime) {
  customerBase(asOf: $asOf, knownAt: $knownAt) { byTier { code customers } }
}"""


async def test_tiers_agree_with_a_plain_calculation_at_any_moment(ask: Ask, given: Given) -> None:
    random, facts = Random(6), defaultdict[str, list[Fact]](list)
    await given.business()
    for version, one in enumerate(PROGRAMS, 1):
        lengths = {"tier_window": one.window, "tier_grace": one.grace}
        rules: dict[str, Any] = {name: Duration(of.months, of.days) for name, of in lengths.items()}
        rules |= {"effective_from": one.effective_from, "recorded_at": one.recorded, "tier_basis": one.basis}
        await program(given, tiers=one.tiers, version=version, **rules)
    customers = await histories(given, random, facts)
    ask.now = NOW
    seen = Counter[str]()
    enrolled = {one.id for number, one in enumerate(customers) if number % 10 < 9}
    for question in questions(random, facts):
        everybody = await pages(ask, PAGE, question)
        assert len(everybody) == COUNT
        tiers = dict[str, str]()
        for found in everybody:
            expected = told(facts[found["id"]], question) if found["id"] in enrolled else None
            assert found["loyaltyAccount"] == expected, (question, facts[found["id"]])
            if expected:
                tiers[found["id"]] = expected["tier"]["code"]
                seen["kept"] += bool(expected["tierUntil"])
        seen.update(tiers.values())
        await check_lists(ask, question, tiers)
    assert min(seen[code] for code in ("bronze", "silver", "gold", "top", "kept")) > COUNT / 50
    await check_purchases(given, customers, facts)


def questions(random: Random, facts: dict[str, list[Fact]]) -> list[Question]:
    """Return clocks: none, at random, and instants that mean something to a customer."""
    moments = [at for some in facts.values() for fact in some for at in (fact.counts, fact.happened)]
    near = sorted(random.sample(moments, 3))
    late = datetime(2025, 7, 1, tzinfo=UTC)
    return [
        Question(NOW),
        Question(late, late),
        # The late version was not known yet, and what it replaces still judged.
        Question(late, late, late),
        *[Question(at, at) for at in near],
        Question(datetime(2027, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)),
    ]


def clocks(question: Question) -> dict[str, Any]:
    """Return the clocks of a question as variables."""
    both = {"asOf": question.as_of, "knownAt": question.known_at}
    return {name: at and at.isoformat() for name, at in both.items()}


async def check_lists(ask: Ask, question: Question, tiers: dict[str, str]) -> None:
    """Compare lists of some tiers, and counts of all, with what was read of customers one by one."""
    wanted = {"loyaltyTier": ["gold", "top", "lead"]}
    for condition, expected in (
        (wanted, {one for one, code in tiers.items() if code in wanted["loyaltyTier"]}),
        ({"loyaltyEnrolled": True}, set(tiers)),
    ):
        found = await pages(ask, PAGE_OF_SOME, question, filter=condition)
        assert {one["id"] for one in found} == expected
    base = (await ask(BY_TIER, **clocks(question)))["customerBase"]["byTier"]
    counted = Counter(tiers.values())
    assert [one["customers"] for one in base] == [counted[one["code"]] for one in base]
    assert counted.keys() <= {one["code"] for one in base}


async def pages(ask: Ask, document: str, question: Question, **more: Any) -> list[Any]:
    variables, found = clocks(question) | more, list[Any]()
    while True:
        page = (await ask(document, **variables))["customers"]
        assert len(ask.statements) == 1
        found += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        variables["after"] = page["pageInfo"]["endCursor"]


def told(facts: Sequence[Fact], question: Question) -> Any:
    """Return what the oracle says, as the interface does."""
    judge = in_force(PROGRAMS, question)
    assert judge
    seen = [fact for fact in facts if question.sees(fact.happened, fact.recorded)]
    standing = Standing(judge, seen, question.moment)
    following, until, lacking = standing.following, standing.until, standing.lacking
    found: dict[str, Any] = {"tier": {"code": standing.tier}, "tierUntil": shown(until)}
    found["tierKeeping"] = missing(judge, lacking, until) if lacking is not None else None
    found["nextTier"] = {"tier": {"code": following[0]}} | missing(judge, *following[1:]) if following else None
    return found


def missing(judge: Program, needed: Decimal, before: datetime | None) -> dict[str, Any]:
    """Return what is missing for a tier, as the interface does."""
    if judge.basis == "POINTS":
        return {"pointsNeeded": int(needed), "amountNeeded": None, "before": shown(before)}
    amount = {"amount": f"{needed:.2f}", "currencyCode": "EUR"}
    return {"pointsNeeded": None, "amountNeeded": amount, "before": shown(before)}


def shown(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z") if moment else None


async def check_purchases(given: Given, customers: Sequence[Made], facts: dict[str, list[Fact]]) -> None:
    """Compare in which tier customers were when they bought with what adds up without that purchase."""
    bought = [(one, fact.counts) for one in customers for fact in facts[one.id] if fact.amount > 0]
    statement = prepare(tiers_before())
    arrays = {"customer_ids": [one.key for one, _ in bought], "moments": [at for _, at in bought]}
    rows = await given.connection.fetch(statement.sql, *statement.values(arrays))
    assert [row["ord"] for row in rows] == list(range(1, len(bought) + 1))
    for row, (one, at) in zip(rows, bought, strict=True):
        question = Question(at, at)
        judge = in_force(PROGRAMS, question)
        assert judge
        before = [fact for fact in facts[one.id] if question.sees(fact.happened, fact.recorded) and fact.counts < at]
        assert row["code"] == Standing(judge, before, at).tier
    assert len({row["code"] for row in rows}) == 4


async def histories(given: Given, random: Random, facts: dict[str, list[Fact]]) -> list[Made]:
    """Make customers, their accounts, and what they bought, earned and got back."""
    points, customers = Points(given), list[Made]()
    orders, refunds = list[dict[str, Any]](), list[dict[str, Any]]()
    for number in range(COUNT):
        customers.append(Made("cus", given.key()))
        account = None if number % 10 == 9 else points.account(customers[-1], FIRST)
        for at in sorted(moment(random) for _ in range(number % 8)):
            facts[customers[-1].id] += spent(random, given, customers[-1], at, orders, refunds)
            facts[customers[-1].id] += earned(random, points, account, at) if account else []
    came = dict.fromkeys(("created_at", "updated_at", "recorded_at"), FIRST)
    keys = [{"customer_id": one.key, **came} for one in customers]
    await given.product()
    lines = [line(given, order) for order in orders]
    async with given.connection.transaction():
        for table, rows in (("customers", keys), ("orders", orders), ("order_lines", lines), ("refunds", refunds)):
            records = [list(row.values()) for row in rows]
            await given.connection.copy_records_to_table(table, records=records, columns=list(rows[0]))
    await points.write()
    return customers


def line(given: Given, order: dict[str, Any]) -> dict[str, Any]:
    """Return the one line of an order."""
    of = {name: order[name] for name in ("customer_id", "order_id", "currency")}
    sold = {"product_id": given.products["TEA"], "sku": "TEA", "name": "Tea", "quantity": 1}
    return of | sold | {"position": 1, "line_id": given.key(), "unit_price": order["gross"]}


def moment(random: Random) -> datetime:
    """Return a moment; those at the ends of months, and those close to others, are frequent."""
    month = datetime(random.randint(2023, 2026), random.randint(1, 12), 1, 12, tzinfo=UTC)
    found = month + random.choice((timedelta(days=-1), timedelta(days=-2), timedelta(days=random.randint(0, 27))))
    return found if FIRST < found < NOW - timedelta(days=120) else moment(random)


def earned(random: Random, points: Points, account: Account, at: datetime) -> list[Fact]:
    """Earn points for a purchase, perhaps recorded late, and perhaps take some of them back."""
    customer, amount = account.customer.id, random.choice((50, 100, 150, 200, 301))
    posted = max(at + timedelta(days=random.choice((0, 0, 0, 40))), account.latest_at or at)
    entry = points.earn(account, amount, posted, counts_from=at, expires_at=None)
    found = [Fact(customer, "POINTS", at, Decimal(amount), posted, posted)]
    if random.random() < 0.3:
        back, then = random.choice((amount, amount // 2)), posted + timedelta(days=random.randint(0, 60))
        points.take_back(account, entry, back, then, counts_from=at)
        found.append(Fact(customer, "POINTS", at, Decimal(-back), then, then))
    return found


def spent(
    random: Random,
    given: Given,
    customer: Made,
    at: datetime,
    orders: list[dict[str, Any]],
    refunds: list[dict[str, Any]],
) -> list[Fact]:
    """Buy something, perhaps recorded late; some of it may be paid back, with or without a word of what for."""
    gross, discount = (Decimal(random.choice(of)) for of in ((75, 150, 151, 400), (0, 1)))
    key, recorded = given.key(), at + timedelta(days=random.choice((0, 0, 0, 40)))
    of = {"customer_id": customer.key, "currency": "EUR"}
    sums = {"gross": gross, "discount": discount, "business_gross": gross, "business_discount": discount}
    orders.append(of | sums | {"order_id": key, "number": "N", "placed_at": at, "recorded_at": recorded})
    found = [Fact(customer.id, "SPEND", at, gross - discount, at, recorded)]
    if random.random() < 0.3:
        amount, then = random.choice((gross - discount, Decimal(20))), at + timedelta(days=random.randint(0, 60))
        order = random.choice((key, key, None))
        paid = {"amount": amount, "business_amount": amount, "refunded_at": then, "recorded_at": max(then, recorded)}
        refunds.append(of | paid | {"refund_id": given.key(), "order_id": order})
        found.append(Fact(customer.id, "SPEND", at if order else then, -amount, then, max(then, recorded)))
    return found
