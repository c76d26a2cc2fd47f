"""What puts a customer into a segment: a sentence for each condition of its filter that matters for the customer.

Of conditions of which one must hold, those that hold are told of; below `not`, all that are asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from api.plan.narrow import Value, holds
from api.plan.values import Parameters
from api.reads import conditions
from api.reads.relation import Expression, Row
from api.reads.segment_facts import FACTS, OF_VALUES, in_segment, listed


@dataclass(frozen=True, slots=True)
class Told:
    """One sentence, what makes it the same as another one, and when it matters; None for always."""

    known: str
    sentence: Expression
    when: Any = None


def sentences(type_: Any, value: Mapping[str, Any], row: Row, parameters: Parameters) -> Expression:
    """Return the sentences about a customer as a list of texts, each once."""
    found: dict[str, tuple[Expression, list[Any]]] = {}
    for told in _Telling(type_, row, parameters).of(value, None, negated=False):
        found.setdefault(told.known, (told.sentence, []))[1].append(told.when)
    return listed([(sentence, _some(whens)) for sentence, whens in found.values()])


def _some(whens: list[Any]) -> Any:
    return None if any(when is None for when in whens) else conditions.some(whens)


@dataclass(frozen=True, slots=True)
class _Telling:
    type_: Any
    row: Row
    parameters: Parameters

    def of(self, value: Mapping[str, Any], when: Any, *, negated: bool) -> Iterator[Told]:
        """Yield what is told for a filter that matters at some time."""
        for name, part in value.items():
            if part is not None:
                yield from self._one(name, part, when, negated=negated)

    def _one(self, name: str, part: Any, when: Any, *, negated: bool) -> Iterator[Told]:
        if name == "not":
            yield from self.of(part, when, negated=True)
        elif name in ("and", "or"):
            for each in part:
                is_choice = name == "or" and not negated
                yield from self.of(each, self._also(when, self._holds(each)) if is_choice else when, negated=negated)
        elif name == "segmentIds":
            yield from self._segments(part, when, negated=negated)
        else:
            known = f"{name} {part!r}" if name in OF_VALUES else name
            yield Told(known, FACTS[name](self.row, Value(part, self.parameters)), when)

    def _segments(self, part: Any, when: Any, *, negated: bool) -> Iterator[Told]:
        for segment in self.parameters.segments.named(part):
            is_member = self._holds(segment["filter"])
            name = self.parameters.add(segment["name"], "text")
            told = in_segment(name, is_member)
            yield Told(f"segment {segment['key']!r}", told, when if negated else self._also(when, is_member))

    def _holds(self, value: Mapping[str, Any]) -> Any:
        return holds(self.type_, value, self.row, self.parameters, of_all=False)

    def _also(self, when: Any, condition: Any) -> Any:
        return condition if when is None else conditions.every([when, condition])
