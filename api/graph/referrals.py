"""Referrals with their signs and rewards, in the schema."""

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import strawberry

import api.reads.referral_values  # noqa: F401  (registers what a referral has brought)
from api.graph.arguments import condition, optional
from api.graph.declare import column, identifier, many, money, one
from api.graph.referral_programs import ReferralProgram
from api.graph.shared import DateTimeFilter, Money, Node
from api.reads import referrals as reads

if TYPE_CHECKING:
    from api.graph.customers import Customer

LazyCustomer = Annotated["Customer", strawberry.lazy("api.graph.customers")]


@strawberry.enum(description="How far a referral has come.")
class ReferralStatus(Enum):
    INVITED = strawberry.enum_value("INVITED", description="The friend was invited and has not joined.")
    JOINED = strawberry.enum_value("JOINED", description="The friend became a customer and has not bought enough yet.")
    QUALIFIED = strawberry.enum_value(
        "QUALIFIED", description="The friend bought; the rewards wait until the purchase can no longer be returned."
    )
    REWARDED = strawberry.enum_value("REWARDED", description="The rewards are given for good.")
    REJECTED = strawberry.enum_value("REJECTED", description="It does not count; rejectionReasons says why.")
    EXPIRED = strawberry.enum_value("EXPIRED", description="The friend did not join, or did not buy, in time.")
    REVERSED = strawberry.enum_value(
        "REVERSED", description="It counted and does no longer: the rewards are taken back; rejectionReasons says why."
    )
    CARRIED_OVER = strawberry.enum_value(
        "CARRIED_OVER", description="It was made and settled elsewhere, before: nothing is given for it here."
    )


@strawberry.enum(description="Why a referral does not count.")
class ReferralRejectionReason(Enum):
    SELF_REFERRAL = strawberry.enum_value("SELF_REFERRAL", description="The friend is somebody by whom they came.")
    ALREADY_CUSTOMER = strawberry.enum_value(
        "ALREADY_CUSTOMER",
        description="The friend had bought before joining, or has the mailbox of a customer and a person decided that"
        " it is that one.",
    )
    LIMIT_REACHED = strawberry.enum_value("LIMIT_REACHED", description="The referrer has had as many as are rewarded.")
    REFERRER_INACTIVE = strawberry.enum_value(
        "REFERRER_INACTIVE", description="The referrer was not active when the friend bought."
    )
    SHARED_IDENTITY = strawberry.enum_value(
        "SHARED_IDENTITY",
        description="The friend's mailbox, phone number, device or postal address is that of the referrer or another"
        " friend, or the postal address that of somebody before them; a person decided on it.",
    )
    VELOCITY = strawberry.enum_value("VELOCITY", description="Too many friends joined in too short a time.")
    REFUNDED = strawberry.enum_value("REFUNDED", description="The friend's purchase was paid back, or too much of it.")


@strawberry.enum(description="How a reward stands.")
class RewardStatus(Enum):
    PENDING = strawberry.enum_value("PENDING", description="Promised, and not given yet.")
    ISSUED = strawberry.enum_value("ISSUED", description="Given for good.")
    REVERSED = strawberry.enum_value("REVERSED", description="Taken back, because the referral counts no longer.")
    FORFEITED = strawberry.enum_value(
        "FORFEITED", description="Lost for good, because whom the points were for had closed their account."
    )


@strawberry.type(
    description="A sign that a referral may be a fraud, for whoever looks at it; it decides nothing alone."
)
class ReferralSignal:
    code: str = column("Short name that never changes, such as SAME_EMAIL.")
    explanation: str = column("The sign in words.")
    weight: float = column("How strong it is, from 0 to 1; from 0.5 on, all together, a referral is held for review.")


@strawberry.type(description="What a customer gets because of a referral.")
class Reward(Node):
    id: strawberry.ID = identifier()
    recipient: LazyCustomer | None = one(reads.recipient_of_reward, "Who gets it; null where you may not see them.")
    points: int | None = column("How many loyalty points, null where money is given.")
    money: Money | None = money("How much money, null where points are given.", "money", missing="money")
    status: RewardStatus = column("How it stands at the moment that this answer describes.", "reward_status")
    reason: str | None = column("Why it is not given, in words; null where it is given or may yet be.")
    earned_at: datetime = column("When the referral came to count.")
    release_at: datetime = column("When it is given for good if the purchase is not paid back.")


@strawberry.type(description="One customer recommending the business to a friend.")
class Referral(Node):
    id: strawberry.ID = identifier()
    code: str | None = column("The code the friend can join by, or joined by; null where nobody knows it any more.")
    referrer: LazyCustomer | None = one(reads.referrer_of_referral, "Who recommended; null where you may not see them.")
    referred: LazyCustomer | None = one(
        reads.friend_of_referral, "Who came; null until the friend joins, and where you may not see them."
    )
    status: ReferralStatus = column("How far it has come at the moment that this answer describes.")
    held_for_review: bool = column("Whether somebody has to decide by reviewReferral before it counts.")
    created_at: datetime = column("When it was made.")
    joined_at: datetime | None = column("When the friend joined, null before.")
    expires_at: datetime | None = column("Until when the friend has to have joined, or bought; null when that is done.")
    qualified_at: datetime | None = column("When the friend made the purchase that counts, null before.")
    qualifies_at: datetime | None = column("When it counts for good; null before the friend has bought.", "release_at")
    rejection_reasons: list[ReferralRejectionReason] = column("Why it does not count; empty where it does.", "reasons")
    note: str | None = column("What was said when it was decided on, null for most; customers are never told.")
    signals: list[ReferralSignal] = many(
        reads.signals_of_referral, "Signs that it may be a fraud, strongest first; customers see none."
    )
    rewards: list[Reward] = many(
        reads.rewards_of_referral, "What is given for it: first to who recommended. Customers see what they get."
    )
    program: ReferralProgram | None = one(
        reads.program_of_referral, "The rules by which it is judged; null for one that was settled elsewhere."
    )
    attributed_value: Money | None = money(
        "What the friend, and friends of the friend down to the fifth, have brought, rewarded or not, as far as you may"
        " see them; null where nobody joined, or the friend was there before.",
        "attributed_net",
        "attributed_currency",
        missing="attributed_to",
    )
    recorded_at: datetime = column("When the referral as it is shown here was entered.")
    version: int = column("Counts the steps it took; send it as expectedVersion.")


@strawberry.input(description="Conditions on referrals; all that are given must hold.")
class ReferralFilterInput:
    and_: "list[ReferralFilterInput] | None" = optional("All of these must hold.", name="and")
    or_: "list[ReferralFilterInput] | None" = optional("At least one of these must hold.", name="or")
    not_: "ReferralFilterInput | None" = optional("This must not hold.", name="not")
    status: list[ReferralStatus] | None = condition("The referral is in one of these states.")
    held_for_review: bool | None = condition("Whether somebody has to decide on it.")
    created_at: DateTimeFilter | None = condition("When it was made.")
