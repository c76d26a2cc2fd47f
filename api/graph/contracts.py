"""Contracts in the schema."""

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import strawberry

from api.domain.calendar import Duration
from api.graph.arguments import condition, optional
from api.graph.declare import column, identifier, money, one, same
from api.graph.shared import DateTimeInterval, ExternalId, Money, Node, OrderDirection
from api.graph.terms import TermStatus
from api.reads import contracts as reads
from api.reads.terms import ends_before

if TYPE_CHECKING:
    from api.graph.customers import Customer

LazyCustomer = Annotated["Customer", strawberry.lazy("api.graph.customers")]


@strawberry.type(description="A contract with a customer, for a term that may be followed by others.")
class Contract(Node):
    id: strawberry.ID = identifier()
    external_id: ExternalId | None = same(
        "What the system it came from calls this contract; null where it has no name there.",
        {"source": "source", "value": "external_id"},
        "source",
    )
    number: str = column("Number that people quote, such as C-100001.")
    name: str = column("What the contract is about, such as Maintenance.")
    status: TermStatus = column("How the contract stands at the moment that this answer describes.")
    term: DateTimeInterval = same(
        "The term that is running; before the contract begins its first one, after it ended its last.",
        {"start_at": "term_start", "end_at": "term_end"},
    )
    ends_at: datetime | None = column(
        "When it stops if nothing else happens: after all terms agreed, or earlier where it was terminated. Null while "
        "it renews by itself."
    )
    signed_at: datetime = column("When both sides agreed to it, which may be before it begins.")
    auto_renew: bool = column("Whether one term follows another until somebody ends it.")
    renewal_interval: Duration = column("How long a further term is, such as P12M for a year.")
    renewal_at: datetime | None = column("When it next renews by itself; null where it does not.")
    value: Money = money("What the running term is worth, all payments together.", "term_value")
    billing_interval: Duration | None = column("How often a part is paid, such as P1M; null where it is paid at once.")
    notice_period: Duration = column("How long before its end the contract must be given notice.", "notice")
    termination_reason: str | None = column("Why it ends early, in words; null where it does not.")
    penalty: Money | None = money(
        "What is owed for ending it before notice allowed; null where nothing was said.", "penalty", missing="penalty"
    )
    customer: LazyCustomer = one(reads.customer_of_contract, "With whom the contract was made.")
    recorded_at: datetime = column("When the contract as it is shown here was entered.")
    version: int = column("Counts the changes to this contract; send it as expectedVersion to overwrite nobody else's.")


@strawberry.input(description="Conditions on contracts; all that are given must hold.")
class ContractFilterInput:
    and_: "list[ContractFilterInput] | None" = optional("All of these must hold.", name="and")
    or_: "list[ContractFilterInput] | None" = optional("At least one of these must hold.", name="or")
    not_: "ContractFilterInput | None" = optional("This must not hold.", name="not")
    status: list[TermStatus] | None = condition("The contract is in one of these states.")
    ends_before: datetime | None = condition(
        "The contract stops before this moment if nothing else happens; one that renews by itself does not.",
        test=ends_before,
    )


@strawberry.enum(description="What contracts can be sorted by.")
class ContractOrderField(Enum):
    STARTS_AT = strawberry.enum_value("starts_at", description="When the contract begins.")
    ENDS_AT = strawberry.enum_value("ends_at", description="When it stops; those that renew by themselves come last.")


@strawberry.input(description="What to sort contracts by, and which way.")
class ContractOrderInput:
    field: ContractOrderField = strawberry.field(description="What to sort by.")
    direction: OrderDirection = strawberry.field(description="Which way to sort.", default=OrderDirection.DESC)
