"""Whether customers agree to hear from the business, in the schema."""

from datetime import datetime
from enum import Enum

import strawberry

from api.graph.declare import column, gathered
from api.reads.consents import consents_by_channel


@strawberry.enum(description="A way by which a customer can be reached.")
class MarketingChannel(Enum):
    EMAIL = strawberry.enum_value("EMAIL", description="By messages to the email address.")
    SMS = strawberry.enum_value("SMS", description="By text messages to the phone number.")
    PHONE = strawberry.enum_value("PHONE", description="By calls to the phone number.")
    POST = strawberry.enum_value("POST", description="By letters to the postal address.")


@strawberry.enum(description="How a customer stands to being reached in one way.")
class MarketingConsentState(Enum):
    GRANTED = strawberry.enum_value("GRANTED", description="The customer agreed, and that still holds.")
    WITHDRAWN = strawberry.enum_value(
        "WITHDRAWN", description="The customer said no, or took back what they agreed to."
    )
    EXPIRED = strawberry.enum_value("EXPIRED", description="The customer agreed for a time that is over.")
    UNKNOWN = strawberry.enum_value("UNKNOWN", description="Nothing is recorded: write only after you have asked.")


@strawberry.type(description="Whether a customer agrees to hear from the business in one way.")
class MarketingConsent:
    channel: MarketingChannel = column("Which way of being reached it is about.")
    state: MarketingConsentState = column("How the customer stands to it at the moment of the answer.")
    since: datetime | None = column("Since when that is so; null where nothing is recorded.")
    until: datetime | None = column("When consent ends by itself; null where it has no end, or there is none.")
    source: str | None = column(
        "Where the customer said so, such as Form at the checkout; null where nothing was said."
    )


MARKETING_CONSENTS = gathered(
    "Whether the customer agrees to hear from the business: one entry for each way of being reached.",
    consents_by_channel,
    cost=4,
    many=True,
)
