"""A points program: what it must be before it is put into force."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from api.domain.calendar import Duration
from api.domain.loyalty.earning import Rule
from api.domain.loyalty.posting import MOST_POINTS
from api.domain.money import LARGEST_AMOUNT, has_at_most
from api.domain.reign import check_length, check_window
from api.domain.text import MEDIUM, SHORT, cleaned, cleaned_or_none
from api.errors import Rejection, UserErrorCode

MOST_RULES, MOST_TIERS, MOST_BENEFITS = 100, 20, 20
LARGEST_RATE = Decimal(10) ** 6
"""Most points for a unit of money, and most money for a point."""
FINEST_DIGITS = 6

Field = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NewTier:
    """A level of a program; what it asks for is given as points or as money, as the program's basis says."""

    code: str
    name: str
    points: int | None
    amount: Decimal | None
    benefits: Sequence[str] = ()

    def required(self, basis: str) -> Decimal:
        """Return what a checked tier asks for."""
        asked = self.points if basis == "POINTS" else self.amount
        return Decimal(asked or 0)

    def checked(self, basis: str, field: Field) -> NewTier:
        """Return the tier as it is kept; raise Rejection where it cannot be."""
        wanted, other = (
            ("pointsRequired", "amountRequired") if basis == "POINTS" else ("amountRequired", "pointsRequired")
        )
        asked, surplus = (self.points, self.amount) if basis == "POINTS" else (self.amount, self.points)
        if asked is None:
            raise Rejection(UserErrorCode.BLANK, f"Tiers by {basis} need {wanted}.", (*field, wanted))
        if surplus is not None:
            raise _invalid(f"Tiers by {basis} take {wanted} alone.", (*field, other))
        _check_rate(Decimal(asked), (*field, wanted), LARGEST_AMOUNT)
        if len(self.benefits) > MOST_BENEFITS:
            raise _too_many("A tier has", MOST_BENEFITS, "benefits", (*field, "benefits"))
        return replace(
            self,
            code=cleaned(self.code, most=SHORT, field=(*field, "code")),
            name=cleaned(self.name, most=MEDIUM, field=(*field, "name")),
            benefits=[
                cleaned(text, most=MEDIUM, field=(*field, "benefits", str(index)))
                for index, text in enumerate(self.benefits)
            ],
        )


@dataclass(frozen=True, slots=True)
class NewProgram:
    """The rules of a program, in their order, with its tiers from the lowest up.

    rounding    DOWN, NEAREST or UP
    tier_basis  POINTS or SPEND
    point_value what a point costs when it is spent, in the currency of the business; None where that is not said
    """

    name: str
    rules: Sequence[Rule]
    rounding: str
    pending_for: Duration
    expires_after: Duration | None
    floor: int
    tier_basis: str
    tier_window: Duration
    tier_grace: Duration
    tiers: Sequence[NewTier]
    point_value: Decimal | None = None

    def checked(self, field: Field) -> NewProgram:
        """Return the program as it is kept; raise Rejection where it cannot be, whatever the database holds."""
        self._check_times(field)
        if self.point_value is not None:
            _check_rate(self.point_value, (*field, "pointValue"))
        if not -MOST_POINTS <= self.floor <= 0:
            message = f"This must lie between -{MOST_POINTS} and 0."
            raise Rejection(UserErrorCode.OUT_OF_RANGE, message, (*field, "floor"))
        tiers = _tiers(self.tiers, self.tier_basis, (*field, "tiers"))
        rules = _rules(self.rules, {tier.code for tier in tiers}, (*field, "rules"))
        return replace(self, name=cleaned(self.name, most=MEDIUM, field=(*field, "name")), tiers=tiers, rules=rules)

    def _check_times(self, field: Field) -> None:
        check_length(self.pending_for, (*field, "pendingFor"))
        check_window(self.tier_window, (*field, "tierWindow"))
        check_length(self.tier_grace, (*field, "tierGrace"))
        if self.expires_after is None:
            return
        check_window(self.expires_after, (*field, "expiresAfter"))
        # Months differ in length; points must be there to be spent for a day at least, whenever they come.
        if _days(self.expires_after, of_month=28) <= _days(self.pending_for, of_month=31):
            message = "Points must live longer than they wait; give more time until they expire, or less to wait."
            raise Rejection(UserErrorCode.OUT_OF_RANGE, message, (*field, "expiresAfter"))


def _tiers(tiers: Sequence[NewTier], basis: str, field: Field) -> list[NewTier]:
    if not tiers:
        raise Rejection(UserErrorCode.BLANK, "A program needs at least one tier, which asks for nothing.", field)
    if len(tiers) > MOST_TIERS:
        raise _too_many("A program has", MOST_TIERS, "tiers", field)
    found = [tier.checked(basis, (*field, str(index))) for index, tier in enumerate(tiers)]
    asked = "pointsRequired" if basis == "POINTS" else "amountRequired"
    for index, tier in enumerate(found):
        place = (*field, str(index))
        if tier.code in [one.code for one in found[:index]]:
            raise _invalid("An earlier tier has this code already.", (*place, "code"))
        if index == 0 and tier.required(basis):
            raise Rejection(UserErrorCode.OUT_OF_RANGE, "The first tier asks for nothing, 0.", (*place, asked))
        if index and tier.required(basis) <= found[index - 1].required(basis):
            message = "Each tier asks for more than the one before it; give them from the lowest up."
            raise Rejection(UserErrorCode.OUT_OF_RANGE, message, (*place, asked))
    return found


def _rules(rules: Sequence[Rule], tiers: set[str], field: Field) -> list[Rule]:
    if len(rules) > MOST_RULES:
        raise _too_many("A program has", MOST_RULES, "rules", field)
    found = [_rule(rule, tiers, (*field, str(index))) for index, rule in enumerate(rules)]
    for index, rule in enumerate(found):
        if rule.conditions in [one.conditions for one in found[:index]]:
            message = "An earlier rule has this category, kind of customer and tier already; give one of them."
            raise _invalid(message, (*field, str(index)))
    return found


def _rule(rule: Rule, tiers: set[str], field: Field) -> Rule:
    _check_rate(rule.points_per_unit, (*field, "pointsPerUnit"))
    tier = cleaned_or_none(rule.tier, most=SHORT, field=(*field, "tier"))
    if tier is not None and tier not in tiers:
        raise Rejection(UserErrorCode.NOT_FOUND, "The program has no tier with this code.", (*field, "tier"))
    return replace(rule, category=cleaned_or_none(rule.category, most=MEDIUM, field=(*field, "category")), tier=tier)


def _check_rate(rate: Decimal, field: Field, most: Decimal = LARGEST_RATE) -> None:
    if not (rate.is_finite() and 0 <= rate <= most):
        raise Rejection(UserErrorCode.OUT_OF_RANGE, f"This must lie between 0 and {most:f}.", field)
    if not has_at_most(FINEST_DIGITS, rate):
        raise _invalid(f"This has more than {FINEST_DIGITS} digits behind the point.", field)


def _days(length: Duration, *, of_month: int) -> int:
    return length.months * of_month + length.days


def _too_many(whose: str, most: int, what: str, field: Field) -> Rejection:
    return Rejection(UserErrorCode.LIMIT_EXCEEDED, f"{whose} at most {most} {what}.", field)


def _invalid(message: str, field: Field) -> Rejection:
    return Rejection(UserErrorCode.INVALID, message, field)
