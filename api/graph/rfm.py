"""Recency, frequency and spend of a customer among all who have bought, in the schema."""

from datetime import datetime
from enum import Enum

import strawberry

from api.graph.declare import column
from api.reads import rfm as reads


@strawberry.enum(description="Customers alike in how lately, how often and for how much they bought.")
class RfmGroup(Enum):
    CHAMPIONS = strawberry.enum_value("CHAMPIONS", description="Buy often, lately and for much.")
    LOYAL = strawberry.enum_value("LOYAL", description="Buy often and come back.")
    ACTIVE = strawberry.enum_value("ACTIVE", description="Bought lately, as often and for as much as most.")
    NEW = strawberry.enum_value("NEW", description="Bought just now, once or twice and for little.")
    PROMISING = strawberry.enum_value("PROMISING", description="Bought lately, seldom so far.")
    NEEDS_ATTENTION = strawberry.enum_value("NEEDS_ATTENTION", description="Bought well before, and are slowing down.")
    ALMOST_LOST = strawberry.enum_value(
        "ALMOST_LOST", description="Have not bought for a while, and bought seldom before."
    )
    PREVIOUSLY_LOYAL = strawberry.enum_value("PREVIOUSLY_LOYAL", description="Bought often once, but not lately.")
    AT_RISK = strawberry.enum_value("AT_RISK", description="Bought well once, and have been silent for long.")
    DORMANT = strawberry.enum_value("DORMANT", description="Have been silent longest, and never bought much.")
    PROSPECTS = strawberry.enum_value("PROSPECTS", description="Have bought nothing yet.")


@strawberry.type(
    description=(
        "How lately, how often and for how much a customer has bought, each 1 to 5 by which fifth of all buyers it is: "
        "5 is best. Buyers who are equal in something score the same."
    )
)
class RfmScore:
    recency: int | None = column("How lately the customer bought, 1 to 5; null before the first purchase.")
    frequency: int | None = column("How often the customer bought, 1 to 5; null before the first purchase.")
    monetary: int | None = column(
        "How much the customer has brought, 1 to 5, after discounts and refunds; null before the first purchase."
    )
    group: RfmGroup = column(
        "The group that the three scores lead to; for who has bought nothing, PROSPECTS.", reads.rfm_group
    )
    as_of: datetime = column("The moment these scores describe: the asOf you asked for, or now.")
