"""Creating and changing customers: input, payload, and how one becomes the other."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import strawberry
from strawberry import UNSET

from api.graph.arguments import optional
from api.graph.customers import Customer
from api.graph.finding_customers import CustomerIdentifierInput
from api.graph.naming import customer_name, external_key, or_none
from api.graph.outcomes import Caller, ChangeInput, Payload, idempotency, perform, reference, user_errors
from api.graph.postal_addresses import PostalAddressInput
from api.graph.shared import CustomerKind, ExternalIdInput
from api.writes.change import Change, Outcome
from api.writes.customers import set_customer


@strawberry.input(description="What is known about a customer. What is left out stays as it is; null empties it.")
class CustomerInput:
    kind: CustomerKind | None = optional("Whether the customer buys privately or for a business.")
    first_name: str | None = optional("Given name, such as Ada.")
    last_name: str | None = optional("Family name, such as Berger.")
    company_name: str | None = optional("Name of the company the customer buys for; one not known yet is created.")
    email: str | None = optional("Email address, such as ada@example.com; no two customers have the same.")
    phone: str | None = optional("Phone number with country code, such as +493023125001.")
    country: str | None = optional("Country by its two letters in ISO 3166, such as DE.")
    locale: str | None = optional("Language and region the customer prefers, such as de-CH.")
    postal_address: PostalAddressInput | None = optional(
        "Where letters reach the customer; it replaces the one so far."
    )
    external_ids: list[ExternalIdInput] | None = optional(
        "What other systems call this customer, at most 20; these replace those kept so far."
    )
    tags: list[str] | None = optional("Labels such as newsletter, at most 50; these replace those kept so far.")

    def given(self) -> dict[str, Any]:
        """Return the parts that are given, as the domain takes them."""
        parts = {field.name: getattr(self, field.name) for field in fields(self)}
        found = {name: part for name, part in parts.items() if part is not UNSET}
        if found.get("kind"):
            found["kind"] = found["kind"].name
        if found.get("postal_address"):
            found["postal_address"] = found["postal_address"].address()
        if found.get("external_ids"):
            found["external_ids"] = [external_key(each) for each in found["external_ids"]]
        return found


@strawberry.input(description="A customer to create or change, and the key that makes the change count once.")
class SetCustomerInput(ChangeInput):
    identifier: CustomerIdentifierInput = strawberry.field(
        description="Which customer is meant; one that is not known yet is created, unless named by id."
    )
    customer: CustomerInput = strawberry.field(
        description="What is known about the customer; what is left out stays as it is."
    )
    expected_version: int | None = optional(
        "The version you read; if somebody changed the customer since, nothing is done (CONFLICT)."
    )


@strawberry.type(description="What became of a change to a customer.")
class SetCustomerPayload(Payload):
    customer: Customer | None = strawberry.field(description="The customer as they are afterwards.")
    created: bool = strawberry.field(description="Whether the customer was not known before.")


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
