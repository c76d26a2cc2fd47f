"""All customers in numbers: the same as counting what is said of each of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from tests.given import Line

pytestmark = pytest.mark.anyio

NOW = datetime.now(UTC).replace(microsecond=0)
ZONE = ZoneInfo("Europe/Berlin")
EACH = """query ($asOf: DateTime, $filter: CustomerFilterInput) { customers(first: 100, asOf: $asOf, filter: $filter) {
  nodes { lifecycle { stage } activeStatus { isActive reasons { code }
    history(first: 100) { isActive interval { startAt endAt } } } } } }"""
BASE = """query ($asOf: DateTime, $from: DateTime!, $to: DateTime!, $filter: CustomerFilterInput) {
  customerBase(asOf: $asOf, filter: $filter) { total active byReason { code customers } byStage { stage customers }
    movement(from: $from, to: $to) { activeBefore activeAfter new returned lapsed }
    retention(months: 24) { month customers active } } }"""


@pytest.fixture
async def base(ask, given):
    """Eighty customers with histories drawn by chance; nothing is known to happen after NOW."""
    random = Random(4)
    await given.business()
    ask.now = NOW
    async with given.standing_at_the_end():
        for number in range(80):
            await customer_of(given, random, number)
    return ask


async def customer_of(given, random, number):
    customer = await given.customer(country=random.choice(("DE", "AT")), created_at=NOW - timedelta(days=1500))
    for _ in range(random.choice((0, 1, 1, 2, 3, 7))):
        moment = NOW - timedelta(days=random.randrange(1, 1400), hours=random.randrange(24))
        order = await given.order(customer, Line(10), placed_at=moment)
        if random.random() < 0.2:
            refunded = min(NOW, moment + timedelta(days=random.randrange(1, 300)))
            await given.refund(customer, 10, order, refunded_at=refunded)
    if number % 9 == 0:
        start = NOW - timedelta(days=random.randrange(100, 900))
        await given.contract(customer, starts_at=start, term_ends_at=start + timedelta(days=random.randrange(30, 900)))


def spans(customer):
    """Return when a customer was active, without breaks, earliest first."""
    found: list[tuple[datetime, datetime | None]] = []
    for stretch in reversed(customer["activeStatus"]["history"]):
        start, end = (moment and datetime.fromisoformat(moment) for moment in stretch["interval"].values())
        if stretch["isActive"] and found and found[-1][1] == start:
            found[-1] = (found[-1][0], end)
        elif stretch["isActive"]:
            found.append((start, end))
    return found


def active_at(of_customer, moment):
    return any(start <= moment and (end is None or moment < end) for start, end in of_customer)


def month_after(month: date, count: int) -> datetime:
    """Return the first moment of a later month where the business is."""
    months = month.year * 12 + month.month - 1 + count
    return datetime(months // 12, months % 12 + 1, 1, tzinfo=ZONE).astimezone(UTC)


def cohorts(every, moment):
    """Return month by month who became active first, and how many of them were active at each month's end."""
    found: dict[date, list[list[tuple[datetime, datetime | None]]]] = {}
    for of_customer in every:
        if of_customer and of_customer[0][0] <= moment:
            first = of_customer[0][0].astimezone(ZONE).date().replace(day=1)
            found.setdefault(first, []).append(of_customer)
    earliest = month_after(moment.astimezone(ZONE).date(), -24).astimezone(ZONE).date()
    return [
        {
            "month": month.isoformat(),
            "customers": len(of_month),
            "active": [
                sum(active_at(one, month_after(month, nth + 1)) for one in of_month)
                for nth in range(36)
                if month_after(month, nth + 1) <= moment
            ],
        }
        for month, of_month in sorted(found.items())
        if month >= earliest
    ]


@pytest.mark.parametrize("as_of", [None, (NOW - timedelta(days=200)).isoformat()], ids=["now", "before"])
@pytest.mark.parametrize("which", [None, {"country": ["DE"]}, {"isActive": True}], ids=str)
async def test_the_numbers_are_those_of_all_customers_counted_one_by_one(base, as_of, which):
    moment = datetime.fromisoformat(as_of) if as_of else NOW
    first, last = moment - timedelta(days=300), moment - timedelta(days=1)
    customers = (await base(EACH, asOf=as_of, filter=which))["customers"]["nodes"]
    given = {"from": first.isoformat(), "to": last.isoformat()}
    answer = (await base(BASE, asOf=as_of, filter=which, **given))["customerBase"]
    assert len(base.statements) == 1
    reasons = [reason["code"] for each in customers for reason in each["activeStatus"]["reasons"]]
    stages = [each["lifecycle"]["stage"] for each in customers]
    every = [spans(each) for each in customers]
    moved = [(active_at(one, first), active_at(one, last), bool(one) and one[0][0] > first) for one in every]
    assert answer["total"] == len(customers) > 10
    assert answer["active"] == sum(each["activeStatus"]["isActive"] for each in customers) > 5
    assert answer["byReason"] == [
        {"code": r["code"], "customers": reasons.count(r["code"])} for r in answer["byReason"]
    ]
    assert answer["byStage"] == [
        {"stage": s["stage"], "customers": stages.count(s["stage"])} for s in answer["byStage"]
    ]
    assert answer["movement"] == {
        "activeBefore": sum(before for before, _, _ in moved),
        "activeAfter": sum(after for _, after, _ in moved),
        "new": sum(after and not before and new for before, after, new in moved),
        "returned": sum(after and not before and not new for before, after, new in moved),
        "lapsed": sum(before and not after for before, after, _ in moved),
    }
    assert answer["retention"] == cohorts(every, moment)
    assert sum(cohort["customers"] for cohort in answer["retention"]) > 3


@pytest.mark.parametrize("months", [0, 37, -1])
async def test_months_have_limits(ask, months):
    await ask("query ($m: Int!) { customerBase { retention(months: $m) { month } } }", fails=True, m=months)
    assert ask.codes == ["BAD_USER_INPUT"]


async def test_nobody_is_counted_where_there_is_nobody(ask, given):
    await given.business()
    given_ = {"from": "2025-01-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"}
    answer = (await ask(BASE, **given_))["customerBase"]
    assert (answer["total"], answer["active"], answer["retention"]) == (0, 0, [])
    assert set(answer["movement"].values()) == {0}
