"""What is done to accounts for points: inputs, payloads, and how one becomes the other."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

import strawberry

from api.graph.arguments import optional
from api.graph.customers import Customer
from api.graph.finding_customers import CustomerIdentifierInput
from api.graph.loyalty import LoyaltyAccount, LoyaltyEntry
from api.graph.naming import customer_name, key_named, or_none
from api.graph.outcomes import Caller, ChangeInput, Payload, idempotency, perform, reference, user_errors
from api.writes import loyalty as writes
from api.writes import loyalty_undoing
from api.writes.change import Change, Outcome
from api.writes.once import Recorded


@strawberry.input(description="Who is to collect points, and the key that makes it count once.")
class EnrollLoyaltyInput(ChangeInput):
    customer: CustomerIdentifierInput = strawberry.field(
        description="Who is enrolled; setCustomer creates a customer who is not known yet."
    )
    enrolled_at: datetime | None = optional(
        "Since when the account is open; left out, now. Purchases that are recorded before it opens earn nothing."
    )


@strawberry.input(description="Whose account to close, and the key that makes it count once.")
class CloseLoyaltyAccountInput(ChangeInput):
    customer: CustomerIdentifierInput = strawberry.field(description="Who is to collect points no longer.")


@strawberry.input
class PointsInput(ChangeInput):
    customer: CustomerIdentifierInput = strawberry.field(description="Whose points they are.")
    reason: str = strawberry.field(description="Why the points move, in words for the customer to read.")

    def asked(self, points: int) -> writes.PointsAsked:
        """Return what is asked for."""
        return writes.PointsAsked(customer_name(self.customer), points, self.reason)


@strawberry.input(description="Points to spend, and the key that makes it count once.")
class RedeemPointsInput(PointsInput):
    points: int = strawberry.field(description="How many to spend, more than 0.")


@strawberry.input(description="Points to put right, and the key that makes it count once.")
class AdjustPointsInput(PointsInput):
    points: int = strawberry.field(description="How many to add, or below 0 to take away from those that can be spent.")


@strawberry.input(description="Points to move to another customer, and the key that makes it count once.")
class TransferPointsInput(PointsInput):
    points: int = strawberry.field(description="How many to move, more than 0; they expire when they would have.")
    to: CustomerIdentifierInput = strawberry.field(description="Who gets them; needs an open account, too.")


@strawberry.input(description="A spending of points to undo, and the key that makes it count once.")
class ReverseRedemptionInput(ChangeInput):
    entry_id: strawberry.ID = strawberry.field(
        description="The id of the entry that spent them, which begins with len_."
    )
    reason: str = strawberry.field(description="Why they are given back, in words for the customer to read.")


@strawberry.type
class LoyaltyPayload(Payload):
    account: LoyaltyAccount | None = strawberry.field(
        description="The account for points as it is afterwards, or would be after a dry run."
    )
    customer: Customer | None = strawberry.field(
        description="Whose account it is, as they are afterwards; null when something was wrong."
    )


@strawberry.type(description="What became of enrollLoyalty.")
class EnrollLoyaltyPayload(LoyaltyPayload):
    pass


@strawberry.type(description="What became of closeLoyaltyAccount.")
class CloseLoyaltyAccountPayload(LoyaltyPayload):
    pass


@strawberry.type(description="What became of redeemPoints.")
class RedeemPointsPayload(LoyaltyPayload):
    entry: LoyaltyEntry | None = strawberry.field(description="The entry by which the points were spent.")


@strawberry.type(description="What became of reverseRedemption.")
class ReverseRedemptionPayload(LoyaltyPayload):
    entry: LoyaltyEntry | None = strawberry.field(description="The entry by which the points came back.")


@strawberry.type(description="What became of adjustPoints.")
class AdjustPointsPayload(LoyaltyPayload):
    entry: LoyaltyEntry | None = strawberry.field(description="The entry by which the account was put right.")


@strawberry.type(description="What became of transferPoints.")
class TransferPointsPayload(LoyaltyPayload):
    entry: LoyaltyEntry | None = strawberry.field(description="The entry by which the points left the account.")
    other_entry: LoyaltyEntry | None = strawberry.field(
        description="The entry by which they came to the other account; null for who may not see that."
    )


async def enroll(caller: Caller, given: EnrollLoyaltyInput) -> EnrollLoyaltyPayload:
    """Open an account for a customer."""
    named, at = customer_name(given.customer), or_none(given.enrolled_at)
    return await _performed(
        caller, "enrollLoyalty", given, lambda change: writes.enroll(change, named, at), EnrollLoyaltyPayload
    )


async def close(caller: Caller, given: CloseLoyaltyAccountInput) -> CloseLoyaltyAccountPayload:
    """Close a customer's account."""
    named = customer_name(given.customer)
    return await _performed(
        caller, "closeLoyaltyAccount", given, lambda change: writes.close(change, named), CloseLoyaltyAccountPayload
    )


async def redeem(caller: Caller, given: RedeemPointsInput) -> RedeemPointsPayload:
    """Spend points."""
    asked = given.asked(given.points)
    return await _performed(
        caller, "redeemPoints", given, lambda change: writes.redeem(change, asked), RedeemPointsPayload, "entry"
    )


async def undo_redemption(caller: Caller, given: ReverseRedemptionInput) -> ReverseRedemptionPayload:
    """Give back points that were spent."""
    key, reason = key_named(given.entry_id, "len"), given.reason
    return await _performed(
        caller,
        "reverseRedemption",
        given,
        lambda change: loyalty_undoing.undo_redemption(change, key, reason),
        ReverseRedemptionPayload,
        "entry",
    )


async def adjust(caller: Caller, given: AdjustPointsInput) -> AdjustPointsPayload:
    """Put an account right."""
    asked = given.asked(given.points)
    return await _performed(
        caller, "adjustPoints", given, lambda change: writes.adjust(change, asked), AdjustPointsPayload, "entry"
    )


async def transfer(caller: Caller, given: TransferPointsInput) -> TransferPointsPayload:
    """Move points to another customer."""
    asked, to = given.asked(given.points), customer_name(given.to)
    return await _performed(
        caller,
        "transferPoints",
        given,
        lambda change: writes.transfer(change, asked, to),
        TransferPointsPayload,
        "entry",
        "other_entry",
    )


T = TypeVar("T", bound=LoyaltyPayload)


async def _performed(
    caller: Caller,
    mutation: str,
    given: Any,
    work: Callable[[Change], Awaitable[Sequence[Outcome]]],
    payload: type[T],
    *entries: str,
) -> T:
    recorded: Recorded = await perform(caller, mutation, given, work)
    outcome = recorded.outcomes[0]
    return payload(
        account=reference(LoyaltyAccount, outcome, "account", recorded),
        customer=reference(Customer, outcome, "customer", recorded),
        user_errors=user_errors(outcome.errors),
        idempotency=idempotency(given.idempotency_key, recorded),
        **{name: reference(LoyaltyEntry, outcome, name, recorded) for name in entries},
    )
