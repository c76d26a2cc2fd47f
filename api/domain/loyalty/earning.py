"""What a purchase earns: points by the rule that fits each line, summed exactly and rounded once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from api.domain.calendar import Duration
from api.domain.loyalty.posting import MOST_POINTS, Lot

ROUNDINGS = {"DOWN": ROUND_FLOOR, "NEAREST": ROUND_HALF_UP, "UP": ROUND_CEILING}
_EXACT = Context(prec=80)
_FINEST = Decimal("1e-20")


@dataclass(frozen=True, slots=True)
class Rule:
    """Points for each unit of the business currency; each condition is None where the rule is for all."""

    points_per_unit: Decimal
    category: str | None = None
    customer_kind: str | None = None
    tier: str | None = None

    @property
    def conditions(self) -> tuple[str | None, str | None, str | None]:
        """What no other rule of a program may be for."""
        return self.category, self.customer_kind, self.tier

    @property
    def precision(self) -> int:
        """How many conditions it has."""
        return sum(condition is not None for condition in self.conditions)

    def fits(self, category: str | None, customer_kind: str, tier: str | None) -> bool:
        """Return whether the rule is for what a customer bought."""
        asked = zip(self.conditions, (category, customer_kind, tier), strict=True)
        return all(condition is None or condition == value for condition, value in asked)


@dataclass(frozen=True, slots=True)
class Program:
    """A version of the program, as far as purchases are judged by it; the rules are in their order."""

    program_id: UUID
    rounding: str
    pending_for: Duration
    expires_after: Duration | None
    rules: tuple[Rule, ...]

    @property
    def looks_at_tiers(self) -> bool:
        """Whether what a purchase earns depends on the customer's tier."""
        return any(rule.tier is not None for rule in self.rules)

    def expiry(self, moment: datetime, zone: ZoneInfo) -> datetime | None:
        """Return when points expire that came at a moment; None for never."""
        return self.expires_after.after(moment, zone) if self.expires_after else None


@dataclass(frozen=True, slots=True)
class Purchase:
    """What was bought: the sums of its lines by category, and what all of it was worth to the business after discount.

    by_category  in the currency of the order
    gross        the sum of all lines
    net          in the currency of the business
    """

    placed_at: datetime
    by_category: Mapping[str | None, Decimal]
    gross: Decimal
    net: Decimal


def exact_points(purchase: Purchase, rules: Sequence[Rule], customer_kind: str, tier: str | None) -> Decimal:
    """Return what a purchase earns before it is rounded: points per unit times what each line was worth, summed.

    >>> tea = Purchase(datetime(2025, 1, 1), {"Tea": Decimal(20), None: Decimal(10)}, Decimal(30), Decimal(27))
    >>> exact_points(tea, [Rule(Decimal(1)), Rule(Decimal(2), category="Tea")], "CONSUMER", None)
    Decimal('45')
    """
    earned = Decimal(0)
    for category, amount in purchase.by_category.items():
        rate = points_per_unit(rules, category, customer_kind, tier)
        earned = _EXACT.add(earned, _EXACT.multiply(rate, amount))
    return _share(earned, purchase.net, purchase.gross)


def points_per_unit(rules: Sequence[Rule], category: str | None, customer_kind: str, tier: str | None) -> Decimal:
    """Return the points of the rule with most conditions that fits, the first among equals; 0 where none fits."""
    fitting = [rule for rule in rules if rule.fits(category, customer_kind, tier)]
    return max(fitting, key=lambda rule: rule.precision).points_per_unit if fitting else Decimal(0)


def rounded(exact: Decimal, rounding: str) -> int:
    """Return whole points; what shares of an amount have lost behind the twentieth digit does not count.

    >>> rounded(Decimal("1.5"), "DOWN"), rounded(Decimal("1.5"), "NEAREST"), rounded(Decimal("1.01"), "UP")
    (1, 2, 2)
    """
    if exact > MOST_POINTS:
        return MOST_POINTS
    # As the database rounds, which works it out again to check it.
    fine = exact.quantize(_FINEST, ROUND_HALF_UP, _EXACT)
    return int(fine.quantize(Decimal(1), ROUNDINGS[rounding], _EXACT))


def points_left(exact: Decimal, rounding: str, *, total: Decimal, refunded: Decimal) -> int:
    """Return what a purchase would have earned on the part that is not paid back.

    >>> points_left(Decimal("45.5"), "DOWN", total=Decimal(30), refunded=Decimal(10))
    30
    """
    return rounded(_share(exact, total - refunded, total), rounding)


def lot_of(purchase: Purchase, program: Program, exact: Decimal, zone: ZoneInfo) -> Lot:
    """Return the points of a purchase as a lot; they can be spent and expire as the calendar in the zone says."""
    points = rounded(exact, program.rounding)
    waits = program.pending_for.after(purchase.placed_at, zone) if program.pending_for else purchase.placed_at
    expires_at = program.expiry(purchase.placed_at, zone)
    return Lot(points, points, waits, expires_at, exact=exact, program_id=program.program_id)


def _share(amount: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    return _EXACT.divide(_EXACT.multiply(amount, part), whole) if whole else Decimal(0)
