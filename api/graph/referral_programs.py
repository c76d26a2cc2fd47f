"""The rules of referrals in the schema: how they are shown, and how others are put into force."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import strawberry

from api.domain.calendar import Duration
from api.domain.referral_program import USUALLY_INVITED, NewProgram, NewReward
from api.graph.arguments import optional
from api.graph.declare import column, identifier, money, money_of, same
from api.graph.naming import amount, or_none
from api.graph.outcomes import Caller, ChangeInput, Payload, idempotency, perform, reference, user_errors
from api.graph.shared import Money, MoneyInput, Node
from api.writes.change import Change, Outcome
from api.writes.referral_programs import set_referral_program


@strawberry.type(description="What one side of a referral gets when the friend buys: points or money.")
class PromisedReward:
    points: int | None = strawberry.field(description="Loyalty points, null where it is money.")
    money: Money | None = strawberry.field(description="Money that will be owed, null where it is points.")


def _promised(side: str, description: str) -> Any:
    money = f"{side}_money"
    parts = {"points": f"{side}_points", "money": money_of(money, missing=money)}
    return same(description, parts, missing=f"{side}_reward")


@strawberry.type(
    description=(
        "The rules of referrals in one version, which is never changed. A friend is judged by the one that was in "
        "force on joining."
    )
)
class ReferralProgram(Node):
    id: strawberry.ID = identifier()
    version: int = column("Number of the version, from 1 on; send the latest as expectedVersion.")
    effective_from: datetime = column("From when on friends join under it.")
    referrer_reward: PromisedReward | None = _promised(
        "referrer", "What the referrer gets for a friend who buys; null for nothing."
    )
    referred_reward: PromisedReward | None = _promised("referred", "What the friend gets; null for nothing.")
    minimum_purchase: Money = money(
        "What a purchase of the friend must bring to count, after discount and refunds.", "minimum_purchase"
    )
    qualify_within: Duration = column("How long after joining the friend may take to buy.")
    hold: Duration = column("How long rewards wait after the purchase: the time in which it can be returned.")
    invitation_lifetime: Duration = column("How long an invitation can be used.")
    most_invited: int = column("How many invitations of one referrer may be open at a time.")
    most_rewarded: int | None = column(
        "How many friends of one referrer are rewarded within limitWindow; null for all."
    )
    limit_window: Duration | None = column("How long a rewarded friend counts towards mostRewarded.")
    active_referrers_only: bool = column("Whether the referrer must be active when the friend buys.")
    recorded_at: datetime = column("When the version was entered here.")


@strawberry.input(description="What one side of a referral is to get: points or money.")
class RewardInput:
    points: int | None = optional("Loyalty points, 1 to 1,000,000.")
    money: MoneyInput | None = optional("Money that the business owes the customer, in its own currency.")

    def reward(self) -> NewReward:
        """Return the reward as the domain takes it."""
        paid = or_none(self.money)
        return NewReward(or_none(self.points), amount(paid) if paid else None)


_MONTH, _QUARTER = Duration(days=30), Duration(days=90)


@strawberry.input(description="The rules of referrals.")
class ReferralProgramInput:
    referrer_reward: RewardInput | None = optional("What the referrer gets for a friend who buys; left out, nothing.")
    referred_reward: RewardInput | None = optional("What the friend gets; left out, nothing.")
    minimum_purchase: MoneyInput | None = optional(
        "What a purchase of the friend must bring to count, after discount and refunds; left out, anything."
    )
    qualify_within: Duration | None = strawberry.field(
        description="How long after joining the friend may take to buy, in whole days or longer.", default=_QUARTER
    )
    hold: Duration | None = strawberry.field(
        description="How long rewards wait after the purchase; P0D for not at all.", default=_MONTH
    )
    invitation_lifetime: Duration | None = strawberry.field(
        description="How long an invitation can be used, in whole days or longer.", default=_QUARTER
    )
    most_invited: int | None = strawberry.field(
        description="How many invitations one referrer may have open at a time, 1 to 10,000.", default=USUALLY_INVITED
    )
    most_rewarded: int | None = optional("How many friends of one referrer are rewarded within limitWindow; or all.")
    limit_window: Duration | None = optional("How long a rewarded friend counts towards mostRewarded, such as P12M.")
    active_referrers_only: bool | None = strawberry.field(
        description="Whether the referrer must be active when the friend buys.", default=False
    )

    def program(self) -> NewProgram:
        """Return the program as the domain takes it."""
        referrer, referred = or_none(self.referrer_reward), or_none(self.referred_reward)
        minimum = or_none(self.minimum_purchase)
        return NewProgram(
            referrer=referrer.reward() if referrer else None,
            referred=referred.reward() if referred else None,
            minimum_purchase=amount(minimum) if minimum else None,
            qualify_within=_QUARTER if self.qualify_within is None else self.qualify_within,
            hold=_MONTH if self.hold is None else self.hold,
            invitation_lifetime=_QUARTER if self.invitation_lifetime is None else self.invitation_lifetime,
            most_invited=USUALLY_INVITED if self.most_invited is None else self.most_invited,
            most_rewarded=or_none(self.most_rewarded),
            limit_window=or_none(self.limit_window),
            active_referrers_only=self.active_referrers_only is True,
        )


@strawberry.input(description="Rules of referrals to put into force, and the key that makes the change count once.")
class SetReferralProgramInput(ChangeInput):
    program: ReferralProgramInput = strawberry.field(description="The rules that are to hold for friends who join.")
    effective_from: datetime = strawberry.field(
        description="From when on they hold: later than every version there is, and at most 10 years ahead."
    )
    expected_version: int | None = optional(
        "The latest version you read, 0 for none; if somebody set another one since, nothing is done (CONFLICT)."
    )


@strawberry.type(description="What became of rules of referrals to put into force.")
class SetReferralProgramPayload(Payload):
    program: ReferralProgram | None = strawberry.field(
        description="The version that was added, or would be on a dry run; null if something was wrong."
    )


async def put_into_force(caller: Caller, given: SetReferralProgramInput) -> SetReferralProgramPayload:
    """Put a program into force."""

    async def work(change: Change) -> Sequence[Outcome]:
        expected = or_none(given.expected_version)
        return await set_referral_program(change, given.program.program(), given.effective_from, expected)

    recorded = await perform(caller, "setReferralProgram", given, work)
    outcome = recorded.outcomes[0]
    return SetReferralProgramPayload(
        program=reference(ReferralProgram, outcome, "program", recorded),
        user_errors=user_errors(outcome.errors),
        idempotency=idempotency(given.idempotency_key, recorded),
    )
