"""What a field takes: arguments, those of pages and clocks among them, conditions of filters, and parts of inputs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import strawberry
from strawberry import UNSET
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField

from api.graph.cost import Cost
from api.reads.identity import Given
from api.reads.relation import Expression, Row


class ConditionField(StrawberryField):
    """A field of a filter: what it tests, and how.

    test      takes the row and the value as parameters and returns a condition; by default the field's type decides
    requires  what must stand beside every row that is wanted where this is asked to hold of all of them
    names_segments  whether the value names segments, the filter of one of which must hold
    """

    names: str
    test: Callable[[Row, Given], Expression] | None = None
    requires: str | None = None
    names_segments: bool = False

    def __copy__(self) -> ConditionField:
        copied = super().__copy__()
        copied.names, copied.test, copied.requires = self.names, self.test, self.requires
        copied.names_segments = self.names_segments
        return copied


def argument(
    name: str, type_: Any, description: str, default: Any = UNSET, cost: int | None = None
) -> StrawberryArgument:
    """Return an argument of a planned field; `cost` is what using it adds, in points."""
    made = StrawberryArgument(name, None, StrawberryAnnotation(type_), description=description, default=default)
    made.directives = () if cost is None else (Cost(weight=cost),)
    return made


def condition(
    description: str,
    names: str = "",
    test: Callable[[Row, Given], Expression] | None = None,
    requires: str | None = None,
) -> Any:
    """Return a field of a filter; `names` is the expression it tests, by default the one of its own name."""
    made = ConditionField(description=description, default=UNSET)
    made.names, made.test, made.requires = names, test, requires
    return made


def in_segments(description: str) -> Any:
    """Return a field of a filter of customers: segments, of which one at least must have the customer in it."""
    made = condition(description)
    made.names_segments = True
    return made


def optional(description: str, name: str | None = None) -> Any:
    """Return a field of an input that may be left out."""
    return strawberry.field(description=description, name=name, default=UNSET)


def narrowing(filter: Any, order: Any) -> list[StrawberryArgument]:
    """Return the arguments that narrow and sort a list."""
    found = []
    if filter is not None:
        found.append(argument("filter", filter | None, "Only items that meet these conditions."))
    if order is not None:
        found.append(
            argument("order_by", order | None, "What to sort by; items equal in that come in the order of their ids.")
        )
    return found


PAGE_ARGUMENTS = (
    argument("first", int | None, "How many from the start, 1 to 100; 20 if neither first nor last is given."),
    argument("after", str | None, "Begin after the item with this cursor, such as the endCursor of the page before."),
    argument("last", int | None, "How many from the end, 1 to 100; give first or last, not both."),
    argument("before", str | None, "End before the item with this cursor, such as the startCursor of the page after."),
)
AS_OF = "Look back: count only what had happened by this moment, at every level. Left out, everything counts."
KNOWN_AT = "Count only what had been entered by this moment, as a report of that day did. Left out, everything counts."
CLOCK_ARGUMENTS = (
    argument("as_of", datetime | None, AS_OF),
    argument("known_at", datetime | None, KNOWN_AT),
)
