"""Creating and changing customers: input, payload, and how one becomes the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import strawberry
from strawberry import UNSET

from api.graph.customers import Customer, CustomerIdentifierInput, CustomerKind
from api.graph.declare import optional
from api.graph.naming import customer_name, external_key, or_none
from api.graph.outcomes import Caller, ChangeInput, Payload, idempotency, perform, reference, user_errors
from api.graph.shared import ExternalIdInput
from api.writes.change import Change, Outcome
from api.writes.customers import set_customer


@strawberry.input(description="What to know about a customer; values left out stay as they are, null empties them.")
class CustomerInput:
    kind: CustomerKind | None = optional("Whether this is a private person or a business.")
    first_name: str | None = optional("Given name.")
    last_name: str | None = optional("Family name.")
    company_name: str | None = optional("Company the customer belongs to, created if not known yet.")
    email: str | None = optional("Email address.")
    phone: str | None = optional("Phone number with country code.")
    country: str | None = optional("Two-letter country code.")
    locale: str | None = optional("Preferred language and region, such as de-CH.")
    external_ids: list[ExternalIdInput] | None = optional("Identifiers in other systems, replacing those kept so far.")
    tags: list[str] | None = optional("Free labels, replacing those kept so far.")

    def given(self) -> dict[str, Any]:
        """Return the parts that are given, as the domain takes them."""
        parts = {field.name: getattr(self, field.name) for field in fields(self)}
        found = {name: part for name, part in parts.items() if part is not UNSET}
        if found.get("kind"):
            found["kind"] = found["kind"].name
        if found.get("external_ids"):
            found["external_ids"] = [external_key(each) for each in found["external_ids"]]
        return found


@strawberry.input(description="A customer to create or change.")
class SetCustomerInput(ChangeInput):
    identifier: CustomerIdentifierInput = strawberry.field(
        description="Which customer is meant; one that is not known yet is created, unless named by id."
    )
    customer: CustomerInput = strawberry.field(description="What to know about the customer.")
    expected_version: int | None = optional("Refuse with CONFLICT unless the record still has this version.")


@strawberry.type(description="Outcome of setCustomer.")
class SetCustomerPayload(Payload):
    customer: Customer | None = strawberry.field(description="The customer afterwards.")
    created: bool = strawberry.field(description="Whether the customer is new.")


async def create_or_change(caller: Caller, given: SetCustomerInput) -> SetCustomerPayload:
    """Create a customer, or change the one the identifier names."""

    async def work(change: Change) -> Sequence[Outcome]:
        expected = or_none(given.expected_version)
        return await set_customer(change, customer_name(given.identifier), given.customer.given(), expected)

    recorded = await perform(caller, "setCustomer", given, work)
    outcome = recorded.outcomes[0]
    return SetCustomerPayload(
        customer=reference(Customer, outcome, "customer", recorded),
        created=outcome.created,
        user_errors=user_errors(outcome.errors),
        idempotency=idempotency(given.idempotency_key, recorded),
    )
