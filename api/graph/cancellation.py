"""Why customers end what they pay for, in the schema."""

from enum import Enum

import strawberry


@strawberry.enum(description="Why something ended before its time was up.")
class CancellationReason(Enum):
    TOO_EXPENSIVE = strawberry.enum_value("TOO_EXPENSIVE", description="It costs too much.")
    MISSING_FEATURE = strawberry.enum_value("MISSING_FEATURE", description="Something the customer needs is not in it.")
    UNUSED = strawberry.enum_value("UNUSED", description="The customer did not use it.")
    QUALITY = strawberry.enum_value("QUALITY", description="It was not good enough.")
    SWITCHED = strawberry.enum_value("SWITCHED", description="The customer went to somebody else.")
    PAYMENT_FAILED = strawberry.enum_value("PAYMENT_FAILED", description="The money did not come.")
    REFUNDED = strawberry.enum_value("REFUNDED", description="What it came with was paid back.")
    OTHER = strawberry.enum_value("OTHER", description="None of the other reasons fits.")
