"""Segments: filters of customers that are kept, as they were sent; what they hold, and which others they rest on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from api.domain.identity import parse_id
from api.domain.text import MEDIUM, cleaned
from api.errors import Rejection, UserErrorCode

PREFIX = "seg"
NAMING = "segmentIds"
"""The condition that names other segments."""

MOST_SEGMENTS = 100
MOST_CONDITIONS = 50
MOST_CONDITIONS_TOGETHER = 500
DEEPEST = 5

Filter = Mapping[str, Any]
_NONE = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment as it stands: a name and a filter."""

    key: UUID
    version: int
    name: str
    filter: Filter


def key_in(identifier: str) -> UUID | None:
    """Return the key of a segment in an identifier, None where it is of something else, or none at all."""
    parsed = parse_id(identifier)
    return parsed[1] if parsed and parsed[0] == PREFIX else None


def names_in(held: Filter) -> Iterator[Any]:
    """Yield what a filter names segments by, at any depth.

    >>> list(names_in({"or": [{"segmentIds": ["a"]}, {"not": {"segmentIds": ["b", "c"]}}]}))
    ['a', 'b', 'c']
    """
    for name, part in held.items():
        if part is None:
            continue
        if name == NAMING:
            yield from part
        for inner in part if name in ("and", "or") else [part] if name == "not" else ():
            yield from names_in(inner)


def conditions_in(held: Filter, named: Callable[[Any], Filter]) -> int:
    """Return how many conditions a filter holds, those of the segments that it names included.

    named  returns the filter of a segment, from what names it

    >>> conditions_in({"orderCount": {"gte": 2, "lt": 9}, "not": {"segmentIds": ["a"]}}, lambda name: {"kind": ["B"]})
    3
    """
    return sum(_conditions(name, part, named) for name, part in held.items() if part is not None)


def _conditions(name: str, part: Any, named: Callable[[Any], Filter]) -> int:
    if name == NAMING:
        return sum(conditions_in(named(each), named) for each in part) or 1
    if name in ("and", "or", "not"):
        return sum(conditions_in(each, named) for each in ([part] if name == "not" else part))
    given = [each for each in part.values() if each is not None] if isinstance(part, Mapping) else ()
    return len(given) or 1


def check(segment: Segment, others: Mapping[UUID, Segment]) -> None:
    """Raise Rejection where a segment cannot stand beside the others that there are.

    Its name must be free, its filter must name segments that there are and rest on itself nowhere, and there must not
    be too many of them, nor too many conditions in them.
    """
    if any(other.name.lower() == segment.name.lower() for other in others.values()):
        raise Rejection(UserErrorCode.TAKEN, "Another segment has this name.", ("input", "name"))
    if len(others) >= MOST_SEGMENTS:
        message = f"There are {MOST_SEGMENTS} segments, which are the most; delete one first."
        raise Rejection(UserErrorCode.LIMIT_EXCEEDED, message, ("input",))
    every = {**others, segment.key: segment}
    for each in (segment, *others.values()):
        _check_depth(each, every, ())
    _check_size(segment, every)


def cleaned_name(name: str) -> str:
    """Return a name as it is kept; raise Rejection where it cannot be one."""
    return cleaned(name, most=MEDIUM, field=("input", "name"))


def resting_on(key: UUID, others: Mapping[UUID, Segment]) -> list[str]:
    """Return the names of the segments whose filters name one."""
    return sorted(other.name for other in others.values() if key in map(key_in, names_in(other.filter)))


def _check_depth(segment: Segment, every: Mapping[UUID, Segment], above: tuple[UUID, ...]) -> None:
    field = ("input", "filter")
    if segment.key in above:
        message = "This filter names a segment that rests on this one, so that neither would have an end; leave it out."
        raise Rejection(UserErrorCode.CIRCULAR, message, field)
    if len(above) >= DEEPEST:
        message = f"Segments may rest on one another {DEEPEST} deep; write the conditions of the innermost out instead."
        raise Rejection(UserErrorCode.LIMIT_EXCEEDED, message, field)
    for name in names_in(segment.filter):
        other = every.get(key_in(name) or _NONE)
        if other is None:
            message = "This filter names a segment that does not exist; `segments` lists those that do."
            raise Rejection(UserErrorCode.NOT_FOUND, message, field)
        _check_depth(other, every, (*above, segment.key))


def _check_size(segment: Segment, every: Mapping[UUID, Segment]) -> None:
    def named(name: str) -> Filter:
        key = key_in(name)
        assert key is not None
        return every[key].filter

    sizes = {key: conditions_in(each.filter, named) for key, each in every.items()}
    field = ("input", "filter")
    if max(sizes.values()) > MOST_CONDITIONS:
        which = "This filter" if sizes[segment.key] > MOST_CONDITIONS else "The filter of a segment that rests on this"
        message = f"{which} would hold more than {MOST_CONDITIONS} conditions, those of the segments it names included."
        raise Rejection(UserErrorCode.LIMIT_EXCEEDED, message, field)
    if sum(sizes.values()) > MOST_CONDITIONS_TOGETHER:
        message = (
            f"All segments together may hold {MOST_CONDITIONS_TOGETHER} conditions; delete or simplify some first."
        )
        raise Rejection(UserErrorCode.LIMIT_EXCEEDED, message, field)
