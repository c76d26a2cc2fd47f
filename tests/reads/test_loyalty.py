"""What is told of accounts for points, at any moment and as far as was known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from api.domain.calendar import Duration
from tests.asking import Ask
from tests.given import Given, Made
from tests.points import Entry, Points
from tests.writes.points import program

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 6, 1, tzinfo=UTC)
NAMES = ("available", "pending", "total", "owed", "lifetimeEarned", "redeemed", "expired", "adjusted")
ACCOUNT = f"""query Account(
  $id: ID!, $asOf: DateTime, $knownAt: DateTime, $kinds: [LoyaltyEntryKind!], $within: Duration!
) {{
  customer(by: {{ id: $id }}, asOf: $asOf, knownAt: $knownAt) {{ loyaltyAccount {{
    id openedAt closedAt customer {{ id }} balance {{ {" ".join(NAMES)} asOf }}
    expiring(within: $within) {{ points expiresAt }}
    entries(filter: {{ kind: $kinds }}) {{ nodes {{
      id kind points balanceAfter owedAfter availableAt expiresAt reason occurredAt account {{ id }}
      lots {{ points remaining }} consumed {{ points entry {{ id }} }}
      taken: consumed {{ points }} reverses {{ id }}
      source {{ __typename id }}
    }} }}
  }} }}
}}"""


def day(month: int, day: int = 1, year: int = 2025) -> datetime:
    return datetime(year, month, day, tzinfo=UTC)


def shown(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


async def account(
    ask: Ask, customer: Made, as_of: datetime | None = None, known_at: datetime | None = None, **more: Any
) -> Any:
    clocks: dict[str, Any] = {"asOf": as_of and as_of.isoformat(), "knownAt": known_at and known_at.isoformat()}
    ask.now = NOW
    answer = await ask(ACCOUNT, id=customer.id, **clocks, **{"within": "P90D"} | more)
    assert len(ask.statements) == 1
    return answer["customer"]["loyaltyAccount"]


async def balance(ask: Ask, customer: Made, *clocks: datetime | None) -> tuple[int, ...]:
    """Return the balance as a tuple; whatever it is, its parts add up."""
    found = (await account(ask, customer, *clocks))["balance"]
    parts = [found[name] for name in NAMES]
    available, pending, total, owed, earned, redeemed, expired, adjusted = parts
    assert total == available + pending or (total < 0 and available + pending == 0)
    assert earned + adjusted - redeemed - expired == total - owed
    return tuple(parts)


class Story:
    """One account: three purchases, one of them paid back after its points were spent, and what else can happen."""

    def __init__(self, given: Given, customer: Made, order: Made, refund: Made) -> None:
        self.customer, self.order, self.refund, self.points = customer, order, refund, Points(given)
        points = self.points
        self.account = points.account(customer, day(1, 15), floor=-20)
        first = {"available_at": day(2, 14), "expires_at": day(2, 1, 2026), "source_id": order.key}
        self.first = points.earn(self.account, 200, day(2), **first)
        self.second = points.earn(self.account, 50, day(3), expires_at=day(1, 10, 2026))
        # Everything is spent, what expires first before the rest.
        self.account.lots.reverse()
        self.spent = points.spend(self.account, 250, day(4))
        # The first purchase is paid back: the balance goes down to the floor, and the rest is owed.
        back: dict[str, Any] = {"owed": 180, "counted": -200, "counts_from": day(2), "reverses": self.first.transaction}
        back |= {"source": "REFUND", "source_id": refund.key}
        self.back = points.post(self.account, "REVERSE", -20, day(5), **back)
        self.third = self._earned_again()
        self.gift = points.earn(
            self.account, 30, day(8), kind="ADJUST", counted=0, counts_from=None, expires_at=None, source="REQUEST"
        )

    def _earned_again(self) -> Entry:
        """Earn points that bring the balance up to zero, and settle what is owed."""
        points, at = self.points, day(6)
        lot = points.lot(300, at, available_at=day(7), expires_at=day(9))
        used = [(lot, 20)]
        third = points.post(self.account, "EARN", 300, at, made=[lot], used=used, counted=300, counts_from=at)
        self.settled = points.post(
            self.account,
            "REVERSE",
            -180,
            at,
            used=[(lot, 180)],
            owed=-180,
            source="TRANSACTION",
            source_id=third.transaction,
        )
        return third


@pytest.fixture
async def story(given: Given) -> Story:
    await program(given)
    customer = await given.customer()
    order = await given.order(customer, 200, placed_at=day(2))
    refund = await given.refund(customer, 200, order, refunded_at=day(5))
    told = Story(given, customer, order, refund)
    await told.points.write()
    return told


async def test_a_balance_is_what_had_happened_by_a_moment(ask: Ask, story: Story) -> None:
    moments = {
        day(2): (0, 200, 200, 0, 200, 0, 0, 0),
        day(2, 14): (200, 0, 200, 0, 200, 0, 0, 0),
        day(3): (250, 0, 250, 0, 250, 0, 0, 0),
        day(4): (0, 0, 0, 0, 250, 250, 0, 0),
        day(5): (0, 0, -20, 180, 50, 250, 0, 0),
        day(6): (0, 100, 100, 0, 350, 250, 0, 0),
        day(7): (100, 0, 100, 0, 350, 250, 0, 0),
        day(8): (130, 0, 130, 0, 350, 250, 0, 30),
        # Nobody has posted that they expired.
        day(9): (30, 0, 30, 0, 350, 250, 100, 30),
    }
    for moment, expected in moments.items():
        assert await balance(ask, story.customer, moment) == expected
        # All was recorded when it happened, so the other clock shows the same but for what expires by itself.
        if moment in (day(4), day(5)):
            assert await balance(ask, story.customer, None, moment) == expected
    assert await balance(ask, story.customer) == moments[day(9)]
    assert (await account(ask, story.customer))["balance"]["asOf"] == shown(NOW)


async def test_an_account_is_shown_from_the_day_it_was_opened(ask: Ask, story: Story) -> None:
    opened = day(1, 15)
    assert await account(ask, story.customer, opened - timedelta(microseconds=1)) is None
    found = await account(ask, story.customer, opened)
    assert found["openedAt"] == shown(opened)
    assert found["closedAt"] is None
    assert found["customer"] == {"id": story.customer.id}
    assert found["entries"] == {"nodes": []}


async def test_entries_tell_what_they_made_and_used_up_and_why(ask: Ask, story: Story) -> None:
    found = {entry["id"]: entry for entry in (await account(ask, story.customer))["entries"]["nodes"]}
    steps = (story.gift, story.settled, story.third, story.back, story.spent, story.second, story.first)
    assert list(found) == [step.made.id for step in steps]
    told = [found[step.made.id] for step in steps]
    columns = ("kind", "points", "balanceAfter", "owedAfter")
    assert [tuple(entry[name] for name in columns) for entry in told] == [
        ("ADJUST", 30, 130, 0), ("REVERSE", -180, 100, 0), ("EARN", 300, 280, 180), ("REVERSE", -20, -20, 180),
        ("REDEEM", -250, 0, 0), ("EARN", 50, 250, 0), ("EARN", 200, 200, 0),
    ]  # fmt: skip
    spent, back, third, first = (found[step.made.id] for step in (story.spent, story.back, story.third, story.first))
    assert [(one["points"], one["entry"]["id"]) for one in spent["consumed"]] == [
        (50, story.second.made.id),
        (200, story.first.made.id),
    ]
    assert spent["taken"] == [{"points": 50}, {"points": 200}]
    assert (first["availableAt"], first["expiresAt"]) == (shown(day(2, 14)), shown(day(2, 1, 2026)))
    assert (spent["availableAt"], spent["lots"]) == (None, [])
    assert (third["lots"], third["consumed"]) == (
        [{"points": 300, "remaining": 0}],
        [{"points": 20, "entry": {"id": story.third.made.id}}],
    )
    assert (first["source"], first["reverses"]) == ({"__typename": "Order", "id": story.order.id}, None)
    assert (back["source"], back["reverses"]) == (
        {"__typename": "Refund", "id": story.refund.id},
        {"id": story.first.made.id},
    )
    settled = found[story.settled.made.id]
    assert settled["source"] == {"__typename": "LoyaltyEntry", "id": story.third.made.id}
    assert spent["source"] is None
    assert {entry["account"]["id"] for entry in told} == {story.account.made.id}


async def test_entries_can_be_asked_for_by_kind(ask: Ask, story: Story) -> None:
    found = await account(ask, story.customer, kinds=["REVERSE", "REDEEM"])
    expected = [story.settled.made.id, story.back.made.id, story.spent.made.id]
    assert [entry["id"] for entry in found["entries"]["nodes"]] == expected


async def test_what_a_lot_has_left_is_that_of_the_moment(ask: Ask, story: Story) -> None:
    for moment, left in ((day(3), 200), (day(4), 0)):
        entries = (await account(ask, story.customer, moment))["entries"]["nodes"]
        assert entries[-1]["lots"] == [{"points": 200, "remaining": left}]


async def test_points_that_expire_soon_are_told_earliest_first(ask: Ask, story: Story) -> None:
    both = [{"points": 50, "expiresAt": shown(day(1, 10, 2026))}, {"points": 200, "expiresAt": shown(day(2, 1, 2026))}]
    for within, expected in (("P9M", []), ("P10M9D", both[:1]), ("P1Y", both)):
        assert (await account(ask, story.customer, day(3), within=within))["expiring"] == expected
    assert (await account(ask, story.customer))["expiring"] == []


PROGRAM = """query Program($asOf: DateTime, $knownAt: DateTime) {
  loyaltyProgram(asOf: $asOf, knownAt: $knownAt) {
    name version rules { pointsPerUnit category } rounding pendingFor expiresAfter floor
    tierBasis tierWindow tierGrace tiers { code rank pointsRequired amountRequired { amount currencyCode } benefits }
    liability { asOf outstanding available pending owed accounts byMonth { month points }
      worth { amount currencyCode } }
    breakage { lots earned expired share }
  }
}"""


async def told_program(ask: Ask, as_of: datetime | None = None) -> Any:
    ask.now = NOW
    found = (await ask(PROGRAM, asOf=as_of and as_of.isoformat()))["loyaltyProgram"]
    assert len(ask.statements) == 1
    return found


async def test_a_program_tells_its_rules_from_the_moment_it_is_in_force(ask: Ask, given: Given) -> None:
    await given.business()
    assert await told_program(ask) is None
    await program(given, ("1.50", "Tea", None, None), tiers=(("base", 0), ("gold", 200)), effective_from=day(2))
    lengths = {"pending_for": Duration(days=14), "expires_after": Duration(12), "tier_grace": Duration(1)}
    later: dict[str, Any] = {"effective_from": day(3), "tier_basis": "SPEND", "floor": -50, **lengths}
    await program(given, tiers=(("base", 0), ("gold", 200)), version=2, **later)
    assert await told_program(ask, day(1)) is None
    first, second = [await told_program(ask, day(month)) for month in (2, 3)]
    assert (first["version"], second["version"]) == (1, 2)
    assert first["rules"] == [{"pointsPerUnit": "1.50", "category": "Tea"}]
    assert [second[name] for name in ("pendingFor", "expiresAfter", "tierWindow", "tierGrace", "floor")] == [
        "P14D", "P12M", "P12M", "P1M", -50,
    ]  # fmt: skip
    asked = [(one["tiers"][1]["pointsRequired"], one["tiers"][1]["amountRequired"]) for one in (first, second)]
    assert asked == [(200, None), (None, {"amount": "200.00", "currencyCode": "EUR"})]


async def test_a_program_tells_what_its_members_can_still_spend(ask: Ask, given: Given, story: Story) -> None:
    points = Points(given)
    other = points.account(await given.customer(), day(2))
    points.earn(other, 70, day(3), available_at=day(6, 2), expires_at=datetime(2025, 8, 31, 22, 30, tzinfo=UTC))
    points.earn(other, 5, day(5), expires_at=None)
    await points.write()
    names = ("available", "pending", "outstanding", "owed", "accounts")
    expected = {
        day(3): (250, 70, 320, 0, 2),
        day(5): (5, 70, 75, 180, 1),
        day(6): (5, 170, 175, 0, 2),
        day(8): (205, 0, 205, 0, 2),
    }
    for moment, sums in expected.items():
        liability = (await told_program(ask, moment))["liability"]
        assert tuple(liability[name] for name in names) == sums
        assert liability["asOf"] == shown(moment)
        assert sum(month["points"] for month in liability["byMonth"]) == liability["outstanding"]
    # Half past midnight in Berlin it is September.
    assert liability["byMonth"] == [{"month": "2025-09-01", "points": 170}, {"month": None, "points": 35}]
    now = (await told_program(ask))["liability"]
    assert tuple(now[name] for name in names) == (35, 0, 35, 0, 2)
    mine = (await told_program(ask.as_customer(story.customer.key)))["liability"]
    assert (mine["outstanding"], mine["accounts"]) == (30, 1)
    assert now["worth"] is None, "the program does not say what a point costs"
    await program(given, version=2, effective_from=day(9), point_value=Decimal("0.02"))
    assert (await told_program(ask, day(9)))["liability"]["worth"] == {"amount": "0.70", "currencyCode": "EUR"}


async def test_what_was_owed_when_an_account_was_closed_is_no_liability(ask: Ask, given: Given) -> None:
    await program(given)
    customer, points = await given.customer(), Points(given)
    mine = points.account(customer, day(1), closed_at=day(6), closing_recorded_at=day(7))
    earning = points.earn(mine, 40, day(2))
    points.spend(mine, 40, day(3))
    points.take_back(mine, earning, 40, day(4), counts_from=day(2))
    await points.write()
    owed = [(await told_program(ask, *clocks))["liability"]["owed"] for clocks in ((day(5),), (day(6),), ())]
    assert owed == [40, 0, 0]
    assert (await account(ask, customer))["balance"]["owed"] == 40


async def test_a_program_tells_how_many_points_expire(ask: Ask, given: Given, story: Story) -> None:
    assert (await told_program(ask, day(5)))["breakage"] == {"lots": 0, "earned": 0, "expired": 0, "share": None}
    # Of the third purchase 180 were taken for what was owed, 20 had been spent ahead, and 100 were never spent.
    assert (await told_program(ask, day(9)))["breakage"] == {
        "lots": 1,
        "earned": 120,
        "expired": 100,
        "share": 100 / 120,
    }
    points = Points(given)
    other = points.account(await given.customer(), day(2))
    points.earn(other, 80, day(3), expires_at=day(5))
    points.spend(other, 50, day(4))
    points.spend(other, 30, day(5), "EXPIRE")
    await points.write()
    assert (await told_program(ask, day(9)))["breakage"] == {"lots": 2, "earned": 200, "expired": 130, "share": 0.65}


async def test_points_that_are_given_back_were_never_spent(ask: Ask, given: Given) -> None:
    await program(given)
    customer, points = await given.customer(), Points(given)
    mine = points.account(customer, day(2))
    points.earn(mine, 80, day(3), expires_at=day(8))
    points.give_back(mine, points.spend(mine, 50, day(4)), day(6))
    points.spend(mine, 80, day(8), "EXPIRE")
    await points.write()
    assert await balance(ask, customer, day(5)) == (30, 0, 30, 0, 80, 50, 0, 0)
    assert await balance(ask, customer, day(7)) == (80, 0, 80, 0, 80, 0, 0, 0)
    assert await balance(ask, customer) == (0, 0, 0, 0, 80, 0, 80, 0)
    assert (await told_program(ask, day(9)))["breakage"] == {"lots": 1, "earned": 80, "expired": 80, "share": 1.0}


async def test_a_closed_account_stays(ask: Ask, given: Given) -> None:
    customer = await given.customer()
    points = Points(given)
    points.account(customer, closed_at=day(3), closing_recorded_at=day(4))
    await points.write()
    assert (await account(ask, customer))["closedAt"] == shown(day(3))
    for clocks in ((day(2), None), (day(3), day(3)), (None, day(3))):
        assert (await account(ask, customer, *clocks))["closedAt"] is None
    assert (await account(ask, customer, day(3), day(4)))["closedAt"] == shown(day(3))


async def test_a_customer_sees_no_entry_but_their_own(ask: Ask, given: Given, story: Story) -> None:
    other = await given.customer()
    document = "query ($id: ID!) { node(id: $id) { __typename id } }"
    entry = story.first.made.id
    assert (await ask(document, id=entry))["node"] == {"__typename": "LoyaltyEntry", "id": entry}
    for hidden in (entry, story.account.made.id):
        assert (await ask.as_customer(story.customer.key)(document, id=hidden))["node"]["id"] == hidden
        assert (await ask.as_customer(other.key)(document, id=hidden))["node"] is None
    # What stands against an entry in the books of the business is nobody's.
    key = await given.connection.fetchval("SELECT entry_id FROM loyalty_entries WHERE account = 'REDEEMED'")
    assert (await ask(document, id=Made("len", key).id))["node"] is None
