"""The segments that a plan uses: what it asks of them, and how their filters become a part of its variables.

A filter that is kept is known only when the segments have been read. So a plan that uses one is made twice: first to
see what it needs, then with the filters in their places, as if the caller had sent them. What is in them then counts as
the values of variables do: what changes a plan is a part of what it is kept for, and everything else is a parameter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from api.database import Statement

SEGMENTS = ":segments"
"""Where the segments stand among the values of a run; no variable of a document can have such a name."""


@dataclass(slots=True)
class Segments:
    """The segments of one plan.

    known   what `filters.inserted` returns, with slots for values; None as long as nobody knows
    names   what names segments, by itself in words
    whole   whether it is asked who is in which segment, and not only who is in those that are named
    others  whether it is asked of other segments than the one that the plan may be about
    """

    known: Mapping[str, Any] | None = None
    names: dict[str, Any] = field(default_factory=dict)
    whole: bool = False
    others: bool = False

    def named(self, value: Any) -> Sequence[Mapping[str, Any]]:
        """Return the segments that the value of a condition names, as far as they are known."""
        if isinstance(value, list) and all(isinstance(part, Mapping) for part in value):
            return value  # named by the filter of a segment, where they have been put in their places
        if self.known is None:
            self.names[repr(value)] = value
            return ()
        found: Sequence[Mapping[str, Any]] = self.known["named"][repr(value)]
        return found

    def all(self, *, others: bool) -> Sequence[Mapping[str, Any]]:
        """Return all segments that can be met, as far as they are known."""
        if self.known is None:
            self.whole, self.others = True, self.others or others
            return ()
        found: Sequence[Mapping[str, Any]] = self.known["all"]
        return found

    @property
    def is_one(self) -> bool:
        """Whether the plan is about one segment, and no other can be met."""
        return self.known is not None and self.known["isOne"] and len(self.known["all"]) == 1

    @property
    def is_wanting(self) -> bool:
        """Whether something was asked of segments that are not known."""
        return self.known is None and bool(self.names or self.whole)


@dataclass(frozen=True, slots=True)
class Asked:
    """What has to be read before a plan can be made.

    statement  reads the segments that there are
    names      what names some of them, by itself in words
    whole      whether all of them are wanted
    is_one     whether the plan is about one of them, and no other can be met
    """

    statement: Statement
    names: Mapping[str, Any]
    whole: bool
    is_one: bool


@dataclass(frozen=True, eq=False, slots=True)
class Seen:
    """The segments as one reading sees them: their rows, the same for all who ask it."""

    rows: Sequence[Any]
