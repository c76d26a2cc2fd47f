"""Writes operations: valid ones, in all of GraphQL's selection language, with arguments that mean something."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    is_interface_type,
    is_required_argument,
    parse,
)
from graphql.execution.values import get_argument_values, get_variable_values

from api.graph.sources import Paged, Summed
from tests.plan.inputs import Inputs
from tests.plan.orders import named, ordering

DEEPEST = 5
LONG = "a_name_that_is_much_longer_than_the_63_bytes_PostgreSQL_keeps_of_a_label"
TREACHEROUS = (
    *("anon_1", "anon_2", "anon_5", "customers_1", "orders_1", "row_to_json_1", "coalesce_1", "the", "row"),
    *("ord", "rn", "c0", "c1", "k0", "p", "r", "b", "a", "f", "i0", "i1", "cursor", "total", "more", "start", "end"),
    *("nodes", "id", "amount", "order", "select", "null", "true"),
)
"""Aliases that are names of tables, columns or functions in the statements, or words of SQL."""

RARE = {
    "Customer": ("activeStatus", "lifetimeValue"),
    "CustomerLifetimeValue": ("historic", "changes"),
    "ValueChange": ("cause",),
    "HistoricValue": ("byStream",),
    "ActiveStatus": ("reasons", "evaluations", "history"),
    "ActiveRuleEvaluation": ("evidence", "window"),
    "ActiveEvidenceConnection": ("nodes", "edges"),
    "ActiveEvidenceEdge": ("node",),
}
"""Fields of types with many others, or so deep down that they would be left out."""

WORKED_OUT = (
    *("predicted", "CustomerLifetimeValue.total", "whatIf"),
    *("Customer.segments", "Segment.members", "Segment.memberCount"),
)
"""Fields, of any type or of one, that Python has a part in, which lists that PostgreSQL makes whole cannot hold.

So it has where segments are joined to customers. They have tests of their own.
"""

Scope = dict[str, tuple[str, str, "Scope"]]
"""The response keys taken in a selection: field, arguments, and the keys below."""


@dataclass(slots=True)
class Operation:
    """A document with the values of its variables, and other values it can run with."""

    document: str
    variables: dict[str, Any]
    others: list[dict[str, Any]]


@dataclass(slots=True)
class Author:
    """Writes one operation at a time from random numbers.

    cursors  those seen in earlier answers, by the name of their ordering
    """

    schema: GraphQLSchema
    random: Random
    inputs: Inputs
    cursors: dict[str, list[str]] = field(default_factory=dict)
    fragments: list[str] = field(default_factory=list)
    left: int = 0
    names: int = 0

    def operation(self) -> Operation:
        """Return the next operation."""
        self.fragments, self.names, self.left = [], 0, self.random.choice((2, 4, 8, 16))
        self.inputs.variables = {}
        query: Any = self.schema.query_type
        # Aggregates over whole relations have no rows to be evaluated one by one; tests/activity judges them.
        fields = {name: of for name, of in query.fields.items() if not isinstance(_source(of), Summed)}
        weights = [4 if "filter" in of.args else 1 for of in fields.values()]
        roots = self.random.choices(list(fields), weights, k=self.random.choice((1, 1, 1, 2, 3)))
        scope: Scope = {}
        body = " ".join(self.selected(query, name, scope, 0) for name in roots)
        variables = self.inputs.variables.values()
        head = _in_parentheses([variable.declaration for variable in variables])
        document = "\n".join([f"query Law{head} {{ {body} }}", *self.fragments])
        others = [self._other(variables)] if variables and self.random.random() < 0.3 else []
        return Operation(document, _given(variables), others)

    def selection(self, type_: Any, scope: Scope, depth: int) -> str:
        """Return what stands between the braces below a field of a type."""
        if is_abstract_type(type_):
            return self.by_member(type_, scope, depth)
        rare = RARE.get(type_.name, ())
        fields = {name: of for name, of in type_.fields.items() if not {name, f"{type_.name}.{name}"} & {*WORKED_OUT}}
        names = [name for name, of in fields.items() if depth < DEEPEST or name in rare or not self._is_deep(of)]
        wanted = self.random.sample(names, min(len(names), self.random.randint(1, 5)))
        wanted = self._with_one_of(rare, wanted)
        parts = [self.selected(type_, name, scope, depth) for name in wanted if self.left > 0 or name == wanted[0]]
        if self.random.random() < 0.15:
            parts.append(self.keyed("__typename", "", scope))
        self.random.shuffle(parts)
        return " ".join(parts)

    def _with_one_of(self, rare: Sequence[str], wanted: list[str]) -> list[str]:
        """Return the names of fields with one that chance would seldom bring, often, and before all others."""
        if not rare or self.random.random() > 0.4:
            return wanted
        first = self.random.choice(rare)
        return [first, *(name for name in wanted if name != first)]

    def by_member(self, type_: Any, scope: Scope, depth: int) -> str:
        """Return a selection on an interface: what is common, and what single types have."""
        common = ("__typename", "id", "__typename id") if is_interface_type(type_) else ("__typename",)
        parts = [self.random.choice(common)]
        members = self.random.sample(list(self.schema.get_possible_types(type_)), self.random.randint(1, 4))
        for member in members:
            own: Scope = scope.setdefault(member.name, (member.name, "", {}))[2]
            parts.append(self.wrapped(member, self.selection(member, own, depth), always=True))
        return " ".join(parts)

    def selected(self, type_: Any, name: str, scope: Scope, depth: int) -> str:
        """Return one field with alias, arguments, directives and what is below it; sometimes twice, to be merged."""
        self.left -= 1
        found = type_.fields[name]
        arguments = self.arguments(name, found)
        key, text = self._key(name, arguments, scope)
        below = scope[key][2]
        if is_composite_type(get_named_type(found.type)):
            times = 2 if self.random.random() < 0.15 else 1
            inner = [self.selection(get_named_type(found.type), below, depth + 1) for _ in range(times)]
            return " ".join(self.wrapped(type_, f"{text}{self.directive()} {{ {part} }}") for part in inner)
        return self.wrapped(type_, text + self.directive())

    def keyed(self, name: str, arguments: str, scope: Scope) -> str:
        """Return a field under a response key of its own."""
        return self._key(name, arguments, scope)[1]

    def _key(self, name: str, arguments: str, scope: Scope) -> tuple[str, str]:
        taken = scope.get(name)
        if self.random.random() < 0.75 and (taken is None or taken[:2] == (name, arguments)):
            scope.setdefault(name, (name, arguments, {}))
            return name, name + arguments
        self.names += 1
        treacherous = self.random.choice(TREACHEROUS)
        own = treacherous if treacherous not in scope else f"a{self.names}"
        alias = self.random.choice((f"a{self.names}", own, f"{LONG}_{self.names}"))
        scope[alias] = (name, arguments, {})
        return alias, f"{alias}: {name}{arguments}"

    def wrapped(self, type_: Any, body: str, *, always: bool = False) -> str:
        """Return a selection inside a fragment, named or not, or as it is."""
        chance = self.random.random()
        if chance < (0.3 if always else 0.06):
            self.names += 1
            self.fragments.append(f"fragment F{self.names} on {type_.name} {{ {body} }}")
            return f"...F{self.names}{self.directive()}"
        if always or chance < 0.12:
            return f"... on {type_.name}{self.directive()} {{ {body} }}"
        return f"...{self.directive()} {{ {body} }}" if chance < 0.16 else body

    def directive(self) -> str:
        """Return `@skip` or `@include`, mostly neither."""
        if self.random.random() > 0.1:
            return ""
        name = self.random.choice(("skip", "include"))
        return f" @{name}(if: {self.inputs.flag(self.random.random() < (0.25 if name == 'skip' else 0.75))})"

    def arguments(self, name: str, found: GraphQLField) -> str:
        """Return the arguments of a field in parentheses, or nothing."""
        chosen = {
            of: argument
            for of, argument in found.args.items()
            if is_required_argument(argument) or self.random.random() < (0.6 if of == "filter" else 0.35)
        }
        if "first" in chosen:
            chosen.pop("last", None)
        texts = [
            f"{of}: {self.inputs.written(of, argument.type, may_vary=of not in ('orderBy', 'query'))}"
            for of, argument in chosen.items()
            if not _takes_cursor(of, argument)
        ]
        sides = [of for of, argument in chosen.items() if _takes_cursor(of, argument)]
        texts += self._cursors(name, found, sides, texts) if sides else []
        self.random.shuffle(texts)
        return _in_parentheses(texts)

    def _cursors(self, name: str, found: GraphQLField, sides: Sequence[str], texts: list[str]) -> list[str]:
        source = _source(found)
        if not isinstance(source, Paged):
            return []  # the members of a list have orders of their own, and no cursor suits all of them
        seen = self.cursors.get(named(source, ordering(source, self._coerced(name, found, texts))))
        return [f"{of}: {self.inputs.text_written(self.random.choice(seen))}" for of in sides] if seen else []

    def _coerced(self, name: str, found: GraphQLField, texts: list[str]) -> dict[str, Any]:
        variables = self.inputs.variables.values()
        head = _in_parentheses([variable.declaration for variable in variables])
        operation: Any = parse(f"query {head} {{ {name}{_in_parentheses(texts)} }}").definitions[0]
        given: Any = get_variable_values(self.schema, operation.variable_definitions or (), _given(variables))
        return get_argument_values(found, operation.selection_set.selections[0], given)

    def _is_deep(self, found: GraphQLField) -> bool:
        return is_composite_type(get_named_type(found.type)) and get_named_type(found.type).name != "Money"

    def _other(self, variables: Any) -> dict[str, Any]:
        return _given([variable.again(self.random) for variable in variables])


def _source(found: GraphQLField) -> Any:
    return getattr(found.extensions["strawberry-definition"], "source", None)


def _takes_cursor(name: str, argument: Any) -> bool:
    return name in ("after", "before") and get_named_type(argument.type).name == "String"


def _given(variables: Any) -> dict[str, Any]:
    return {variable.name: variable.value for variable in variables if not variable.absent}


def _in_parentheses(texts: Sequence[str]) -> str:
    return f"({', '.join(texts)})" if texts else ""
