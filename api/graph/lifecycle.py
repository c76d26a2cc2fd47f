"""The stage a customer is in, why, and the stages before, in the schema."""

from datetime import datetime
from enum import Enum

import strawberry

from api.graph.arguments import argument
from api.graph.declare import column, gathered, same
from api.graph.shared import DateTimeInterval
from api.reads.lifecycle import lifecycle_history


@strawberry.enum(description="How far a customer has come with the business.")
class LifecycleStage(Enum):
    AWARENESS = strawberry.enum_value("AWARENESS", description="Is known to the business, and no more than that.")
    CONSIDERATION = strawberry.enum_value(
        "CONSIDERATION", description="Has begun a free trial or a free support plan, and pays for nothing."
    )
    PURCHASE = strawberry.enum_value(
        "PURCHASE",
        description="Has paid once: for a purchase, or the start of a subscription, a support plan or a contract.",
    )
    RETENTION = strawberry.enum_value("RETENTION", description="Has paid again, or renewed something.")
    ADVOCACY = strawberry.enum_value(
        "ADVOCACY",
        description="Recommends the business: a friend they brought was rewarded, or the latest score is 9 or 10.",
    )


@strawberry.type(description="A stretch of time in one stage.")
class LifecycleSpan:
    stage: LifecycleStage = column("The stage of that time.")
    interval: DateTimeInterval = same(
        "When the customer was in it; without an end where nothing known ends it.",
        {"start_at": "starts_at", "end_at": "ends_at"},
    )


@strawberry.type(
    description=(
        "How far a customer has come. A purchase that is paid back in full counts no longer, so stages can go back."
    )
)
class CustomerLifecycle:
    stage: LifecycleStage = column("The stage at this moment.", "lifecycle_stage")
    since: datetime = column("Since when the customer has been in this stage without a break.", "lifecycle_since")
    because: list[str] = column(
        "What put the customer there, in short sentences, such as: Came back on 5 June 2026.", "lifecycle_because"
    )
    history: list[LifecycleSpan] = gathered(
        "The present stage and those before, latest first.",
        lifecycle_history,
        [
            argument("first", int, "How many stages, 1 to 100.", 10),
            argument("before", datetime | None, "Only stages that began by this moment, to go on further back."),
        ],
        cost=5,
        many=True,
        multiplied_by="first",
    )
