"""Documents kept by their text: parsed once, judged once, with the plans made for them."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import orjson
from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    OperationType,
    parse,
    validate,
)
from graphql.validation import validation_context
from graphql.validation.rules import overlapping_fields_can_be_merged
from graphql.validation.validate import ValidationAbortedError

from api.errors import BadRequest, BadUserInput, DocumentTooLarge
from api.plan.aside import aside
from api.web.conditions import Conditions, require_few
from api.web.cost import Points, charge, filters, lists
from api.web.errors import TOO_DEEP, refusal, syntax_error, too_large, validation_error
from api.web.excess import excess
from api.web.limits import Limits, setting
from api.web.plans import Plans
from api.web.pricing import INTROSPECTION, Pricing
from api.web.text import check_literals

__all__ = ["Document", "Documents", "Limits"]

MOST_ERRORS = 5
LONG_TEXT = 2_000
"""Characters from which on reading a new text takes more than a few milliseconds."""
# Measured: 34 to 194 bytes of parsed document for a character of its text, 370 for a list among the costs.
BYTES_A_CHARACTER = 200
BYTES_A_LIST = 400
# What validation may spend on fragments, and on fields that could stand in each other's way, before it gives up.
# graphql-core takes these from its modules alone; measured at its own 500,000: 190 ms for 6 kB, at this 22 ms.
overlapping_fields_can_be_merged.MAX_COMPLEXITY_BUDGET = 50_000
validation_context.MAX_FRAGMENT_WORK = 20_000
# What stands in texts and comments is passed over.
FRAGMENT = re.compile(
    r'"""(?:[^"\\]|\\"""|\\|"(?!""))*+"""|"(?:[^"\\\n\r]|\\.)*+"|#[^\n\r]*+|\b(fragment)\s+\w+\s+on\b'
)
TOO_ENTANGLED = "Fields and fragments are repeated too often to be compared with one another; ask for each once."


@dataclass(frozen=True, slots=True)
class Document:
    """A text that was sent as a document: what it says, or why it is refused (errors as clients see them).

    costs    of the operations, by name
    filters  of the operations, by name
    lists    that the costs name, and filters
    ready    what all runs of its operations have in common besides plans, put there by the first
    """

    plans: Plans
    parsed: DocumentNode | None = None
    operations: Mapping[str | None, OperationDefinitionNode] = field(default_factory=dict)
    costs: Mapping[str | None, Points] = field(default_factory=dict)
    filters: Mapping[str | None, Sequence[Conditions]] = field(default_factory=dict)
    most_points: int = 0
    most_conditions: int = 0
    lists: int = 0
    refusals: tuple[dict[str, Any], ...] = ()
    ready: dict[Any, Any] = field(default_factory=dict)

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """Return the operation to run; raise BadRequest where the name does not tell which, or names none."""
        if name is None:
            if len(self.operations) != 1:
                names = ", ".join(str(known) for known in self.operations) or "none"
                raise BadRequest(f"Say in `operationName` which operation is meant; the document has: {names}.")
            return next(iter(self.operations.values()))
        if name not in self.operations:
            raise BadRequest("The document has no operation of the name given in `operationName`.")
        return self.operations[name]

    def charge(self, operation: OperationDefinitionNode, variables: Mapping[str, Any], beside: int = 0) -> int:
        """Return the points that one of the operations may cost.

        beside  conditions of the segments that its filters name
        Raises CostExceeded for more than is given at once, and DocumentTooLarge for too many conditions.
        """
        require_few(self.filters[_name(operation)], variables, self.most_conditions, beside)
        return charge(self.costs[_name(operation)], variables, self.most_points, beside)

    def answer(self, operation: OperationDefinitionNode) -> orjson.Fragment | None:
        """Return the data that every run of an operation gives, as its JSON, where it was kept."""
        return self.ready.get(("data", id(operation)))

    def keep(self, operation: OperationDefinitionNode, data: Any) -> None:
        """Keep the data of an operation that asks of the schema alone, and by no variable: it is always the same."""
        if _is_constant(operation) and self.answer(operation) is None:
            text = orjson.dumps(data)
            self.ready["data", id(operation)] = orjson.Fragment(text)
            self.plans.hold(len(text))


class Documents:
    """The documents used last, by text; the one not used for longest goes first."""

    def __init__(self, schema: GraphQLSchema, limits: Limits) -> None:
        self._schema = schema
        self._limits = limits
        self._kept: OrderedDict[str, Document] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, text: str) -> Document:
        """Return what is known of a text, reading it first where it is new."""
        kept = self._kept.get(text)
        if kept is not None:
            self._kept.move_to_end(text)
            return kept
        return self._keep(text, self._read(text))

    async def read(self, text: str) -> Document:
        """Return what is known of a text; reading a long new one lets other requests go on."""
        if text in self._kept or not LONG_TEXT <= len(text) <= self._limits.characters:
            return self.find(text)
        return self._keep(text, await aside(partial(self._read, text)))

    def _keep(self, text: str, made: Document) -> Document:
        # A text that is too long is refused at a glance; keeping it would cost more. Another request may be first.
        if len(text) <= self._limits.characters and text not in self._kept:
            self._kept[text] = made
            self._bytes += _bytes(text, made)
            self._trim()
        return made

    def _trim(self) -> None:
        while len(self._kept) > 1 and self._is_full():
            self._bytes -= _bytes(*self._kept.popitem(last=False))

    def _is_full(self) -> bool:
        limits = self._limits
        return (
            len(self._kept) > limits.kept_documents
            or self._bytes + sum(document.plans.bytes for document in self._kept.values()) > limits.kept_bytes
            or sum(len(document.plans) for document in self._kept.values()) > limits.kept_plans
        )

    def _read(self, text: str) -> Document:
        """Return a text parsed, measured and checked against the schema, or why it is refused."""
        limits = self._limits
        try:
            require_at_most(limits.characters, len(text), "characters")
            # Counted at a glance: parsing many fragments and comparing them with one another is what costs most.
            require_at_most(limits.fragments, sum(map(bool, FRAGMENT.findall(text))), "fragments")
            return self._judged(parse(text, max_lexical_tokens=limits.tokens, max_comments=limits.comments))
        except GraphQLSyntaxError as error:
            return self._refused(self._unparsed(error))
        except (BadUserInput, DocumentTooLarge) as error:
            return self._refused(refusal(error))
        except RecursionError:
            return self._refused(refusal(DocumentTooLarge(TOO_DEEP)))

    def _unparsed(self, error: GraphQLSyntaxError) -> dict[str, Any]:
        """Return why a text was not parsed to its end; the parser's limits are the only reasons to stop before."""
        if not error.message.endswith("Parsing aborted."):
            return syntax_error(error)
        for name in ("tokens", "comments"):
            if f"{name}. Parsing" in error.message:
                most = getattr(self._limits, name)
                return refusal(DocumentTooLarge(f"The document has more than {most:,} {name} ({setting(name)})."))
        return refusal(DocumentTooLarge(TOO_DEEP))

    def _judged(self, parsed: DocumentNode) -> Document:
        # Measured first: judging takes more than linear time, and running may take any.
        found = excess(parsed, self._limits)
        if found:
            return self._refused(too_large(found))
        check_literals(parsed)
        faults = validate(self._schema, parsed, max_errors=MOST_ERRORS, hide_suggestions=True)
        if any(isinstance(fault, ValidationAbortedError) for fault in faults[:MOST_ERRORS]):
            return self._refused(refusal(DocumentTooLarge(TOO_ENTANGLED)))
        if faults:
            return self._refused(*(validation_error(fault) for fault in faults[:MOST_ERRORS]))
        operations = {_name(node): node for node in parsed.definitions if isinstance(node, OperationDefinitionNode)}
        pricing = Pricing(self._schema, parsed)
        costs = {name: pricing.of(node) for name, node in operations.items()}
        held = {name: tuple(filters(points)) for name, points in costs.items()}
        number = sum(1 for points in costs.values() for _ in lists(points)) + sum(map(len, held.values()))
        most = self._limits
        return Document(Plans(self._trim), parsed, operations, costs, held, most.cost, most.conditions, number)

    def _refused(self, *refusals: dict[str, Any]) -> Document:
        return Document(Plans(self._trim), refusals=refusals)


def require_at_most(most: int, found: int, what: str) -> None:
    """Raise DocumentTooLarge where a text has more of something than the limit of that name."""
    if found > most:
        raise DocumentTooLarge(f"The document has {found:,} {what}; {most:,} are the most ({setting(what)}).")


def _bytes(text: str, document: Document) -> int:
    """Return about how much memory a kept document takes, apart from its plans."""
    return len(text) * BYTES_A_CHARACTER + document.lists * BYTES_A_LIST


def _is_constant(operation: OperationDefinitionNode) -> bool:
    if operation.operation is not OperationType.QUERY or operation.variable_definitions:
        return False
    at_top = operation.selection_set.selections
    return all(isinstance(node, FieldNode) and node.name.value in INTROSPECTION for node in at_top)


def _name(operation: OperationDefinitionNode) -> str | None:
    return operation.name.value if operation.name else None
