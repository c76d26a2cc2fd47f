"""Recording whether customers agree to hear from the business: input, payload, and how one becomes the other."""

from datetime import datetime
from enum import Enum

import strawberry

from api.domain.consents import NewConsent
from api.graph.arguments import optional
from api.graph.consents import MarketingChannel
from api.graph.customers import Customer
from api.graph.finding_customers import CustomerIdentifierInput
from api.graph.naming import customer_name, or_none
from api.graph.outcomes import Caller, ChangeInput, Payload, idempotency, perform, reference, user_errors
from api.writes.consents import record_consent


@strawberry.enum(description="What a customer decides about being reached in one way.")
class MarketingDecision(Enum):
    GRANTED = strawberry.enum_value("GRANTED", description="The customer agrees.")
    WITHDRAWN = strawberry.enum_value(
        "WITHDRAWN", description="The customer says no, or takes back what they agreed to."
    )


@strawberry.input(description="What a customer decided about hearing from the business in one way.")
class MarketingConsentInput:
    customer: CustomerIdentifierInput = strawberry.field(
        description="Who decided; setCustomer creates a customer who is not known yet."
    )
    channel: MarketingChannel = strawberry.field(description="Which way of being reached it is about.")
    decision: MarketingDecision = strawberry.field(description="What the customer decided.")
    decided_at: datetime | None = optional("When the customer decided; left out, now. It is not in the future.")
    expires_at: datetime | None = optional("When consent ends by itself; left out, it lasts until it is withdrawn.")
    source: str = strawberry.field(description="Where the customer said so, such as Form at the checkout.")

    def consent(self) -> NewConsent:
        """Return the decision to record."""
        return NewConsent(
            customer=customer_name(self.customer),
            channel=self.channel.name,
            decision=self.decision.name,
            decided_at=or_none(self.decided_at),
            expires_at=or_none(self.expires_at),
            source=self.source,
        )


@strawberry.input(description="A decision about being reached to record, and the key that makes it count once.")
class RecordMarketingConsentInput(ChangeInput):
    consent: MarketingConsentInput = strawberry.field(description="Who decided what, about which way of being reached.")


@strawberry.type(description="What became of recordMarketingConsent.")
class RecordMarketingConsentPayload(Payload):
    customer: Customer | None = strawberry.field(
        description="The customer afterwards, or as they would be after a dry run; null when something was wrong."
    )


async def record(caller: Caller, given: RecordMarketingConsentInput) -> RecordMarketingConsentPayload:
    """Record a decision."""
    new = given.consent.consent()
    recorded = await perform(caller, "recordMarketingConsent", given, lambda change: record_consent(change, new))
    outcome = recorded.outcomes[0]
    return RecordMarketingConsentPayload(
        customer=reference(Customer, outcome, "customer", recorded),
        user_errors=user_errors(outcome.errors),
        idempotency=idempotency(given.idempotency_key, recorded),
    )
