"""Pages of a list that is there in full: sorted, cut and described in Python, by the words of the Relay rules."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cmp_to_key
from typing import Any
from uuid import UUID

from api.reads.relation import Term


@dataclass(frozen=True, slots=True)
class Placed:
    """Something with its place in an order: one value per step."""

    item: Any
    place: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Cursor:
    """What a cursor must hold: the name of the ordering, and the place of a row in it."""

    name: str
    place: tuple[Any, ...]

    def is_told_by(self, text: object) -> bool:
        """Return whether a cursor's text holds just that."""
        if not isinstance(text, str) or set(text) & set("+/\n "):
            return False
        name, *held = decoded(text)
        return name == self.name and len(held) == len(self.place) and all(map(_says, held, self.place))


@dataclass(frozen=True, slots=True)
class Page:
    """The rows of a page, and where it lies."""

    shown: Sequence[Placed]
    has_next: bool
    has_previous: bool
    count: int


def decoded(text: str) -> list[Any]:
    """Return what a cursor holds."""
    return list(json.loads(urlsafe_b64decode(text)))


def directions(terms: Sequence[Term], total: bool) -> list[bool]:
    """Return for each step of an order whether it falls; the key, where it breaks ties, goes the way of the last."""
    falling = [term.descending for term in terms]
    return falling if total else [*falling, bool(falling) and falling[-1]]


def in_order(found: Sequence[Placed], descending: Sequence[bool]) -> list[Placed]:
    """Return rows in their order; a missing value comes last in either direction."""

    def before_or_behind(one: Placed, other: Placed) -> int:
        return compared(one.place, other.place, descending)

    return sorted(found, key=cmp_to_key(before_or_behind))


def compared(one: Sequence[Any], other: Sequence[Any], descending: Sequence[bool]) -> int:
    """Return -1, 0 or 1 as one place lies before, at or behind another."""
    for left, right, falls in zip(one, other, descending, strict=True):
        if left == right:
            continue
        if left is None or right is None:
            return 1 if left is None else -1
        return -1 if (left < right) != falls else 1
    return 0


def cut(
    ordered: Sequence[Placed],
    descending: Sequence[bool],
    *,
    first: int | None,
    last: int | None,
    after: str | None,
    before: str | None,
) -> Page:
    """Return the page that arguments ask for of a whole list in its order."""
    start, end = 0, len(ordered)
    if after is not None:
        place = _place(after, ordered)
        start = sum(compared(row.place, place, descending) <= 0 for row in ordered)
    if before is not None:
        place = _place(before, ordered)
        end = sum(compared(row.place, place, descending) < 0 for row in ordered)
    between = ordered[start:end]
    if last is not None:
        shown = between[-last:]
        return Page(shown, end < len(ordered), start > 0 or len(between) > last, len(ordered))
    size = 20 if first is None else first
    return Page(between[:size], end < len(ordered) or len(between) > size, start > 0, len(ordered))


def _place(cursor: str, ordered: Sequence[Placed]) -> tuple[Any, ...]:
    _, *held = decoded(cursor)
    columns = zip(*[row.place for row in ordered], strict=True) if ordered else [()] * len(held)
    return tuple(_read(text, column) for text, column in zip(held, columns, strict=True))


def _read(text: str | None, column: Sequence[Any]) -> Any:
    like = next((value for value in column if value is not None), None)
    if text is None or like is None:
        return text
    if isinstance(like, datetime):
        return datetime.fromisoformat(text)
    return UUID(text) if isinstance(like, UUID) else type(like)(text)


def _says(text: str | None, value: Any) -> bool:
    if value is None or text is None:
        return value is text
    if isinstance(value, datetime):
        return text == value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, Decimal | float):
        return Decimal(text) == Decimal(str(value))
    return text == str(value)
