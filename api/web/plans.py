"""The plans of one document, and about how much memory they take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from api.database import Statement
from api.plan.fetched import FetchedLevel
from api.plan.run import Plan

__all__ = ["LARGEST_SHAPE", "PLANS_A_DOCUMENT", "Plans", "atoms"]

# Measured: 2 to 29 bytes of a plan for a character of its SQL.
BYTES_A_SQL_CHARACTER = 30
# Each root field has a plan for each shape of the variables, and callers choose the shape: these bound what that can
# cost. A document of 2,000 tokens has at most some 300 root fields, so all plans of one shape fit.
PLANS_A_DOCUMENT = 512
LARGEST_SHAPE = 400


class Plans(dict[Any, Plan]):
    """The plans of one document: those used last, none for a shape of variables that is dear to keep.

    grown  is called after each plan that was added
    """

    def __init__(self, grown: Callable[[], None]) -> None:
        super().__init__()
        self._grown = grown
        self.bytes = 0

    def hold(self, size: int) -> None:
        """Count bytes that are kept beside the plans for as long as they are."""
        self.bytes += size
        self._grown()

    def __getitem__(self, key: Any) -> Plan:
        # Out and in again, so that the first one is always the one not used for longest.
        plan = self.pop(key)
        super().__setitem__(key, plan)
        return plan

    def get(self, key: Any, default: Any = None) -> Any:
        """Return the plan of a key, as used last, or the default where there is none."""
        if key not in self:
            return default
        return self[key]

    def __setitem__(self, key: Any, plan: Plan) -> None:
        if atoms(key, LARGEST_SHAPE) > LARGEST_SHAPE:
            return
        if len(self) >= PLANS_A_DOCUMENT and key not in self:
            self.bytes -= _bytes_of_plan(self.pop(next(iter(self))))
        if key not in self:
            self.bytes += _bytes_of_plan(plan)
        super().__setitem__(key, plan)
        self._grown()


def _bytes_of_plan(kept: Plan | Statement) -> int:
    """Return about how much memory a plan takes, or a statement that joins plans."""
    characters = len(kept.sql) if isinstance(kept, Statement) else _characters(kept.level)
    return characters * BYTES_A_SQL_CHARACTER


def _characters(level: FetchedLevel) -> int:
    return len(level.statement.sql) + sum(_characters(child.level) for child in level.children)


def atoms(key: Any, enough: int) -> int:
    """Return how many parts a nested tuple has, counting no further than just above `enough`."""
    waiting, found = [key], 0
    while waiting and found <= enough:
        part = waiting.pop()
        found += 1
        if isinstance(part, tuple):
            waiting.extend(part)
    return found
