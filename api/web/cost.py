"""What an operation may cost, in points: worked out once for a document, and again for variables that change it.

The prices stand in the schema (`@cost`); a page costs its price and, for each item it may hold, 1 and what is asked of
the item. What `@skip` and `@include` leave out is counted, and of several types that an object may have, the dearest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from api.errors import CostExceeded
from api.web.conditions import Conditions
from api.web.limits import setting
from api.web.saved import SegmentConditions
from api.web.size import Size

__all__ = ["Dearest", "Items", "Points", "charge", "filters", "lists"]

CEILING = 1_000_000_000

Variables: TypeAlias = Mapping[str, Any]
Sizes: TypeAlias = Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Points:
    """What something costs: points of its own and those of its parts.

    settled   points that no variable changes, those of parts included
    changing  the other parts
    """

    own: int
    parts: tuple[Part, ...]
    settled: int
    changing: tuple[Part, ...]

    @classmethod
    def of(cls, own: int, parts: Sequence[Part] = ()) -> Points:
        """Return points of its own and of parts."""
        changing = tuple(part for part in parts if part.changes)
        settled = own + sum(part.at({}) for part in parts if not part.changes)
        return cls(own, tuple(parts), settled, changing)

    def plus(self, *others: Points) -> Points:
        """Return the sum."""
        summed = (self, *others)
        return Points.of(sum(one.own for one in summed), [part for one in summed for part in one.parts])

    def at(self, variables: Variables) -> int:
        """Return the points that an operation with these variables costs."""
        if not self.changing:
            return self.settled
        return self.settled + sum([part.at(variables) for part in self.changing])

    def with_sizes(self, sizes: Sizes) -> int:
        """Return the points if lists had these sizes."""
        return self.own + sum(part.with_sizes(sizes) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Items:
    """A list: as many times the points of one item as it may hold.

    way  response keys that lead to it, without those that only wrap items
    """

    way: tuple[str, ...]
    size: Size
    each: Points

    @property
    def changes(self) -> bool:
        """Whether the points depend on variables."""
        return bool(self.size.variables or self.each.changing)

    def at(self, variables: Variables) -> int:
        return self.size.at(variables) * self.each.at(variables)

    def with_sizes(self, sizes: Sizes) -> int:
        return sizes[id(self)] * self.each.with_sizes(sizes)


@dataclass(frozen=True, slots=True)
class Dearest:
    """The highest of several points: those of the types that an object may have."""

    options: tuple[Points, ...]

    @property
    def changes(self) -> bool:
        return any(option.changing for option in self.options)

    def at(self, variables: Variables) -> int:
        return max(option.at(variables) for option in self.options)

    def with_sizes(self, sizes: Sizes) -> int:
        return max(option.with_sizes(sizes) for option in self.options)


Part: TypeAlias = Items | Dearest | Conditions | SegmentConditions


def charge(points: Points, variables: Variables, limit: int, beside: int = 0) -> int:
    """Return what an operation costs; raise CostExceeded, saying how much less will do, above the limit.

    beside  points that are not among those of its parts
    """
    points = points.plus(Points.of(beside)) if beside else points
    cost = points.at(variables)
    if cost > limit:
        raise _exceeded(points, variables, min(cost, CEILING), limit)
    return cost


def _exceeded(points: Points, variables: Variables, cost: int, limit: int) -> CostExceeded:
    sizes = {id(items): items.size.at(variables) for items in lists(points)}
    sizes |= {id(one): one.at(variables) for one in _conditions(points)}
    most = f"The operation may cost {cost:,} points; {limit:,} are the most ({setting('cost')})."
    return CostExceeded(f"{most} {_advice(points, sizes, limit)}", requested=cost, limit=limit)


def _advice(points: Points, sizes: Sizes, limit: int) -> str:
    """Return what to ask instead: the smallest change of one list on the dearest way, else a bound for all lists."""
    way = _dearest_way(points, sizes)
    if not way:
        return "Ask for fewer fields at once."
    fitting = [(items, _largest(points, sizes, limit, [items])) for items in reversed(way)]
    items, size = max(fitting, key=lambda found: found[1] / max(sizes[id(found[0])], 1))
    if size:
        return f"Most of it is for `{'.'.join(items.way)}`: {items.size.smaller(size)} there."
    size = _largest(points, sizes, limit, list(lists(points)))
    place = f"Most of it is for `{'.'.join(way[-1].way)}`"
    return f"{place}: ask for at most {size} items of each list." if size else f"{place}: ask for fewer fields at once."


def _largest(points: Points, sizes: Sizes, limit: int, shortened: Sequence[Items]) -> int:
    """Return the largest size from 1 on to which lists can be shortened so that the whole fits, 0 where none does."""
    low, high = 0, max(sizes[id(items)] for items in shortened)
    while low < high:
        middle = (low + high + 1) // 2
        tried = {**sizes, **{id(items): min(sizes[id(items)], middle) for items in shortened}}
        low, high = (middle, high) if points.with_sizes(tried) <= limit else (low, middle - 1)
    return low


def _dearest_way(points: Points, sizes: Sizes) -> list[Items]:
    """Return the list that costs most, the one within it that does, and so on."""
    way: list[Items] = []
    while parts := [part for part in points.parts if isinstance(part, Items | Dearest)]:
        part = max(parts, key=lambda part: part.with_sizes(sizes))
        if isinstance(part, Items):
            way.append(part)
            points = part.each
        else:
            points = max(part.options, key=lambda option: option.with_sizes(sizes))
    return way


def lists(points: Points) -> Iterator[Items]:
    """Yield every list among points, an outer one before those within it."""
    for part in points.parts:
        if isinstance(part, Items):
            yield part
            yield from lists(part.each)
        elif isinstance(part, Dearest):
            for option in part.options:
                yield from lists(option)


def filters(points: Points) -> Iterator[Conditions]:
    """Yield the conditions of every field among points."""
    yield from (part for part in _conditions(points) if isinstance(part, Conditions))


def _conditions(points: Points) -> Iterator[Conditions | SegmentConditions]:
    for part in points.parts:
        if isinstance(part, Conditions | SegmentConditions):
            yield part
            continue
        for within in (part.each,) if isinstance(part, Items) else part.options:
            yield from _conditions(within)
