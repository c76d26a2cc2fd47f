"""Documents kept by their text: parsed once, judged once, with the plans made for them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    parse,
    validate,
)

from api.errors import BadRequest, BadUserInput, ParseFailed
from api.plan.run import Plan
from api.web.errors import TOO_DEEP, refusal, syntax_error, validation_error
from api.web.text import check_literals

__all__ = ["Document", "Documents", "Limits", "Plans"]

MOST_ERRORS = 5
MOST_COMMENTS = 100
# Measured: 34 to 114 bytes of parsed document for a character of its text.
BYTES_A_CHARACTER = 100
# Each root field has a plan for each shape of the variables, and callers choose the shape: these bound what that can
# cost. A document of 2,000 tokens has at most some 300 root fields, so all plans of one shape fit.
PLANS_A_DOCUMENT = 512
LARGEST_SHAPE = 400


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a document may be, and how much of them is kept."""

    tokens: int = 2_000
    characters: int = 16_384
    kept_documents: int = 1_000
    kept_bytes: int = 33_554_432
    kept_plans: int = 2_000


class Plans(dict[Any, Plan]):
    """The plans of one document: those used last, none for a shape of variables that is dear to keep.

    grown  is called after each plan that was added
    """

    def __init__(self, grown: Callable[[], None]) -> None:
        super().__init__()
        self._grown = grown

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
            self.pop(next(iter(self)))
        super().__setitem__(key, plan)
        self._grown()


@dataclass(frozen=True, slots=True)
class Document:
    """A text that was sent as a document: what it says, or why it is refused (errors as clients see them)."""

    plans: Plans
    parsed: DocumentNode | None = None
    operations: Mapping[str | None, OperationDefinitionNode] = field(default_factory=dict)
    refusals: tuple[dict[str, Any], ...] = ()

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


class Documents:
    """The documents used last, by text; the one not used for longest goes first."""

    def __init__(self, schema: GraphQLSchema, limits: Limits) -> None:
        self._schema = schema
        self._limits = limits
        self._kept: OrderedDict[str, Document] = OrderedDict()
        self._characters = 0

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, text: str) -> Document:
        """Return what is known of a text, reading it first where it is new."""
        kept = self._kept.get(text)
        if kept is not None:
            self._kept.move_to_end(text)
            return kept
        made = self._read(text)
        # A text that is too long is refused at a glance; keeping it would cost more.
        if len(text) <= self._limits.characters:
            self._kept[text] = made
            self._characters += len(text)
            self._trim()
        return made

    def _trim(self) -> None:
        while len(self._kept) > 1 and self._is_full():
            gone, _ = self._kept.popitem(last=False)
            self._characters -= len(gone)

    def _is_full(self) -> bool:
        limits = self._limits
        return (
            len(self._kept) > limits.kept_documents
            or self._characters * BYTES_A_CHARACTER > limits.kept_bytes
            or sum(len(document.plans) for document in self._kept.values()) > limits.kept_plans
        )

    def _read(self, text: str) -> Document:
        """Return a text parsed and checked against the schema, or why it is refused."""
        if len(text) > self._limits.characters:
            most = f"{self._limits.characters:,} are the most"
            return self._refused(refusal(ParseFailed(f"The document has {len(text):,} characters; {most}.")))
        try:
            return self._judged(parse(text, max_lexical_tokens=self._limits.tokens, max_comments=MOST_COMMENTS))
        except GraphQLSyntaxError as error:
            return self._refused(syntax_error(error))
        except BadUserInput as error:
            return self._refused(refusal(error))
        except RecursionError:
            return self._refused(refusal(ParseFailed(TOO_DEEP)))

    def _judged(self, parsed: DocumentNode) -> Document:
        found = validate(self._schema, parsed, max_errors=MOST_ERRORS, hide_suggestions=True)
        if found:
            return self._refused(*(validation_error(error) for error in found[:MOST_ERRORS]))
        check_literals(parsed)
        operations = [node for node in parsed.definitions if isinstance(node, OperationDefinitionNode)]
        return Document(
            Plans(self._trim), parsed, {node.name.value if node.name else None: node for node in operations}
        )

    def _refused(self, *refusals: dict[str, Any]) -> Document:
        return Document(Plans(self._trim), refusals=refusals)


def atoms(key: Any, enough: int) -> int:
    """Return how many parts a nested tuple has, counting no further than just above `enough`."""
    waiting, found = [key], 0
    while waiting and found <= enough:
        part = waiting.pop()
        found += 1
        if isinstance(part, tuple):
            waiting.extend(part)
    return found
