"""Support plans, and what was used of them, in the schema."""

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import strawberry

from api.domain.calendar import Duration
from api.graph.arguments import condition, optional
from api.graph.cancellation import CancellationReason
from api.graph.declare import column, identifier, money, one, page, same
from api.graph.orders import OrderLine
from api.graph.shared import Connection, DateTimeInterval, ExternalId, Money, Node, OrderDirection
from api.graph.terms import TermStatus
from api.reads import support_plans as reads
from api.reads.terms import ends_before

if TYPE_CHECKING:
    from api.graph.customers import Customer

LazyCustomer = Annotated["Customer", strawberry.lazy("api.graph.customers")]
LazyEnrollment = Annotated["SupportPlanEnrollment", strawberry.lazy("api.graph.support_plans")]


@strawberry.type(description="How often help may be asked for under a support plan, and how often it was.")
class Allowance:
    included: int | None = column(
        "How many incidents the plan covers; null where it covers any number.", "included_incidents"
    )
    used: int = column("How many incidents were used, over the whole term.")
    remaining: int | None = column("How many incidents are left; null where the plan covers any number.")


@strawberry.type(description="Help that was asked for under a support plan.")
class SupportUsage(Node):
    id: strawberry.ID = identifier()
    enrollment: LazyEnrollment = one(reads.support_plan_of_usage, "The support plan it was taken from.")
    incidents: int = column("How many incidents it counts for.")
    note: str | None = column("What it was about, such as Printer on fire.")
    used_at: datetime = column("When the customer asked for help.")
    recorded_at: datetime = column("When the incident was entered here, which may be later.")


@strawberry.type(description="A support plan that a customer is enrolled in.")
class SupportPlanEnrollment(Node):
    id: strawberry.ID = identifier()
    external_id: ExternalId | None = same(
        "What the system it came from calls this plan; null where it has no name there.",
        {"source": "source", "value": "external_id"},
        "source",
    )
    plan_name: str = column("Name of the plan, such as Gold.")
    paid: bool = column("Whether the customer pays for it.")
    price: Money | None = money("What the whole term costs; null where the plan is free.", "price", missing="price")
    term: DateTimeInterval = same(
        "When the plan is in force, as it was agreed; endAt is null for one without an end.",
        {"start_at": "starts_at", "end_at": "term_ends_at"},
    )
    ends_at: datetime | None = column(
        "When it stops if nothing else happens: at the end of its term, or earlier where it was cancelled; else null."
    )
    status: TermStatus = column("How the plan stands at the moment that this answer describes.")
    allowance: Allowance = same("How many incidents the plan covers, and how many of them are left.")
    usages: Connection[SupportUsage] = page(reads.usages_of_support_plan, "What was used of it, latest first.")
    response_target: Duration | None = column("Within what time an answer is promised, such as PT4H for four hours.")
    order_line: OrderLine | None = one(
        reads.line_of_support_plan, "What it was bought with, and ends with; null for most plans."
    )
    cancellation_reason: CancellationReason | None = column("Why it ends early; null where it does not.")
    customer: LazyCustomer = one(reads.customer_of_support_plan, "Who is enrolled.")
    recorded_at: datetime = column("When the plan as it is shown here was entered.")
    version: int = column("Counts the changes to this plan; send it as expectedVersion to overwrite nobody else's.")


@strawberry.input(description="Conditions on support plans; all that are given must hold.")
class SupportPlanFilterInput:
    and_: "list[SupportPlanFilterInput] | None" = optional("All of these must hold.", name="and")
    or_: "list[SupportPlanFilterInput] | None" = optional("At least one of these must hold.", name="or")
    not_: "SupportPlanFilterInput | None" = optional("This must not hold.", name="not")
    status: list[TermStatus] | None = condition("The plan is in one of these states.")
    ends_before: datetime | None = condition(
        "The plan stops before this moment if nothing else happens; one without an end never does.", test=ends_before
    )
    paid: bool | None = condition("Whether the customer pays for the plan.")


@strawberry.enum(description="What support plans can be sorted by.")
class SupportPlanOrderField(Enum):
    STARTS_AT = strawberry.enum_value("starts_at", description="When the plan begins.")
    ENDS_AT = strawberry.enum_value("ends_at", description="When the plan stops; those without an end come last.")


@strawberry.input(description="What to sort support plans by, and which way.")
class SupportPlanOrderInput:
    field: SupportPlanOrderField = strawberry.field(description="What to sort by.")
    direction: OrderDirection = strawberry.field(description="Which way to sort.", default=OrderDirection.DESC)
