"""Putting a points program into force: input, payload, and how one becomes the other."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

import strawberry

from api.domain.calendar import Duration
from api.domain.loyalty.earning import Rule
from api.domain.loyalty.program import NewProgram, NewTier
from api.graph.arguments import optional
from api.graph.loyalty_programs import LoyaltyProgram, LoyaltyRounding, LoyaltyTierBasis
from api.graph.naming import or_none
from api.graph.outcomes import Caller, ChangeInput, Payload, idempotency, perform, reference, user_errors
from api.graph.shared import CustomerKind
from api.writes.change import Change, Outcome
from api.writes.loyalty_program import set_loyalty_program

USUAL_WAIT, USUAL_WINDOW, NO_TIME = Duration(days=30), Duration(12), Duration()


@strawberry.input(description="How many points money earns; all conditions that are given must hold.")
class LoyaltyRuleInput:
    points_per_unit: Decimal = strawberry.field(
        description='Points for each unit of the currency of the business, such as "1.5"; 0 for what earns nothing.'
    )
    category: str | None = optional("The category of products the points are for; left out, all.")
    customer_kind: CustomerKind | None = optional("The kind of customer the points are for; left out, both.")
    tier: str | None = optional("The code of a tier whose customers earn this; left out, those of all tiers.")

    def rule(self) -> Rule:
        """Return the rule as the domain takes it."""
        kind = or_none(self.customer_kind)
        return Rule(self.points_per_unit, or_none(self.category), kind and kind.name, or_none(self.tier))


@strawberry.input(description="A level to reach, and what it asks for.")
class LoyaltyTierInput:
    code: str = strawberry.field(description="Short name of the level for programs and rules, such as gold.")
    name: str = strawberry.field(description="What the level is called on a screen, such as Gold.")
    points_required: int | None = optional(
        "Points to earn within the window, where tierBasis is POINTS; 0 for the first level."
    )
    amount_required: Decimal | None = optional(
        "Money to spend within the window, in the currency of the business, where tierBasis is SPEND; 0 for the first."
    )
    benefits: list[str] | None = optional("What the level offers, in words such as Free delivery; at most 20.")

    def tier(self) -> NewTier:
        """Return the tier as the domain takes it."""
        points, amount = or_none(self.points_required), or_none(self.amount_required)
        return NewTier(self.code, self.name, points, amount, or_none(self.benefits) or [])


@strawberry.input(description="The rules by which customers are to earn points and reach tiers.")
class LoyaltyProgramInput:
    name: str = strawberry.field(description="What the program is called on a screen, such as Tea Leaves.")
    rules: list[LoyaltyRuleInput] = strawberry.field(
        description=(
            "What earns points, at most 100 rules: of those that fit, the one with most conditions holds. With none, "
            "purchases earn nothing any more."
        )
    )
    rounding: LoyaltyRounding | None = strawberry.field(
        description="How the points of one purchase become a whole number.", default=LoyaltyRounding.DOWN
    )
    pending_for: Duration | None = strawberry.field(
        description="How long points wait before they can be spent, such as until goods cannot be sent back.",
        default=USUAL_WAIT,
    )
    expires_after: Duration | None = optional("How long points live from the purchase on; left out, for ever.")
    floor: int | None = strawberry.field(
        description="How far below zero a balance may go when a purchase is paid back; the rest is owed.", default=0
    )
    tier_basis: LoyaltyTierBasis | None = strawberry.field(
        description="What the levels ask for: points earned or money spent.", default=LoyaltyTierBasis.POINTS
    )
    tier_window: Duration | None = strawberry.field(
        description="How long what was bought counts towards a level.", default=USUAL_WINDOW
    )
    tier_grace: Duration | None = strawberry.field(
        description="How long a level is kept after it is no longer reached.", default=NO_TIME
    )
    tiers: list[LoyaltyTierInput] = strawberry.field(
        description="The levels from the lowest up, at most 20; the first asks for nothing."
    )

    point_value: Decimal | None = optional(
        'What a point costs the business when it is spent, in its currency, such as "0.01": it is taken off what the '
        "customer brings. Left out, points cost nothing that is told."
    )

    def program(self) -> NewProgram:
        """Return the program as the domain takes it."""
        return NewProgram(
            name=self.name,
            rules=[rule.rule() for rule in self.rules],
            rounding=(self.rounding or LoyaltyRounding.DOWN).name,
            pending_for=USUAL_WAIT if self.pending_for is None else self.pending_for,
            expires_after=or_none(self.expires_after),
            floor=self.floor or 0,
            tier_basis=(self.tier_basis or LoyaltyTierBasis.POINTS).name,
            tier_window=USUAL_WINDOW if self.tier_window is None else self.tier_window,
            tier_grace=self.tier_grace or NO_TIME,
            tiers=[tier.tier() for tier in self.tiers],
            point_value=or_none(self.point_value),
        )


@strawberry.input(description="A points program to put into force, and the key that makes the change count once.")
class SetLoyaltyProgramInput(ChangeInput):
    program: LoyaltyProgramInput = strawberry.field(description="The rules for points and tiers that are to hold.")
    effective_from: datetime = strawberry.field(
        description="When the program comes into force: later than every version there is, at most 10 years ahead."
    )
    expected_version: int | None = optional(
        "The latest version you read, 0 for none; if somebody set another one since, nothing is done (CONFLICT)."
    )


@strawberry.type(description="What became of a points program to put into force.")
class SetLoyaltyProgramPayload(Payload):
    program: LoyaltyProgram | None = strawberry.field(
        description="The version that was put into force, or would be on a dry run; null when something was wrong."
    )


async def put_into_force(caller: Caller, given: SetLoyaltyProgramInput) -> SetLoyaltyProgramPayload:
    """Put a points program into force."""

    async def work(change: Change) -> Sequence[Outcome]:
        program, expected = given.program.program(), or_none(given.expected_version)
        return await set_loyalty_program(change, program, given.effective_from, expected)

    recorded = await perform(caller, "setLoyaltyProgram", given, work)
    outcome = recorded.outcomes[0]
    return SetLoyaltyProgramPayload(
        program=reference(LoyaltyProgram, outcome, "program", recorded),
        user_errors=user_errors(outcome.errors),
        idempotency=idempotency(given.idempotency_key, recorded),
    )
