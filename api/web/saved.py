"""What the filters of segments cost: known only when they have been read, and charged then, before anything else is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import OperationDefinitionNode

__all__ = ["EVERY_SEGMENT", "Charge", "SegmentConditions"]

READ = ":segments"
"""Where the number of conditions stands among the variables; no variable of a document can have such a name."""


@dataclass(frozen=True, slots=True)
class SegmentConditions:
    """The conditions of the segments of which it is asked who is in them: as many as have been read by now."""

    changes = True

    def at(self, variables: Mapping[str, Any]) -> int:
        """Return how many there are, each of which costs a point."""
        found: int = variables.get(READ, 0)
        return found

    def with_sizes(self, sizes: Mapping[int, int]) -> int:
        return sizes[id(self)]


EVERY_SEGMENT = SegmentConditions()


@dataclass(slots=True)
class Charge:
    """What one run of an operation costs, with what it has read of segments.

    document  that the operation is of
    points    it costs as far as is known
    """

    document: Any
    operation: OperationDefinitionNode
    variables: Mapping[str, Any]
    points: int
    named: dict[Any, int] = field(default_factory=dict)
    whole: int = 0

    def segments(self, place: Any, named: int, whole: int) -> None:
        """Charge conditions that a field has read; raise CostExceeded or DocumentTooLarge where they are too many.

        named  of the segments that a filter names
        whole  of those of which it is asked who is in them
        """
        self.named[place] = named
        self.whole = max(self.whole, whole)
        given = {**self.variables, READ: self.whole}
        self.points = self.document.charge(self.operation, given, beside=sum(self.named.values()))
