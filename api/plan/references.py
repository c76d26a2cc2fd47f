"""Rows that resolvers point at, completed together: all that are met at the same time take one statement.

Plans without a level of their own below give one JSON value a row, so that any number of them can be one statement.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from aiodataloader import DataLoader

from api.database import Statement, joined
from api.plan.fetched import Fetched
from api.plan.forming import NullInNonNull, Run
from api.plan.run import Plan, Reading, fetched, placed

MOST_TOGETHER = 1_000


@dataclass(frozen=True, eq=False, slots=True)
class Target:
    """What is wanted of referenced rows: a plan, and what its run brings besides the keys."""

    plan: Plan
    given: Mapping[str, Any]

    def values(self, keys: Sequence[UUID]) -> dict[str, object]:
        """Return the parameters of the plan's statement for the rows of these keys."""
        return {**self.plan.parameters.values(self.given), self.plan.level.keys[0]: keys}

    def formed(self, rows: Fetched, count: int) -> list[tuple[Any, Run]]:
        """Return the answer for each key, with what forming it left behind."""
        return [self._formed(rows, index) for index in range(count)]

    def _formed(self, rows: Fetched, index: int) -> tuple[Any, Run]:
        run = Run(self.given)
        try:
            return self.plan.level.form(rows, rows.places.get(index, range(0)), run), run
        except NullInNonNull:
            return None, run


def loader(reading: Reading, joins: dict[Any, Statement], *, alone: bool) -> DataLoader[tuple[Target, UUID], Any]:
    """Return what loads (target, key) pairs on a reading, as few statements as can be.

    joins  keeps the joined statements of the document
    alone  whether nothing else is read by the operation
    """

    async def load(pairs: list[tuple[Target, UUID]]) -> list[Any]:
        wanted: dict[Target, list[UUID]] = {}
        for target, key in pairs:
            wanted.setdefault(target, []).append(key)
        together = [target for target in wanted if target.plan.is_single]
        if len(together) < 2:
            together = []
        found = await _together(together, wanted, reading, joins, alone=alone and len(together) == len(wanted))
        for target in wanted.keys() - found.keys():
            only = alone and len(wanted) == 1 and target.plan.is_one_statement
            rows = await fetched(target.plan.level, target.values(wanted[target]), reading, alone=only)
            found[target] = iter(target.formed(rows, len(wanted[target])))
        return [next(found[target]) for target, _ in pairs]

    return DataLoader(load, max_batch_size=MOST_TOGETHER)


async def _together(
    targets: Sequence[Target],
    wanted: Mapping[Target, list[UUID]],
    reading: Reading,
    joins: dict[Any, Statement],
    *,
    alone: bool,
) -> dict[Target, Any]:
    if not targets:
        return {}
    name = ("joined", *(target.plan.level.statement.sql for target in targets))
    statement = joins.get(name)
    if statement is None:
        statement = joins[name] = joined([target.plan.level.statement for target in targets])
    values = {
        f"{number}.{name}": value
        for number, target in enumerate(targets)
        for name, value in target.values(wanted[target]).items()
    }
    rows = await reading.rows(statement, values, alone=alone)
    return {
        target: iter(target.formed(placed([row for row in rows if row["part"] == number]), len(wanted[target])))
        for number, target in enumerate(targets)
    }
