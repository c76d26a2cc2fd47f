"""Building inputs from the values that graphql-core has coerced.

Strawberry looks up names and types of every field again for every value, which takes longer than all that a change does
with them; here they are looked up once per input type.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass
from functools import partial
from typing import Any

from strawberry.schema.config import StrawberryConfig
from strawberry.types.arguments import InputContext
from strawberry.types.base import StrawberryList, StrawberryOptional, has_object_definition

Conversion = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of an input type.

    empty  the fields that are None where they are left out
    parts  of every field its name, its name in Python, and how its value is converted, None where it stays as it is
    """

    empty: list[str]
    parts: list[tuple[str, str, Conversion | None]]


class Builder:
    """Builds the inputs of one schema."""

    def __init__(self, config: StrawberryConfig) -> None:
        self._name = config.name_converter.from_field
        self._known: dict[type, Known] = {}

    def __call__(self, type_: type, value: Mapping[str, Any], _: InputContext) -> Any:
        """Return an input of a Strawberry type; a hook for `StrawberryObjectDefinition.from_input`."""
        return self._built(type_, value)

    def _built(self, type_: type, value: Mapping[str, Any]) -> Any:
        known = self._known.get(type_)
        if known is None:
            known = self._known[type_] = self._learnt(type_)
        given: dict[str, Any] = dict.fromkeys(known.empty)
        for name, python_name, convert in known.parts:
            if name in value:
                part = value[name]
                given[python_name] = part if part is None or convert is None else convert(part)
        return type_(**given)

    def _learnt(self, type_: Any) -> Known:
        definition = type_.__strawberry_definition__
        without = [
            field.python_name
            for field in definition.fields
            if field.default is MISSING and field.default_factory is MISSING
        ]
        parts = [
            (self._name(field), field.python_name, self._conversion(field.resolve_type(type_definition=definition)))
            for field in definition.fields
        ]
        return Known(without, parts)

    def _conversion(self, type_: Any) -> Conversion | None:
        """Return how a value that is there is converted."""
        if isinstance(type_, StrawberryOptional):
            return self._conversion(type_.of_type)
        if isinstance(type_, StrawberryList):
            return partial(_listed, self._conversion(type_.of_type))
        return partial(self._built, type_) if has_object_definition(type_) else None


def _listed(convert: Conversion | None, values: list[Any]) -> list[Any]:
    # A copy, because graphql-core gives the same default to every request.
    if convert is None:
        return list(values)
    return [None if value is None else convert(value) for value in values]
