"""Recommending, joining and deciding: inputs, payloads, and how one becomes the other."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import strawberry

from api.graph.arguments import optional
from api.graph.customers import Customer
from api.graph.finding_customers import CustomerIdentifierInput
from api.graph.naming import customer_name, key_named, or_none
from api.graph.outcomes import Caller, ChangeInput, Payload, idempotency, perform, reference, user_errors
from api.graph.referrals import Referral
from api.writes.change import Change, Outcome
from api.writes.referral_codes import create_referral_code
from api.writes.referrals import NewReferral, accept_referral, create_referral, review_referral

_DEVICE = "What your program calls the device it is done on; only a fingerprint is kept, to notice it again."


@strawberry.input(description="Who is to have a referral code, and the key that makes the change count once.")
class CreateReferralCodeInput(ChangeInput):
    customer: CustomerIdentifierInput = strawberry.field(description="Who recommends.")
    device_id: str | None = optional(_DEVICE)


@strawberry.input(description="Who recommends the business, and to whom.")
class ReferralInput:
    referrer: CustomerIdentifierInput = strawberry.field(description="Who recommends the business.")
    code: str | None = optional("A code for this friend, 6 to 24 letters and digits; left out, a new one is made.")
    referred_email: str | None = optional("Where the friend can be reached, such as ada@example.com.")
    referred: CustomerIdentifierInput | None = optional(
        "The friend, where they are known and new, having bought nothing and agreed to nothing: they join at once."
    )
    device_id: str | None = optional(_DEVICE)

    def referral(self) -> NewReferral:
        """Return the referral to make."""
        referred = or_none(self.referred)
        return NewReferral(
            referrer=customer_name(self.referrer),
            code=or_none(self.code),
            email=or_none(self.referred_email),
            referred=customer_name(referred) if referred else None,
            device=or_none(self.device_id),
        )


@strawberry.input(description="A referral to record, and the key that makes it count once.")
class CreateReferralInput(ChangeInput):
    referral: ReferralInput = strawberry.field(description="Who recommends the business, and to whom.")


@strawberry.input(description="A friend who joins by a code, and the key that makes that count once.")
class AcceptReferralInput(ChangeInput):
    code: str = strawberry.field(
        description="The code the friend was given; capitals, blanks and hyphens do not matter."
    )
    customer: CustomerIdentifierInput = strawberry.field(
        description="The friend, who is new to the business; setCustomer creates one who is not known."
    )
    device_id: str | None = optional(_DEVICE)


@strawberry.input(description="A decision on a referral, and the key that makes it count once.")
class ReviewReferralInput(ChangeInput):
    referral_id: strawberry.ID = strawberry.field(description="The id of the referral, which begins with rfl_.")
    accept: bool = strawberry.field(description="true lets it count, false rejects it for good.")
    note: str = strawberry.field(description="Why it was decided so, for whoever reads it later.")
    expected_version: int | None = optional(
        "The version you read; if the referral took a step since, nothing is done (CONFLICT)."
    )


@strawberry.type
class ReferralPayload(Payload):
    referral: Referral | None = strawberry.field(
        description="The referral afterwards, where you may see it; null when something was wrong."
    )
    customer: Customer | None = strawberry.field(description="The customer the change was about, afterwards.")


@strawberry.type(description="What became of createReferral: the invitation and who made it.")
class CreateReferralPayload(ReferralPayload):
    pass


@strawberry.type(description="What became of acceptReferral: the referral and the friend.")
class AcceptReferralPayload(ReferralPayload):
    pass


@strawberry.type(description="What became of reviewReferral: the referral and who made it.")
class ReviewReferralPayload(ReferralPayload):
    pass


@strawberry.type(description="What became of createReferralCode.")
class CreateReferralCodePayload(Payload):
    customer: Customer | None = strawberry.field(description="The customer, whose referralCode there is now.")
    created: bool = strawberry.field(description="Whether the code is new; false where the customer had one already.")


P = TypeVar("P", bound=ReferralPayload)


async def create_code(caller: Caller, given: CreateReferralCodeInput) -> CreateReferralCodePayload:
    """Give a customer a code of their own."""

    async def work(change: Change) -> Sequence[Outcome]:
        return await create_referral_code(change, customer_name(given.customer), or_none(given.device_id))

    recorded = await perform(caller, "createReferralCode", given, work)
    outcome = recorded.outcomes[0]
    return CreateReferralCodePayload(
        customer=reference(Customer, outcome, "customer", recorded),
        created=outcome.created,
        user_errors=user_errors(outcome.errors),
        idempotency=idempotency(given.idempotency_key, recorded),
    )


async def create(caller: Caller, given: CreateReferralInput) -> CreateReferralPayload:
    """Record that a customer recommends the business."""

    async def work(change: Change) -> Sequence[Outcome]:
        return await create_referral(change, given.referral.referral())

    return await _performed(caller, "createReferral", given, work, CreateReferralPayload)


async def accept(caller: Caller, given: AcceptReferralInput) -> AcceptReferralPayload:
    """Let a friend join."""

    async def work(change: Change) -> Sequence[Outcome]:
        return await accept_referral(change, given.code, customer_name(given.customer), or_none(given.device_id))

    return await _performed(caller, "acceptReferral", given, work, AcceptReferralPayload)


async def review(caller: Caller, given: ReviewReferralInput) -> ReviewReferralPayload:
    """Decide on a referral that was held for review."""

    async def work(change: Change) -> Sequence[Outcome]:
        return await review_referral(
            change,
            key_named(given.referral_id, "rfl"),
            accept=given.accept,
            note=given.note,
            expected_version=or_none(given.expected_version),
        )

    return await _performed(caller, "reviewReferral", given, work, ReviewReferralPayload)


async def _performed(
    caller: Caller, mutation: str, given: Any, work: Callable[[Change], Awaitable[Sequence[Outcome]]], payload: type[P]
) -> P:
    recorded = await perform(caller, mutation, given, work)
    outcome = recorded.outcomes[0]
    return payload(
        referral=reference(Referral, outcome, "referral", recorded),
        customer=reference(Customer, outcome, "customer", recorded),
        user_errors=user_errors(outcome.errors),
        idempotency=idempotency(given.idempotency_key, recorded),
    )
