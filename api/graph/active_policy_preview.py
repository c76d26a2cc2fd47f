"""What another policy would change, in the schema."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from api.graph.declare import column, sample
from api.reads import preview as reads
from api.reads.customer_base import moment

if TYPE_CHECKING:
    from api.graph.customers import Customer

LazyCustomer = Annotated["Customer", strawberry.lazy("api.graph.customers")]


@strawberry.type(description="What other rules would change, if they were in force now or at asOf; nothing is written.")
class ActivePolicyPreview:
    as_of: datetime = column("The moment at which both policies are compared.", moment)
    active_now: int = column("How many customers count as active by the rules in force.", reads.active_now)
    active_then: int = column("How many would count as active by the other rules.", reads.active_then)
    become_active: int = column("How many inactive customers would become active.", reads.become_active)
    become_inactive: int = column("How many active customers would stop being active.", reads.become_inactive)
    sample: list[LazyCustomer] = sample(
        "Some of the customers who would change, those entered first.", reads.would_change
    )
