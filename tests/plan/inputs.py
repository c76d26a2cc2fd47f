"""Values for arguments: written out, or as variables that are given, null, absent, or have a default."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    get_nullable_type,
    is_enum_type,
    is_input_object_type,
    is_list_type,
    is_non_null_type,
    is_required_input_field,
)

MOST_NESTED = 2


@dataclass(frozen=True, slots=True)
class Pool:
    """Values that occur in the data, and some that do not, by the name of the argument or by type."""

    named: dict[str, Sequence[Any]]
    typed: dict[str, Sequence[Any]]

    def of(self, name: str, type_name: str) -> Sequence[Any]:
        """Return what an argument can be."""
        return self.named.get(name) or self.typed[type_name]


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of an operation and its value in one run; `draw` makes another value, None where it must stay."""

    name: str
    type: str
    default: str | None
    value: Any
    absent: bool
    draw: Callable[[], Any] | None

    @property
    def declaration(self) -> str:
        """The variable as the operation declares it."""
        return f"${self.name}: {self.type}" + (f" = {self.default}" if self.default else "")

    def again(self, random: Random) -> Variable:
        """Return the variable with another value, if it may have one."""
        if self.draw is None:
            return self
        can_miss = self.default is not None or not self.type.endswith("!")
        return replace(self, value=self.draw(), absent=can_miss and random.random() < 0.3)


@dataclass(slots=True)
class Inputs:
    """Writes arguments and collects the variables they use."""

    random: Random
    pool: Pool
    variables: dict[str, Variable] = field(default_factory=dict)

    def written(self, name: str, type_: Any, *, may_vary: bool) -> str:
        """Return the text of a value for an argument, with variables anywhere in it."""
        return self._written(name, type_, self.plain(name, type_, 0), may_vary=may_vary)

    def text_written(self, text: str) -> str:
        """Return one certain text, or a variable that always has it."""
        if self.random.random() < 0.5:
            return json.dumps(text)
        return self._variable("String", json.dumps(text), text, None)

    def flag(self, value: bool) -> str:
        """Return a flag for a directive."""
        if self.random.random() < 0.4:
            return "true" if value else "false"
        return self._variable("Boolean!", "true", value, lambda: self.random.random() < 0.5)

    def plain(self, name: str, type_: Any, depth: int) -> Any:
        """Return a value of a type as JSON; enum members by name."""
        of = get_nullable_type(type_)
        if name == "orderBy" and is_list_type(of):
            return self._order(of.of_type)
        if is_list_type(of):
            return [self.plain(name, of.of_type, depth) for _ in range(self.random.choice((1, 1, 2, 3, 0)))]
        if is_enum_type(of):
            return self.random.choice(self._members(of))
        if is_input_object_type(of):
            return self._object(of, depth, name)
        return self.random.choice(self.pool.of(name, of.name))

    def _order(self, type_: Any) -> list[Any]:
        steps = [self.plain("step", type_, 0) for _ in range(self.random.choice((1, 1, 2, 3, 0)))]
        return list({step["field"]: step for step in steps}.values())

    def _members(self, type_: GraphQLEnumType) -> list[str]:
        return [name for name in type_.values if name != "RELEVANCE"]

    def _object(self, type_: GraphQLInputObjectType, depth: int, place: str) -> dict[str, Any]:
        if type_.name in self.pool.typed:
            return dict(self.random.choice(self.pool.typed[type_.name]))
        nested = {"and", "or", "not"} if depth >= MOST_NESTED else set()
        nested |= {"segmentIds"} - self.pool.named.keys()
        names = [name for name in type_.fields if name not in nested]
        # Below `not` one condition, so that nothing else decides in its place.
        size = 1 if type_.is_one_of or place == "not" else self.random.choice((1, 1, 2, 3))
        required = {name for name, of in type_.fields.items() if is_required_input_field(of)}
        chosen = required | set(self.random.sample(names, min(size, len(names))))
        if "not" in names and place != "not" and self.random.random() < 0.3:
            chosen.add("not")
        found = {name: self.plain(name, type_.fields[name].type, depth + 1) for name in sorted(chosen)}
        optional = [] if type_.is_one_of else [n for n in found if not is_non_null_type(type_.fields[n].type)]
        if optional and self.random.random() < 0.1:
            found[optional[0]] = None
        return found

    def _written(self, name: str, type_: Any, value: Any, *, may_vary: bool, strict: bool = False) -> str:
        of = get_nullable_type(type_)
        if self.random.random() < 0.25:
            strict = strict or is_non_null_type(type_)
            draw = (lambda: self.plain(name, of, MOST_NESTED)) if may_vary else None
            return self._variable(f"{of}!" if strict else str(of), self.printed(of, value), value, draw)
        if value is None:
            return "null"
        if is_list_type(of):
            parts = [self._written(name, of.of_type, part, may_vary=may_vary) for part in value]
            return f"[{', '.join(parts)}]"
        if is_input_object_type(of):
            parts = [f"{at}: {self._field(of, at, part, may_vary=may_vary)}" for at, part in value.items()]
            return f"{{{', '.join(parts)}}}"
        return self.printed(of, value)

    def _field(self, type_: Any, name: str, value: Any, *, may_vary: bool) -> str:
        return self._written(name, type_.fields[name].type, value, may_vary=may_vary, strict=type_.is_one_of)

    def printed(self, type_: Any, value: Any) -> str:
        """Return a value as a literal."""
        of = get_nullable_type(type_)
        if value is None:
            return "null"
        if is_list_type(of):
            return f"[{', '.join(self.printed(of.of_type, part) for part in value)}]"
        if is_input_object_type(of):
            parts = [f"{name}: {self.printed(of.fields[name].type, part)}" for name, part in value.items()]
            return f"{{{', '.join(parts)}}}"
        return str(value) if is_enum_type(of) else json.dumps(value)

    def _variable(self, type_: str, literal: str, value: Any, draw: Callable[[], Any] | None) -> str:
        name = f"v{len(self.variables) + 1}"
        strict = type_.endswith("!")
        has_default = value is not None and not (strict and self.random.random() < 0.5) and self.random.random() < 0.4
        absent = has_default and self.random.random() < 0.5
        if not strict and draw is not None and not has_default:
            absent = self.random.random() < 0.2
            value = None if self.random.random() < 0.15 else value
        self.variables[name] = Variable(name, type_, literal if has_default else None, value, absent, draw)
        return f"${name}"
