"""Points of made-up customers: the shop's program, who collects them, and what became of them.

Everything is worked out by the rules for real purchases, refunds and requests, in the order in which it was recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import chain
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

from api.domain.calendar import Duration
from api.domain.loyalty.account import Account, Step, added, earned, expired, spent, taken_back
from api.domain.loyalty.earning import Program, Purchase, Rule, exact_points, lot_of, points_left
from api.domain.loyalty.posting import Cause, Lot, Posting
from api.domain.population.identifiers import derived_id, generator
from api.domain.population.orders import Order, Refund

ZONE = ZoneInfo("Europe/Berlin")
NAME, TIER_WINDOW, TIER_GRACE = "Tea Leaves", Duration(12), Duration(1)
TIERS = (
    ("LEAF", "Leaf", 0, ("A sample with every order",)),
    ("SILVER", "Silver Tips", 150, ("A sample with every order", "Free delivery")),
    ("GOLD", "Golden Tips", 400, ("A sample with every order", "Free delivery", "First pick of the harvest")),
)
"""Codes and names of the tiers, the points of a year that they take, and what they offer."""

_ENROLLED, _SPENDS, _PUT_RIGHT = 0.6, 0.35, 0.03
_FEWEST_SPENT, _GIFT, _WELCOME = 50, 25, 20


def program(opened_at: datetime) -> Program:
    """Return the program that the shop has had since it opened."""
    rules = (Rule(Decimal(1)), Rule(Decimal(2), category="Tea"), Rule(Decimal("0.5"), customer_kind="BUSINESS"))
    return Program(derived_id(opened_at, "loyalty program"), "DOWN", Duration(days=14), Duration(18), rules)


@dataclass(frozen=True, slots=True)
class Member:
    """A customer who collects points: since when, how the account stands, and postings with when each was recorded."""

    opened_at: datetime
    account: Account
    postings: tuple[tuple[Posting, datetime], ...]


@dataclass(frozen=True, slots=True)
class Collector:
    """Who collects: the customer, what identifiers follow from, and the kind by which rules tell customers apart."""

    customer_id: UUID
    name: str
    kind: str

    def cause(
        self,
        kind: str,
        source: str,
        source_id: UUID,
        at: datetime,
        reason: str,
        counts_from: datetime | None = None,
        reverses: UUID | None = None,
    ) -> Cause:
        """Return why points move, with an identifier that follows from what makes them move."""
        key = self.key(at, f"{kind}/{source_id}")
        return Cause(kind, source, source_id, at, reason, reverses, counts_from, key)

    def key(self, at: datetime, name: str) -> UUID:
        """Return the identifier of something that belongs to the account."""
        return derived_id(at, f"{self.name}/points/{name}")


Event = tuple[datetime, Callable[[Account], Step]]
"""When something was recorded, and what it makes of an account."""


def drawn_points(
    who: Collector, orders: Sequence[Order], rules: Program, until: datetime, *, came_at: datetime | None = None
) -> Member | None:
    """Return the account of a customer, None for one who has none; nothing in it was recorded after the end.

    came_at  when a customer came who enrolls in any case, also before buying anything; None for all others
    """
    draw = generator(f"{who.name}/points")
    opened_at = _opened_at(draw, orders, came_at)
    if opened_at is None or opened_at >= until:
        return None
    bought = [order for order in orders if order.placed_at >= opened_at]
    greeted = () if orders else (_welcomed(who, opened_at + timedelta(minutes=7), rules),)
    events = chain(greeted, *(_events(draw, who, order, rules) for order in bought))
    account, postings, last = Account(who.customer_id), list[tuple[Posting, datetime]](), opened_at
    for recorded_at, happen in sorted(events, key=lambda event: event[0]):
        if recorded_at < until:
            account, made = happen(account)
            postings, last = _recorded(who, postings, made, max(last, recorded_at))
    account, made = expired(account, until)
    return Member(opened_at, account, tuple(_recorded(who, postings, made, last)[0]))


def _opened_at(draw: Random, orders: Sequence[Order], came_at: datetime | None) -> datetime | None:
    enrolls, waits = draw.random() < _ENROLLED, timedelta(days=int(draw.random() * 60), hours=1)
    if came_at:
        return (orders[0].placed_at if orders else came_at) + timedelta(hours=1)
    return orders[0].placed_at + waits if orders and enrolls else None


def _recorded(
    who: Collector, before: list[tuple[Posting, datetime]], made: Sequence[Posting], last: datetime
) -> tuple[list[tuple[Posting, datetime]], datetime]:
    """Return postings with new ones, which are recorded when they happened or when what made them was."""
    for posting in made:
        cause, last = posting.cause, max(last, posting.occurred_at)
        if cause.source in ("LOT", "TRANSACTION"):
            # The account makes these by itself, with an identifier drawn by chance.
            cause = replace(cause, transaction_id=who.key(posting.occurred_at, f"{cause.kind}/{cause.source_id}"))
        before.append((replace(posting, cause=cause), last))
    return before, last


def _events(draw: Random, who: Collector, order: Order, rules: Program) -> Iterator[Event]:
    """Yield what becomes of an order: points, perhaps taken back, and perhaps spent or put right some weeks later."""
    chance, later = draw.random(), order.recorded_at + timedelta(days=20 + int(draw.random() * 40), minutes=7)
    lot = _lot(who, order, rules)
    if lot.points:
        yield order.recorded_at, lambda account: _earned(account, who, order, lot)
    if order.refund and lot.points:
        refund = order.refund
        yield refund.recorded_at, lambda account: _taken_back(account, who, order, refund, lot, rules)
    if chance < _SPENDS:
        yield later, lambda account: _spent(account, who, order, later)
    elif chance > 1 - _PUT_RIGHT:
        yield later, lambda account: _put_right(account, who, order, later, rules)


def _lot(who: Collector, order: Order, rules: Program) -> Lot:
    sums: dict[str | None, Decimal] = {}
    for item in order.items:
        amount = Decimal(item.quantity * item.unit_price).scaleb(-2)
        sums[item.product.category] = sums.get(item.product.category, Decimal(0)) + amount
    gross, net = Decimal(order.gross).scaleb(-2), Decimal(order.spend).scaleb(-2)
    purchase = Purchase(order.placed_at, sums, gross, net)
    lot = lot_of(purchase, rules, exact_points(purchase, rules.rules, who.kind, None), ZONE)
    return replace(lot, lot_id=who.key(order.placed_at, f"lot/{order.position}"))


def _order_id(who: Collector, order: Order) -> UUID:
    return order.key(who.name)


def _earning(who: Collector, order: Order) -> Cause:
    at = order.placed_at
    return who.cause("EARN", "ORDER", _order_id(who, order), at, "Purchase", counts_from=at)


def _earned(account: Account, who: Collector, order: Order, lot: Lot) -> Step:
    return earned(account, _earning(who, order), lot)


def _taken_back(account: Account, who: Collector, order: Order, refund: Refund, lot: Lot, rules: Program) -> Step:
    total = Decimal(order.gross - order.discount)
    left = points_left(lot.exact or Decimal(0), rules.rounding, total=total, refunded=Decimal(refund.amount))
    if left == lot.points:
        return account, []
    earning = _earning(who, order)
    key = derived_id(refund.refunded_at, f"{order.name_in(who.name)}/refund")
    at, counts_from, undone = refund.refunded_at, order.placed_at, earning.transaction_id
    cause = who.cause("REVERSE", "REFUND", key, at, "Refund", counts_from=counts_from, reverses=undone)
    return taken_back(account, cause, lot.points - left, lot.lot_id)


def _spent(account: Account, who: Collector, order: Order, at: datetime) -> Step:
    at = account.moment(at)
    there = [
        lot.remaining for lot in account.lots if lot.available_at <= at and (not lot.expires_at or lot.expires_at > at)
    ]
    points = sum(there) // _FEWEST_SPENT * _FEWEST_SPENT
    if not points:
        return account, []
    cause = who.cause("REDEEM", "REQUEST", who.key(at, f"request/{order.position}"), at, "Voucher")
    return spent(account, cause, points)


def _welcomed(who: Collector, at: datetime, rules: Program) -> Event:
    return at, lambda account: _given(account, who, at, rules, (_WELCOME, "welcome", "Welcome"))


def _put_right(account: Account, who: Collector, order: Order, at: datetime, rules: Program) -> Step:
    return _given(account, who, at, rules, (_GIFT, str(order.position), "Sorry that it came late"))


def _given(account: Account, who: Collector, at: datetime, rules: Program, gift: tuple[int, str, str]) -> Step:
    """Add points that no purchase brought: how many, the name of the gift, and why."""
    points, name, reason = gift
    at = account.moment(at)
    lot = Lot(points, points, at, rules.expiry(at, ZONE), who.key(at, f"lot/gift/{name}"))
    return added(account, who.cause("ADJUST", "REQUEST", who.key(at, f"request/{name}"), at, reason), lot)
