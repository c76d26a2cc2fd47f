"""Filters of segments, read again: each as if it had just been sent, and put where a plan uses it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson
from graphql import GraphQLInputObjectType, Undefined
from graphql.utilities import coerce_input_value

from api.domain.segments import DEEPEST, NAMING, conditions_in, key_in
from api.errors import BadUserInput, SegmentOutdated
from api.plan.segments import Asked, Seen
from api.plan.values import at_run, shape

KEPT_FILTERS = 1_000


@dataclass(frozen=True, slots=True)
class Inserted:
    """The segments that a plan uses, as they stand among the values of its run.

    shape  what of them changes the plan
    named  how many conditions are in those that are named
    whole  how many are in those of which it is asked who is in them
    """

    value: Mapping[str, Any]
    shape: str
    named: int
    whole: int


def inserted(asked: Asked, seen: Seen, given: Mapping[str, Any], type_: Any, key: UUID | None = None) -> Inserted:
    """Return the segments that a plan asks for; raise BadUserInput for one there is not.

    given  the values of the run
    type_  that of the filters; raises SegmentOutdated for one that is of it no more
    key    of the segment that the plan is about, where it is not told by what is read
    """
    inserting = Inserting(type_, {row["key"]: row for row in seen.rows})
    named = {name: inserting.named(at_run(value, given)) for name, value in asked.names.items()}
    meant = [row["key"] for row in seen.rows if row["meant"]] if asked.whole else []
    whole = [inserting.segment(each) for each in meant if key in (None, each)]
    value = {"named": named, "all": whole, "isOne": asked.is_one}
    # In few bytes: of the shape of much, no plan would be kept.
    text = sha256(repr(shape(value)).encode()).hexdigest()
    held = sum(_conditions(each) for segments in named.values() for each in segments)
    return Inserted(value, text, held, sum(map(_conditions, whole)))


def _conditions(segment: Mapping[str, Any]) -> int:
    return conditions_in(segment["filter"], lambda named: named["filter"])


@dataclass(frozen=True, slots=True)
class Inserting:
    """Puts the filters of segments into places that name them."""

    type_: GraphQLInputObjectType
    rows: Mapping[UUID, Any]
    made: dict[UUID, Mapping[str, Any]] = field(default_factory=dict)

    def named(self, identifiers: Any) -> list[Mapping[str, Any]]:
        """Return the segments that identifiers name."""
        found = [self._key(text) for text in identifiers or ()]
        return [self.segment(key) for key in dict.fromkeys(found)]

    def _key(self, text: str) -> UUID:
        key = key_in(text)
        if key is None or key not in self.rows:
            raise BadUserInput("`segmentIds` names a segment that does not exist at this moment; `segments` lists all.")
        return key

    def segment(self, key: UUID, deep: int = 0) -> Mapping[str, Any]:
        """Return a segment with its filter, in which those that it names stand in their places."""
        if deep > DEEPEST:
            raise _outdated(self.rows[key], "rests on too many others, one upon the other")
        if key not in self.made:
            row = self.rows[key]
            self.made[key] = {"key": key, "name": row["name"], "filter": self._inside(_read(self.type_, row), deep)}
        return self.made[key]

    def _inside(self, held: Mapping[str, Any], deep: int) -> dict[str, Any]:
        return {name: self._part(name, part, deep) for name, part in held.items() if part is not None}

    def _part(self, name: str, part: Any, deep: int) -> Any:
        if name == NAMING:
            return [self.segment(self._key(text), deep + 1) for text in part]
        if name == "not":
            return self._inside(part, deep)
        return [self._inside(each, deep) for each in part] if name in ("and", "or") else part


def _read(type_: Any, row: Any) -> Mapping[str, Any]:
    found = _coerced(type_, row["filter"])
    if found is Undefined:
        raise _outdated(row, "has a condition that is not known any more")
    return found  # type: ignore[no-any-return]


@lru_cache(KEPT_FILTERS)
def _coerced(type_: Any, text: str) -> Any:
    return coerce_input_value(orjson.loads(text), type_)


def _outdated(row: Any, why: str) -> SegmentOutdated:
    return SegmentOutdated(f"The segment “{row['name']}” {why}: set its filter anew with setSegment, or delete it.")
