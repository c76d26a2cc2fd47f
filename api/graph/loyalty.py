"""What customers have in their accounts for points, in the schema."""

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import strawberry

from api.domain.calendar import Duration
from api.graph.arguments import argument, condition, optional
from api.graph.declare import column, gathered, identifier, many, money, one, one_of, page, same
from api.graph.loyalty_programs import LoyaltyTier
from api.graph.shared import Connection, DateTimeFilter, Money, Node
from api.reads import loyalty as reads
from api.reads import loyalty_balance, loyalty_entries, loyalty_standing

if TYPE_CHECKING:
    from api.graph.customers import Customer

LazyCustomer = Annotated["Customer", strawberry.lazy("api.graph.customers")]
LazyAccount = Annotated["LoyaltyAccount", strawberry.lazy("api.graph.loyalty")]
LazyEntry = Annotated["LoyaltyEntry", strawberry.lazy("api.graph.loyalty")]


@strawberry.enum(description="Why points moved.")
class LoyaltyEntryKind(Enum):
    EARN = strawberry.enum_value("EARN", description="A purchase or a referral brought points.")
    REDEEM = strawberry.enum_value("REDEEM", description="Points were spent.")
    EXPIRE = strawberry.enum_value("EXPIRE", description="The time of points was over before they were spent.")
    ADJUST = strawberry.enum_value("ADJUST", description="Somebody put the account right by hand.")
    REVERSE = strawberry.enum_value(
        "REVERSE",
        description="A purchase was paid back, points that were owed were settled, or spent ones were given back.",
    )
    TRANSFER = strawberry.enum_value("TRANSFER", description="Points went to another customer, or came from one.")


@strawberry.type(description="Points that came together and expire together.")
class LoyaltyLot:
    points: int = column("How many came.")
    remaining: int = column("How many of them can still be spent, now or once they are available.")
    available_at: datetime = column("From when they can be spent.")
    expires_at: datetime | None = column("When they expire; null for never.")


@strawberry.type(description="Points that an entry took from those that came together, or gave back to them.")
class LotConsumption:
    entry: LazyEntry = one(loyalty_entries.entry_of_use, "The entry that brought these points.")
    lot: LoyaltyLot = one(
        reads.lot_of_use,
        "Those that had come together with them; points of one entry may expire on several days.",
    )
    points: int = column("How many were taken, or given back.", "moved")


@strawberry.type(description="One movement of points on an account, which is never changed.")
class LoyaltyEntry(Node):
    id: strawberry.ID = identifier()
    kind: LoyaltyEntryKind = column("Why the points moved, as a code.")
    points: int = column("How many: above zero where they came, below zero where they went.")
    reason: str = column("Why the points moved, in words to show on a screen.")
    occurred_at: datetime = column("When it happened; what is learnt late is put behind the entries there were.")
    recorded_at: datetime = column("When the entry was made here.")
    balance_after: int = column("All points of the account behind this entry, those that cannot be spent yet too.")
    owed_after: int = column("Points owed behind this entry, because spent ones had to be taken back.")
    available_at: datetime | None = column("From when all the points that came can be spent; null where none came.")
    expires_at: datetime | None = column(
        "When the first of the points that came expire; null where none came or none ever do."
    )
    lots: list[LoyaltyLot] = many(
        reads.lots_of_entry, "The points that came, soonest to expire first; several where they came from an account."
    )
    consumed: list[LotConsumption] = many(
        reads.taken_by_entry, "What the entry used up of points that had come before, soonest to expire first."
    )
    restored: list[LotConsumption] = many(
        reads.given_back_by_entry, "What the entry gave back, to where it had been spent from; empty for most."
    )
    source: Node | None = one_of(
        "What made the points move: an order or a refund, or the entry whose points expired, were owed or came back.",
        "source",
        {"Order": loyalty_entries.ORDER, "Refund": loyalty_entries.REFUND, "LoyaltyEntry": loyalty_entries.ENTRY},
    )
    reverses: LazyEntry | None = one(
        loyalty_entries.reversed_entry, "The entry that this one takes back, in part or all, or undoes; null for most."
    )
    undone_at: datetime | None = column("When spent points were given back by reverseRedemption; null for most.")
    account: LazyAccount = one(reads.account_of_entry, "The account on which the points moved.")


@strawberry.type(
    description=(
        "Points at one moment. Earned and adjusted, less redeemed and expired, is total less owed. Points whose time "
        "is over count as expired at once."
    )
)
class LoyaltyBalance:
    available: int = column("Points that can be spent.")
    pending: int = column("Points that are earned and cannot be spent yet.")
    total: int = column("Both together; below zero where spent points were taken back.")
    owed: int = column("Points taken back that were spent before; the next ones earned settle them.", "owed_points")
    lifetime_earned: int = column("Points earned so far, less those taken back when purchases were paid back.")
    redeemed: int = column("Points spent so far.")
    expired: int = column("Points whose time was over before they were spent.")
    adjusted: int = column("Points put right by hand or moved from other accounts; below zero where more went away.")
    as_of: datetime = column("The moment of these numbers: the asOf you asked for, or now.")


@strawberry.type(description="The way to the next tier.")
class LoyaltyTierProgress:
    tier: LoyaltyTier = one(loyalty_standing.next_tier_of_account, "The tier that comes next.")
    points_needed: int | None = column("Points still to earn; null where tiers are reached by money.")
    amount_needed: Money | None = money(
        "Money still to spend; null where tiers are reached by points.", "amount_needed", missing="amount_needed"
    )
    before: datetime | None = column(
        "Until when that is enough: then something that counts now counts no longer. Null where nothing does.",
        "next_before",
    )


@strawberry.type(description="What it takes to keep a tier.")
class LoyaltyTierKeeping:
    points_needed: int | None = column(
        "Points still to earn by then; null where tiers are reached by money.", "points_lacking"
    )
    amount_needed: Money | None = money(
        "Money still to spend by then; null where tiers are reached by points.",
        "amount_lacking",
        missing="amount_lacking",
    )
    before: datetime = column("When the tier is lost otherwise.", "tier_until")


@strawberry.type(description="Points that expire at one moment.")
class ExpiringPoints:
    points: int = column("How many points expire then.")
    expires_at: datetime = column("The moment at which they do, unless they are spent before.")


@strawberry.input(description="Conditions on movements of points; all that are given must hold.")
class LoyaltyEntryFilterInput:
    and_: "list[LoyaltyEntryFilterInput] | None" = optional("All of these must hold.", name="and")
    or_: "list[LoyaltyEntryFilterInput] | None" = optional("At least one of these must hold.", name="or")
    not_: "LoyaltyEntryFilterInput | None" = optional("This must not hold.", name="not")
    kind: list[LoyaltyEntryKind] | None = condition("The points moved for one of these reasons.")
    occurred_at: DateTimeFilter | None = condition("When the points moved.")


@strawberry.type(description="A customer's account for points, from the day they enrolled.")
class LoyaltyAccount(Node):
    id: strawberry.ID = identifier()
    customer: LazyCustomer = one(reads.customer_of_account, "Whose account it is.")
    opened_at: datetime = column("When the customer enrolled; purchases earn points from then on.")
    closed_at: datetime | None = column("When the account was closed for good; null while it is open.")
    recorded_at: datetime = column("When the account was entered here.")
    balance: LoyaltyBalance = same("How many points there are, and where all the others have gone.", cost=2)
    tier: LoyaltyTier | None = one(
        loyalty_standing.tier_of_account, "The highest tier that is reached or still kept; null without a program."
    )
    tier_until: datetime | None = column(
        "When the tier is lost if nothing else happens; null for the lowest, which nobody loses."
    )
    tier_keeping: LoyaltyTierKeeping | None = same(
        "What is missing to keep the tier after that; null for the lowest.", missing="tier_until"
    )
    next_tier: LoyaltyTierProgress | None = same(
        "What is missing for the next tier; null at the top.", missing="next_rank"
    )
    expiring: list[ExpiringPoints] = gathered(
        "Points that expire soon, earliest first.",
        loyalty_balance.expiring,
        [
            argument("within", Duration, "How far to look ahead.", Duration(days=90)),
            argument("first", int, "How many moments at most, 1 to 100.", 20),
        ],
        cost=2,
        many=True,
        multiplied_by="first",
    )
    entries: Connection[LoyaltyEntry] = page(
        reads.entries_of_account, "Every movement of points, latest first.", filter=LoyaltyEntryFilterInput
    )
