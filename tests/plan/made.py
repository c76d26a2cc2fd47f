"""How an object that is made of a row is read: what its names stand for, and where its fields come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from api.graph.declare import PlannedField
from api.graph.sources import Column, Member, Same, Source, Varied
from api.reads.relation import Row


@dataclass(frozen=True, slots=True)
class Made:
    """An object of a row: the sources of fields that have none of their own, and the member of a list that it is."""

    parts: Mapping[str, Source] = field(default_factory=dict)
    member: Member | None = None

    def source(self, declared: Any) -> Source:
        """Return where a field's value comes from."""
        if isinstance(declared, PlannedField) and not isinstance(declared.source, Varied):
            return declared.source
        return self.parts[declared.python_name] if self.parts else Column()

    def part(self, same: Same) -> Made:
        """Return how an object within it is read."""
        return Made(same.parts, self.member)

    def of(self, row: Row) -> Row:
        """Return the row with what its names stand for in this object."""
        if self.member is None:
            return row
        return row.knowing({name: column.of(row, name) for name, column in self.member.names.items()})

    @property
    def tag(self) -> int:
        """What tells values read in this way from others; a member is there as long as the schema."""
        return id(self.member)


PLAIN = Made()
"""A row as it is."""
