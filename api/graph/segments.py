"""Segments in the schema: who is in them, in which a customer is and why, and how they are saved and deleted."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Any

import strawberry
from strawberry import UNSET
from strawberry.schema.config import StrawberryConfig
from strawberry.types.base import get_object_definition

from api.domain.identity import public_id
from api.graph.arguments import condition, optional
from api.graph.customers import Customer
from api.graph.declare import because, column, counted, identifier, page_by_segments, same
from api.graph.finding_customers import CustomerFilterInput, CustomerOrderInput
from api.graph.naming import key_named, or_none
from api.graph.outcomes import Caller, ChangeInput, Payload, idempotency, perform, reference, user_errors
from api.graph.scalars import Json, format_moment
from api.graph.shared import Connection, Count, Node
from api.reads import segments as reads
from api.reads.identity import is_this
from api.writes.change import Change, Outcome
from api.writes.segments import delete_segment, set_segment

_NAME = StrawberryConfig().name_converter.from_field


@strawberry.type(description="Customers who meet conditions that are saved under a name; who is in it is never saved.")
class Segment(Node):
    id: strawberry.ID = identifier()
    name: str = column("What people call it, such as Big spenders; no two segments have the same name.")
    filter: Json = column("The conditions as they were saved, in the form of the filter of `customers`.")
    version: int = column("Counts the changes of this segment; send it as expectedVersion when you change it.")
    created_at: datetime = column("When the segment was saved for the first time.")
    updated_at: datetime = column("When its name or its conditions were last saved.", "changed_at")
    members: Connection[Customer] = page_by_segments(
        reads.members_of_segment,
        "Customers who meet the conditions at this moment.",
        order=list[CustomerOrderInput],
    )
    member_count: Count = counted(reads.members_of_segment, "How many customers are in it at this moment.")


@strawberry.type(description="A segment that a customer is in, and why.")
class SegmentMembership:
    segment: Segment = same("The segment that the customer is in.")
    because: list[str] = because(
        "What the customer is like in all the segment asks about, in short sentences, such as: Has placed 7 orders."
    )


@strawberry.input(description="Names one segment: give exactly one of these.", one_of=True)
class SegmentIdentifierInput:
    id: strawberry.ID | None = condition("The id of the segment, which begins with seg_.", test=is_this)
    name: str | None = condition("Its name; capitals make no difference.", test=reads.has_name)


@strawberry.input(description="A segment to save, and the key that makes the change count once.")
class SetSegmentInput(ChangeInput):
    id: strawberry.ID | None = optional("The id of the segment to change; left out, a new one is created.")
    name: str = strawberry.field(description="Its name, at most 200 characters; no other segment may have the same.")
    filter: CustomerFilterInput = strawberry.field(
        description="What its members must meet; up to 50 conditions, those of the segments it names included."
    )
    expected_version: int | None = optional(
        "The version you read; if somebody changed the segment since, nothing is done (CONFLICT)."
    )


@strawberry.input(description="A segment to delete, and the key that makes the change count once.")
class DeleteSegmentInput(ChangeInput):
    segment_id: strawberry.ID = strawberry.field(description="The id of the segment, which begins with seg_.")
    expected_version: int | None = optional(
        "The version you read; if somebody has changed the segment, it is not deleted (CONFLICT)."
    )


@strawberry.type(description="What became of a segment to save.")
class SetSegmentPayload(Payload):
    segment: Segment | None = strawberry.field(description="The segment as it is afterwards.")
    created: bool = strawberry.field(description="Whether the segment is new.")


@strawberry.type(description="What became of a segment to delete.")
class DeleteSegmentPayload(Payload):
    deleted_segment_id: strawberry.ID | None = strawberry.field(
        description="The id of the segment that is gone; with asOf, it is still found where it was."
    )


async def save(caller: Caller, given: SetSegmentInput) -> SetSegmentPayload:
    """Create a segment, or change the one that is named."""
    identifier, conditions = or_none(given.id), wire(given.filter)

    async def work(change: Change) -> Sequence[Outcome]:
        named = None if identifier is None else (key_named(identifier, "seg"),)
        return await set_segment(change, named, given.name, conditions, or_none(given.expected_version))

    recorded = await perform(caller, "setSegment", given, work)
    outcome = recorded.outcomes[0]
    return SetSegmentPayload(
        segment=reference(Segment, outcome, "segment", recorded),
        created=outcome.created,
        user_errors=user_errors(outcome.errors),
        idempotency=idempotency(given.idempotency_key, recorded),
    )


async def delete(caller: Caller, given: DeleteSegmentInput) -> DeleteSegmentPayload:
    """Delete the segment that is named."""

    async def work(change: Change) -> Sequence[Outcome]:
        return await delete_segment(change, key_named(given.segment_id, "seg"), or_none(given.expected_version))

    recorded = await perform(caller, "deleteSegment", given, work)
    outcome = recorded.outcomes[0]
    key = outcome.ids.get("segment")
    return DeleteSegmentPayload(
        deleted_segment_id=None if key is None else strawberry.ID(public_id("seg", key)),
        user_errors=user_errors(outcome.errors),
        idempotency=idempotency(given.idempotency_key, recorded),
    )


def wire(value: Any) -> Any:
    """Return an input in the form in which it is sent, without what was left out."""
    if is_dataclass(value):
        names = {field.python_name: _NAME(field) for field in get_object_definition(value, strict=True).fields}
        parts = {names[part.name]: getattr(value, part.name) for part in fields(value)}
        return {name: wire(part) for name, part in parts.items() if part is not UNSET and part is not None}
    if isinstance(value, list):
        return [wire(part) for part in value]
    return _leaf(value)


def _leaf(value: Any) -> Any:
    if isinstance(value, datetime):
        return format_moment(value)
    if isinstance(value, Enum):
        return value.name
    return value if isinstance(value, bool | int | float | str | Mapping) else str(value)
