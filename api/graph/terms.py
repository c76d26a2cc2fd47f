"""What support plans and contracts share in the schema."""

from enum import Enum

import strawberry


@strawberry.enum(description="How a support plan or a contract stands.")
class TermStatus(Enum):
    SCHEDULED = strawberry.enum_value("SCHEDULED", description="It is agreed and has not begun.")
    ACTIVE = strawberry.enum_value("ACTIVE", description="It is in force.")
    EXPIRED = strawberry.enum_value("EXPIRED", description="It is over because its time was up.")
    CANCELLED = strawberry.enum_value("CANCELLED", description="It is over because somebody ended it early.")
