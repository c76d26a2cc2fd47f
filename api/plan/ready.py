"""What the runs of one operation have in common: found when it runs first, so that later runs begin at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any, TypeAlias

from graphql import (
    DocumentNode,
    ExecutionResult,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    Undefined,
    default_field_resolver,
    default_type_resolver,
    is_non_null_type,
)
from graphql.execution.collect_fields import FragmentDetails
from graphql.execution.get_variable_signature import GraphQLVariableSignature
from graphql.execution.values import VariableValues, VariableValueSource

from api.plan.again import Again
from api.plan.coercion import Coercion, coercion
from api.plan.executor import Executor
from api.plan.operation import Operation

MOST_COERCION_ERRORS = 5


@dataclass(frozen=True, slots=True)
class Ready:
    """An operation of a document, its fragments, and its variables, each with what coerces its values.

    again  what it asks, where it can be run again by nothing but its plan
    """

    operation: OperationDefinitionNode
    fragment_definitions: dict[str, FragmentDefinitionNode]
    fragments: dict[str, FragmentDetails]
    variables: tuple[tuple[GraphQLVariableSignature, Coercion], ...]
    again: Again | None

    @classmethod
    def of(cls, executor: Executor) -> Ready:
        """Return what another run of an executor's operation needs."""
        signatures = (source.signature for source in executor.variable_values.sources.values())
        variables = tuple((signature, coercion(signature.type)) for signature in signatures)
        again = Again.of(executor.schema, executor.operation, executor.fragments)
        return cls(executor.operation, executor.fragment_definitions, executor.fragments, variables, again)

    def coerced(self, given: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the values of the variables; None where graphql-core has something to say of them, or to find out."""
        coerced = dict[str, Any]()
        for signature, coerce in self.variables:
            name = signature.name
            value = given.get(name, Undefined)
            if value is Undefined:
                if signature.default is not None or is_non_null_type(signature.type):
                    return None
                continue
            try:
                coerced[name] = coerce(value)
            except Exception:  # noqa: BLE001  (whatever it is, graphql-core says it better)
                return None
        return coerced

    def values(self, given: Mapping[str, Any], coerced: dict[str, Any]) -> VariableValues:
        """Return the values of the variables as graphql-core has them, with where each comes from."""
        known = [signature for signature, _ in self.variables]
        sources = {of.name: VariableValueSource(of, *([given[of.name]] if of.name in coerced else [])) for of in known}
        return VariableValues(sources, coerced)


Known: TypeAlias = tuple[Ready, dict[str, Any]]
"""An operation that has run before, with the values of its variables for this run."""


async def executed(
    schema: GraphQLSchema, document: DocumentNode, context: Operation, variables: dict[str, Any], name: str | None
) -> ExecutionResult:
    """Return what comes of an operation of a checked document."""
    known = known_of(context, variables, name)
    if known is not None:
        kept, coerced = known
        data = None if kept.again is None else await kept.again.data(coerced, context)
        if data is not None:
            return ExecutionResult(data, None)
    executor = executor_for(schema, document, context, variables, name, known)
    if isinstance(executor, list):
        return ExecutionResult(None, executor)
    result: Any = executor.execute_operation()
    if isawaitable(result):
        result = await result
    assert isinstance(result, ExecutionResult)
    return result


def known_of(context: Operation, variables: Mapping[str, Any], name: str | None) -> Known | None:
    """Return what is known of an operation; None before its first run, and where graphql-core has to look at it."""
    kept: Ready | None = context.ready.get(("operation", name))
    coerced = None if kept is None else kept.coerced(variables)
    return None if kept is None or coerced is None else (kept, coerced)


def executor_for(
    schema: GraphQLSchema,
    document: DocumentNode,
    context: Operation,
    variables: dict[str, Any],
    name: str | None,
    known: Known | None,
) -> Executor | list[GraphQLError]:
    """Return what executes an operation of a checked document, or what is wrong with its variables.

    graphql-core's own way looks the schema, the document and the types of the variables through each time.
    """
    if known is None:
        return _built(schema, document, context, variables, name)
    kept, coerced = known
    return Executor(
        schema,
        kept.fragment_definitions,
        kept.fragments,
        None,
        context,
        kept.operation,
        kept.values(variables, coerced),
        default_field_resolver,
        default_type_resolver,
        default_field_resolver,
        hide_suggestions=True,
    )


def _built(
    schema: GraphQLSchema, document: DocumentNode, context: Operation, variables: dict[str, Any], name: str | None
) -> Executor | list[GraphQLError]:
    built = Executor.build(
        schema,
        document,
        context_value=context,
        raw_variable_values=variables,
        operation_name=name,
        max_coercion_errors=MOST_COERCION_ERRORS,
        hide_suggestions=True,
    )
    if isinstance(built, list):
        return built
    assert isinstance(built, Executor)
    context.ready["operation", name] = Ready.of(built)
    return built
