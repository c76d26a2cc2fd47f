"""The rules that decide who counts as active, in the schema: how they are shown, and how others are put into force."""

from collections.abc import Sequence
from datetime import datetime
from enum import Enum

import strawberry

from api.domain.active_policy import NewPolicy, NewRule
from api.domain.calendar import Duration
from api.graph.arguments import optional
from api.graph.declare import column, identifier, many
from api.graph.naming import or_none
from api.graph.outcomes import Caller, ChangeInput, Payload, idempotency, perform, reference, user_errors
from api.graph.shared import CustomerKind, Node
from api.reads import active_policies as reads
from api.writes.active_policy import set_active_policy
from api.writes.change import Change, Outcome


@strawberry.enum(description="A rule by which a customer can count as active.")
class ActiveReasonCode(Enum):
    RECENT_PURCHASE = strawberry.enum_value("RECENT_PURCHASE", description="Bought something not long ago.")
    LOYAL = strawberry.enum_value("LOYAL", description="Bought several times within a short while.")
    PAID_SUPPORT_PLAN = strawberry.enum_value("PAID_SUPPORT_PLAN", description="Has a support plan that is paid for.")
    PRODUCT_SUBSCRIPTION = strawberry.enum_value(
        "PRODUCT_SUBSCRIPTION", description="Has a subscription to a product that is running."
    )
    SERVICE_SUBSCRIPTION = strawberry.enum_value(
        "SERVICE_SUBSCRIPTION", description="Has a subscription to a service that is running."
    )
    CONTRACT = strawberry.enum_value("CONTRACT", description="Has a contract that is running.")


@strawberry.type(
    description=(
        "One rule by which a customer can count as active. Of several with one code, the one for the category holds, "
        "else the one for the kind of customer, else the one for all."
    )
)
class ActiveRule:
    code: ActiveReasonCode = column("What makes the customer active by this rule.")
    enabled: bool = column("Whether the rule is used; false where a special case is taken out of a wider rule.")
    customer_kind: CustomerKind | None = column("The kind of customer the rule is for, null for all.")
    category: str | None = column("The category of products the rule is for, such as Furniture; null for all.")
    window: Duration | None = column(
        "How long a purchase counts from the day it was made; null for rules that hold while something is running."
    )
    minimum_count: int | None = column(
        "How many purchases it takes within the window; null for rules that count no purchases."
    )


@strawberry.type(
    description=(
        "The rules that decide who counts as active, in one version. A version is in force until the next one begins; "
        "it is never changed."
    )
)
class ActivePolicy(Node):
    id: strawberry.ID = identifier()
    version: int = column("Number of the version, counted from 1; send the latest as expectedVersion.")
    effective_from: datetime = column("When the version comes into force; the first one always was.")
    time_zone: str = column("Where the calendar is read by which months and days are counted, such as Europe/Berlin.")
    rules: list[ActiveRule] = many(reads.rules_of_policy, "The rules in their order; what has no rule here is off.")
    recorded_at: datetime = column("When the version was entered here, which may be later than it came into force.")


@strawberry.input(description="One rule by which a customer can count as active.")
class ActiveRuleInput:
    code: ActiveReasonCode = strawberry.field(description="What makes the customer active by this rule.")
    enabled: bool | None = strawberry.field(
        description="Whether the rule is used; one that is not takes its case out of a wider rule.",
        default=True,
    )
    customer_kind: CustomerKind | None = optional("The kind of customer the rule is for; left out, all.")
    category: str | None = optional("The category of products the rule is for, RECENT_PURCHASE only; left out, all.")
    window: Duration | None = optional(
        "How long a purchase counts, in whole days or longer, at most P10Y; needed for RECENT_PURCHASE and LOYAL."
    )
    minimum_count: int | None = optional("How many purchases LOYAL takes within its window, 2 to 1,000.")

    def rule(self) -> NewRule:
        """Return the rule as the domain takes it."""
        kind = or_none(self.customer_kind)
        return NewRule(
            code=self.code.name,
            enabled=self.enabled is not False,
            customer_kind=kind and kind.name,
            category=or_none(self.category),
            window=or_none(self.window),
            minimum_count=or_none(self.minimum_count),
        )


@strawberry.input(description="The rules that decide who counts as active.")
class ActivePolicyInput:
    rules: list[ActiveRuleInput] = strawberry.field(
        description="The rules in their order, at most 100; what has no rule here is off."
    )
    time_zone: str | None = optional(
        "Where the calendar is read by which months and days are counted, such as Europe/Berlin; left out, that of "
        "the business."
    )

    def policy(self) -> NewPolicy:
        """Return the policy as the domain takes it."""
        return NewPolicy([rule.rule() for rule in self.rules], or_none(self.time_zone))


@strawberry.input(description="Rules to put into force, and the key that makes the change count once.")
class SetActivePolicyInput(ChangeInput):
    policy: ActivePolicyInput = strawberry.field(description="The rules that are to hold.")
    effective_from: datetime = strawberry.field(
        description="When they come into force: later than every version there is, and at most 10 years ahead."
    )
    expected_version: int | None = optional(
        "The latest version you read; if somebody set another one since, nothing is done (CONFLICT)."
    )


@strawberry.type(description="What became of rules to put into force.")
class SetActivePolicyPayload(Payload):
    policy: ActivePolicy | None = strawberry.field(
        description="The version that was added, or would be on a dry run; null when something was wrong."
    )


async def put_into_force(caller: Caller, given: SetActivePolicyInput) -> SetActivePolicyPayload:
    """Put a policy into force."""

    async def work(change: Change) -> Sequence[Outcome]:
        expected = or_none(given.expected_version)
        return await set_active_policy(change, given.policy.policy(), given.effective_from, expected)

    recorded = await perform(caller, "setActivePolicy", given, work)
    outcome = recorded.outcomes[0]
    return SetActivePolicyPayload(
        policy=reference(ActivePolicy, outcome, "policy", recorded),
        user_errors=user_errors(outcome.errors),
        idempotency=idempotency(given.idempotency_key, recorded),
    )
