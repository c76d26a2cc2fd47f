"""The rules of the points program in the schema."""

from datetime import date, datetime
from decimal import Decimal
from enum import Enum

import strawberry

from api.domain.calendar import Duration
from api.graph.declare import column, gathered, identifier, many, money, same
from api.graph.scalars import CurrencyCode
from api.graph.shared import CustomerKind, Money, Node
from api.reads import loyalty_liability
from api.reads import loyalty_programs as reads
from api.reads.business import business_currency
from api.reads.json import as_text


@strawberry.enum(description="How the points of a purchase become a whole number.")
class LoyaltyRounding(Enum):
    DOWN = strawberry.enum_value("DOWN", description="What is more than a whole point is dropped.")
    NEAREST = strawberry.enum_value("NEAREST", description="To the nearest whole point; a half becomes one.")
    UP = strawberry.enum_value("UP", description="What is begun of a point becomes a whole one.")


@strawberry.enum(description="What customers reach tiers by.")
class LoyaltyTierBasis(Enum):
    POINTS = strawberry.enum_value("POINTS", description="Points earned by purchases, whether or not they were spent.")
    SPEND = strawberry.enum_value(
        "SPEND", description="Money spent, less refunds, in the currency of the business; also without an account."
    )


@strawberry.type(
    description=(
        "How many points money earns. Of several rules that fit what was bought, the one with most conditions holds, "
        "the first among equals."
    )
)
class LoyaltyRule:
    points_per_unit: Decimal = column(
        "Points for each unit of the business's currency, after discounts.",
        lambda row: as_text(row.c.points_per_unit),
    )
    category: str | None = column("The category of products it is for, such as Tea; null for all.")
    customer_kind: CustomerKind | None = column("The kind of customer it is for; null for both.")
    tier: str | None = column("The code of the tier it is for; null for all tiers.")


@strawberry.type(description="A level of the program, which customers reach by what they buy.")
class LoyaltyTier:
    code: str = column("Short name that never changes, such as gold.")
    name: str = column("Name to show on a screen, such as Gold.")
    rank: int = column("Place in order, 1 for the lowest.")
    points_required: int | None = column(
        "Points to earn within the program's window; null where tiers are reached by money."
    )
    amount_required: Money | None = money(
        "Money to spend within the program's window; null where tiers are reached by points.",
        "amount_required",
        missing="amount_required",
    )
    benefits: list[str] = column("What the level offers, in words such as Free delivery.")


@strawberry.type(description="Points that are left and expire within one month.")
class ExpiringByMonth:
    month: date | None = column("First day of the month in which they expire; null where they never do.")
    points: int = column("How many points are left that expire then, unless they are spent before.")


@strawberry.type(description="Points that all members together can still spend.")
class LoyaltyLiability:
    as_of: datetime = column("The moment that is described: the asOf you asked for, or now.")
    outstanding: int = column("All points that are left, those that cannot be spent yet too.", "points_outstanding")
    available: int = column("Those of them that can be spent.", "points_available")
    pending: int = column("Those of them that cannot be spent yet.", "points_pending")
    owed: int = column(
        "Points owed on open accounts, where they were spent before they were taken back; no part of outstanding.",
        "points_owed",
    )
    accounts: int = column("How many members have points left.", "accounts_with_points")
    worth: Money | None = money(
        "What the outstanding points cost if all of them are spent; null where the program does not say.",
        "worth_outstanding",
        missing="point_value",
    )
    by_month: list[ExpiringByMonth] = gathered(
        "The points that are left by the month in which they expire, earliest first; those that never do come last.",
        loyalty_liability.expiring_by_month,
        many=True,
    )


@strawberry.type(description="How many points expire without being spent, of all those whose time is over.")
class LoyaltyBreakage:
    lots: int = column("How often points came whose time is over by now; those of one purchase are one.", "lots_over")
    earned: int = column(
        "How many points these were, without those taken back, put right or moved to other accounts.", "points_over"
    )
    expired: int = column("How many of them were never spent.", "points_never_spent")
    share: float | None = column(
        "Expired over earned, from 0 to 1; null where nothing was earned.", "share_never_spent"
    )


@strawberry.type(
    description=(
        "The rules by which customers earn points and reach tiers, in one version. A version is in force until the "
        "next one begins; it is never changed."
    )
)
class LoyaltyProgram(Node):
    id: strawberry.ID = identifier()
    name: str = column("Name to show on a screen, such as Tea Leaves.")
    version: int = column("Number of the version, counted from 1; send the latest as expectedVersion.")
    effective_from: datetime = column("When the version comes into force.")
    recorded_at: datetime = column("When the version was entered here.")
    currency_code: CurrencyCode | None = column(
        "Currency in which purchases earn points: that of the business, null while there is none.", business_currency
    )
    rules: list[LoyaltyRule] = many(
        reads.rules_of_program, "What earns points, in order; what no rule fits earns none."
    )
    rounding: LoyaltyRounding = column("How the points of one purchase are rounded, once in all.")
    pending_for: Duration = column("How long earned points wait before they can be spent.")
    expires_after: Duration | None = column("How long points live from the purchase on; null where they never expire.")
    floor: int = column("How far below zero a balance may go when a purchase is paid back; the rest is owed.")
    tier_basis: LoyaltyTierBasis = column("What tiers ask for: points earned, or money spent.")
    tier_window: Duration = column("How long a purchase counts towards a tier.")
    tier_grace: Duration = column("How long a tier stays after it is no longer reached.")
    point_value: Decimal | None = column(
        "What a point costs the business when it is spent, in its currency; null where that is not said.",
        lambda row: as_text(row.c.point_value),
    )
    liability: LoyaltyLiability = same("What all members can still spend, in points.", cost=10)
    breakage: LoyaltyBreakage = same("How many points expire without being spent.", cost=10)
    tiers: list[LoyaltyTier] = many(reads.tiers_of_program, "The levels, lowest first.")
