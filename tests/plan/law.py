"""Comparing the planner's answer with the naive one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tests.asking import Ask
from tests.plan.naive import Naive
from tests.plan.pages import Cursor
from tests.plan.population import NOW, Population
from tests.plan.rows import Rows, Sight


@dataclass(frozen=True, slots=True)
class World:
    """A population, and what reads it in either way."""

    ask: Ask
    rows: Rows
    population: Population

    async def naive(self, document: str, variables: Mapping[str, Any], owner: UUID | None = None) -> Any:
        """Return the naive answer; in place of each cursor stands what it must hold."""
        parsed = self.ask.parsed(document)
        return await Naive(self.rows, self.ask.schema, parsed, variables, Sight(NOW, owner=owner)).data()

    async def planned(self, document: str, variables: Mapping[str, Any], owner: UUID | None = None) -> Any:
        """Return the planner's answer."""
        ask = self.ask.as_customer(owner) if owner else self.ask
        answer = await ask.run(document, variables)
        assert ask.codes == [], ask.errors
        return answer


def differences(expected: Any, actual: Any, path: str = "") -> Iterator[str]:
    """Yield where two answers differ; the order of keys counts."""
    if isinstance(expected, Cursor):
        if not expected.is_told_by(actual):
            yield f"{path}: {actual!r} is no cursor of {expected}"
    elif isinstance(expected, dict) and isinstance(actual, dict):
        if list(expected) != list(actual):
            yield f"{path}: keys {list(expected)} but {list(actual)}"
        for key in expected.keys() & actual.keys():
            yield from differences(expected[key], actual[key], f"{path}.{key}")
    elif isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        for index, (one, other) in enumerate(zip(expected, actual, strict=True)):
            yield from differences(one, other, f"{path}[{index}]")
    elif type(expected) is not type(actual) or expected != actual:
        yield f"{path}: {expected!r} but {actual!r}"


def cursors_in(expected: Any, actual: Any) -> Iterator[tuple[str, str]]:
    """Yield the cursors of an answer with the names of their orderings."""
    if isinstance(expected, Cursor):
        yield expected.name, actual
    elif isinstance(expected, dict):
        for key, value in expected.items():
            yield from cursors_in(value, actual[key])
    elif isinstance(expected, list):
        for one, other in zip(expected, actual, strict=True):
            yield from cursors_in(one, other)
