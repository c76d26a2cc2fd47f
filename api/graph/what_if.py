"""What can be supposed of a customer: inputs, and how one becomes what happens."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry

from api.domain.calendar import Duration
from api.domain.what_if import MOST_EVENTS, Bought, Cancelled, Event, Paid, Refunded, Renewed, Waited
from api.errors import BadUserInput
from api.graph.arguments import argument, optional
from api.graph.cost import Cost
from api.graph.declare import planned
from api.graph.naming import amount, key_named, or_none
from api.graph.purchase_lines import PurchaseLineInput
from api.graph.shared import MoneyInput
from api.graph.sources import Columns, Supposed
from api.reads import what_if as reads


@strawberry.input(description="A purchase that is only supposed.")
class HypotheticalPurchaseInput:
    lines: list[PurchaseLineInput] = strawberry.field(
        description="What would be bought: 1 to 200 lines, all of products that are known."
    )
    discount: MoneyInput | None = optional("What would be taken off the whole order, in the currency of the lines.")
    placed_at: datetime | None = optional("When the customer would buy; left out, at the moment reached by then.")

    def bought(self) -> Bought:
        """Return the purchase to suppose."""
        lines = tuple(line.line() for line in self.lines)
        return Bought(lines, amount(self.discount) if self.discount else None, or_none(self.placed_at))


@strawberry.input(description="Something to suppose: exactly one of these.", one_of=True)
class HypotheticalEventInput:
    purchase: HypotheticalPurchaseInput | None = optional("The customer buys this.")
    refund_order_id: strawberry.ID | None = optional("All that is left of this order is paid back.")
    cancel_subscription_id: strawberry.ID | None = optional(
        "This subscription is cancelled; it ends with its period, or its trial."
    )
    renew_subscription_id: strawberry.ID | None = optional("This subscription is paid for one more period.")
    renew_contract_id: strawberry.ID | None = optional("This contract goes on for one more term.")
    pass_time: Duration | None = optional(
        "So much time passes, such as P6M: what is listed after it happens so much later, as does the answer."
    )

    def event(self) -> Event:
        """Return what happens."""
        for name, (happens, prefix) in _NAMED.items():
            identifier = or_none(getattr(self, name))
            if identifier is not None:
                return happens(key_named(identifier, prefix))
        purchase = or_none(self.purchase)
        return purchase.bought() if purchase else Waited(or_none(self.pass_time) or Duration())


_NAMED: Mapping[str, tuple[Callable[[UUID | None], Event], str]] = {
    "refund_order_id": (Refunded, "ord"),
    "cancel_subscription_id": (Cancelled, "sub"),
    "renew_subscription_id": (Paid, "sub"),
    "renew_contract_id": (Renewed, "con"),
}


def supposed(description: str) -> Any:
    """Return a field with the row itself as if events had happened."""
    events = argument("events", list[HypotheticalEventInput], "What to suppose, in this order: up to 20 events.")
    return planned(Supposed(reads.supposable, _keys, _events), description, [events], Cost(weight=10))


def _events(given: Sequence[Mapping[str, Any]]) -> list[Event]:
    if len(given) > MOST_EVENTS:
        raise BadUserInput(f"`events` takes at most {MOST_EVENTS} events.")
    definition: Any = HypotheticalEventInput.__strawberry_definition__  # type: ignore[attr-defined]
    return [definition.from_input(HypotheticalEventInput, each, None).event() for each in given]


def _keys(columns: Columns) -> list[object]:
    """Return the key of each customer of whom something can be supposed, an error for one who was merged away."""
    merged = BadUserInput("This customer turned out to be another one: ask for `whatIf` of `mergedInto`.")
    return [key if into is None else merged for key, into in zip(columns["key"], columns["merged_into"], strict=True)]
