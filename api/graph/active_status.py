"""Whether a customer is active, why, since when, until when, and what is missing, in the schema."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from api.graph.active_policies import ActivePolicy, ActiveReasonCode
from api.graph.arguments import PAGE_ARGUMENTS, argument
from api.graph.contracts import Contract
from api.graph.cost import PAGE
from api.graph.declare import Reference, column, gathered, listed, member, one, same, varied
from api.graph.orders import Order
from api.graph.outcomes import Payload
from api.graph.shared import Connection, DateTimeInterval
from api.graph.sources import Member, Paged
from api.graph.subscriptions import CustomerSubscription
from api.graph.support_plans import SupportPlanEnrollment
from api.reads import active_status as reads
from api.reads.active_history import status_history
from api.reads.json import constant
from api.reads.relation import Expression, Row
from api.tables.standing import REASONS
from api.writes.change import Outcome
from api.writes.once import Recorded

if TYPE_CHECKING:
    from api.graph.customers import Customer

LazyCustomer = Annotated["Customer", strawberry.lazy("api.graph.customers")]
ActiveEvidence = Annotated[
    Order | CustomerSubscription | SupportPlanEnrollment | Contract,
    strawberry.union("ActiveEvidence", description="What a reason rests on: a purchase, or something with a term."),
]

_EVIDENCE: dict[str, type] = {
    "paid_support_plan": SupportPlanEnrollment,
    "product_subscription": CustomerSubscription,
    "service_subscription": CustomerSubscription,
    "contract": Contract,
}


@strawberry.type(description="One rule of the policy, and how the customer stands by it.")
class ActiveRuleEvaluation:
    code: ActiveReasonCode = column("What this rule is about: purchases, or something that runs for a time.")
    holds: bool = column("Whether the rule holds, so that the customer is active because of it.")
    explanation: str = column("Why it holds or does not, in one sentence to show on a screen.")
    window: DateTimeInterval | None = same(
        "For rules about purchases: from the one that decides to when it counts no longer; else null.",
        {"start_at": "window_start", "end_at": "window_end"},
        "window_start",
    )
    observed: int = column("How many purchases or running terms count for the rule at the moment.")
    required: int | None = column("How many the rule asks for; null where the policy does not use it.")
    shortfall: str | None = column(
        "What is missing, such as 2 more purchases before 30 September 2026; null where nothing is."
    )
    holds_until: datetime | None = column(
        "When the rule stops holding if nothing else happens; null where it does not hold or has no end."
    )
    evidence: Connection[ActiveEvidence] = varied(
        "What was counted for the rule, latest first; ask for its fields with `... on Order` and the like.",
        PAGE_ARGUMENTS,
        PAGE,
    )


@strawberry.type(description="A stretch of time during which the same rules held.")
class ActiveStatusSpan:
    is_active: bool = column("Whether the customer was active.")
    interval: DateTimeInterval = same(
        "When that was so; without an end where nothing known ends it.", {"start_at": "starts_at", "end_at": "ends_at"}
    )
    reasons: list[ActiveReasonCode] = column("The rules that held, none where the customer was not active.")


_READ = ("holds", "explanation", "observed", "required", "shortfall", "holds_until", "window_start", "window_end")


def _by(read: Callable[[Row, str], Expression], reason: str) -> Callable[[Row], Expression]:
    return lambda row: read(row, reason)


def _rule(reason: str, kept: bool) -> Member:
    names: dict[str, Any] = {name: _by(getattr(reads, name), reason) for name in _READ}
    names["code"] = lambda row: constant(reason.upper())
    of = _EVIDENCE.get(reason, Order).__name__
    evidence = Paged(
        reads.link(reason),
        lambda row, target: reads.counted(reason, row, target),
        of,
        some=lambda row: reads.some_counts(row, reason),
    )
    return member(names, {"evidence": evidence}, _by(reads.holds, reason) if kept else None)


@strawberry.type(
    description=(
        "Whether the customer counts as active, and why: each rule of the policy in force, with what it counted. "
        "It says nothing about logging in."
    )
)
class ActiveStatus:
    customer: LazyCustomer = one(reads.customer_itself, "Whose status it is.")
    is_active: bool = column("Whether at least one rule holds.")
    as_of: datetime = column("The moment it describes: the asOf you asked for, or now.")
    reasons: list[ActiveRuleEvaluation] = listed(
        "The rules that hold; none exactly where the customer is not active.",
        *[_rule(reason, kept=True) for reason in REASONS],
        cost=len(REASONS),
    )
    evaluations: list[ActiveRuleEvaluation] = listed(
        "All six rules, those that hold and those that do not, with what is missing.",
        *[_rule(reason, kept=False) for reason in REASONS],
        cost=len(REASONS),
    )
    active_since: datetime | None = column("Since when the customer has been active without a break; null if inactive.")
    active_until: datetime | None = column(
        "The first moment at which no rule holds if nothing else happens; null if inactive or if there is no end."
    )
    policy: ActivePolicy = one(
        reads.policy_of_customer,
        "The policy in force at that moment; another moment is judged by the one in force then.",
    )
    history: list[ActiveStatusSpan] = gathered(
        "Stretches of time with the same rules holding, latest first, each judged by the policy of its time.",
        status_history,
        [
            argument("first", int, "How many stretches, 1 to 100.", 20),
            argument("before", datetime | None, "Only stretches that began by this moment, to go on further back."),
        ],
        cost=5,
        many=True,
        multiplied_by="first",
    )


@strawberry.type
class CustomerPayload(Payload):
    customer: LazyCustomer | None = strawberry.field(description="The customer as they are afterwards.")
    active_status_before: ActiveStatus | None = strawberry.field(
        description="Whether the customer counted as active without this change; customer.activeStatus says it with it."
    )


def status_before(outcome: Outcome, recorded: Recorded) -> Any:
    """Return a reference to the status of an outcome's customer as it was known before the change was recorded."""
    key = outcome.ids.get("customer")
    if key is None:
        return None
    return Reference(ActiveStatus, key, known_at=recorded.begun_at, pinned=recorded.pinned)
