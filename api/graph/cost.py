"""What asking costs: prices stand beside the fields, and the schema shows them as `@cost`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import strawberry
from graphql import GraphQLArgument, GraphQLField, GraphQLNamedType, get_named_type, is_composite_type
from strawberry.schema_directive import Location

__all__ = ["PAGE", "PAGE_BY_SEGMENTS", "WRAPPERS", "Cost", "Price", "is_page", "price"]

DEFAULT = 1
MUTATION = 10
WRAPPERS = frozenset({"nodes", "edges", "node"})
"""Fields of a page and its edges that lead to the page's items and cost nothing themselves."""


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION, Location.ARGUMENT_DEFINITION, Location.OBJECT],
    description=(
        "Price of a field, an argument or a type, in points. Without it an object costs 1, a plain value nothing, "
        "a change 10; what lies below is added. `nodes` and `edges` cost only their items."
    ),
)
class Cost:
    weight: int = strawberry.field(description="Points that one use costs.")
    multipliers: list[str] | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "Arguments that say how many items there will be; each costs 1 and what is asked of it. "
            "A page holds 20 if none is given."
        ),
    )
    size: int | None = strawberry.field(
        default=strawberry.UNSET,
        description="How many items a list of fixed length has; what is asked of an item counts for each.",
    )
    saved: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description="Whether each condition of the segments that are saved costs a point as well.",
    )


PAGE = Cost(weight=2, multipliers=["first", "last"])
PAGE_BY_SEGMENTS = Cost(weight=2, multipliers=["first", "last"], saved=True)


@dataclass(frozen=True, slots=True)
class Price:
    """What one use of a field costs, apart from what is asked below it.

    weight       points
    multipliers  arguments that say how many items there will be, as paths of names
    size         how often what is asked below it counts
    arguments    points for using an argument
    saved        whether each condition of the segments is a point more
    """

    weight: int
    multipliers: tuple[tuple[str, ...], ...] = ()
    size: int = 1
    arguments: Mapping[str, int] = field(default_factory=dict)
    saved: bool = False


def price(parent: GraphQLNamedType, name: str, *, of_mutation: bool = False) -> Price:
    """Return the price of a type's field: its own, else that of the type it returns, else the usual one."""
    asked: GraphQLField = parent.fields[name]  # type: ignore[attr-defined]
    type_ = get_named_type(asked.type)
    declared = _declared(asked) or _declared(type_)
    if declared is None:
        usual = MUTATION if of_mutation else DEFAULT
        declared = Cost(weight=usual if is_composite_type(type_) and not _is_wrapper(parent, name) else 0)
    multipliers = tuple(tuple(path.split(".")) for path in declared.multipliers or ())
    return Price(declared.weight, multipliers, declared.size or 1, _surcharges(asked.args), bool(declared.saved))


def is_page(type_: GraphQLNamedType) -> bool:
    """Return whether a type is a page of a list, whose items lie below `nodes` and `edges`."""
    return getattr(type_, "fields", {}).keys() >= {"nodes", "edges", "pageInfo"}


def _is_wrapper(parent: GraphQLNamedType, name: str) -> bool:
    return name in WRAPPERS and (is_page(parent) or getattr(parent, "fields", {}).keys() >= {"node", "cursor"})


def _surcharges(arguments: Mapping[str, GraphQLArgument]) -> dict[str, int]:
    found = ((name, _declared(argument)) for name, argument in arguments.items())
    return {name: cost.weight for name, cost in found if cost is not None}


def _declared(part: Any) -> Cost | None:
    """Return the @cost of a type, a field or an argument."""
    definition = part.extensions.get("strawberry-definition")
    directives: Iterable[object] = getattr(definition, "directives", None) or ()
    return next((directive for directive in directives if isinstance(directive, Cost)), None)
