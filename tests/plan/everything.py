"""A selection of everything a type has, some levels deep, never coming back to a type."""

from __future__ import annotations

from typing import Any

from graphql import get_named_type, is_abstract_type, is_leaf_type

from api.graph.schema import executable

AT_THE_TOP = (
    *("ActiveStatus", "CustomerLifecycle", "LoyaltyAccount", "RfmScore"),
    *("Referral", "ReferralConnection", "SegmentMembershipConnection"),
)
"""What rests on all that is known of a customer, or of whom they brought: asked for of customers themselves, not on
every way to them."""


def everything(type_name: str, levels: int, *, past: tuple[str, ...] = (), without: tuple[str, ...] = ()) -> str:
    """Return the selection of every field of a type but some, so many levels deep, without types met on the way."""
    type_: Any = executable.type_map[type_name]
    if is_abstract_type(type_):
        # Fields of one name may be of different types; ids tell what it is, and no more is needed.
        members = executable.get_possible_types(type_)
        return " ".join(["__typename", *(f"... on {member.name} {{ {_told(member)} }}" for member in members)])
    parts = []
    for name, field in type_.fields.items():
        of = get_named_type(field.type)
        if name in without:
            continue
        if is_leaf_type(of):
            parts.append(name)
        elif of.name in AT_THE_TOP and past not in ((), ("CustomerConnection",)):
            continue
        elif _object_in(of) not in (*past, type_name) and levels:
            deeper = everything(of.name, levels - 1, past=(*past, type_name))
            parts.append(f"{name}{_arguments(field)} {{ {deeper} }}")
    return " ".join(parts)


def _arguments(field: Any) -> str:
    """Return the arguments that bring the most, in parentheses."""
    most = {"first": "100", "since": '"2020-01-01T00:00:00Z"'}
    given = ", ".join(f"{name}: {value}" for name, value in most.items() if name in field.args)
    return f"({given})" if given else ""


def _told(type_: Any) -> str:
    """Return the id of a member, or the plain values of one that has none."""
    leaves = [name for name, field in type_.fields.items() if is_leaf_type(get_named_type(field.type))]
    return "id" if "id" in leaves else " ".join(leaves)


def _object_in(type_: Any) -> str:
    """Return the type of what a connection or an edge holds, or the type itself."""
    for name in ("nodes", "node"):
        if name in getattr(type_, "fields", ()):
            inner: str = get_named_type(type_.fields[name].type).name
            return inner
    found: str = type_.name
    return found
