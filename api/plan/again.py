"""A query that was run before, run once more: by the plan that was kept of it, without the way that led there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from graphql import FieldNode, GraphQLSchema, OperationDefinitionNode, OperationType, is_non_null_type
from graphql.execution.collect_fields import FieldDetails, FragmentDetails

from api.graph.declare import PlannedField
from api.plan.forming import NullInNonNull, Run
from api.plan.operation import Operation
from api.plan.run import Plan, with_computed
from api.plan.values import shape
from api.plan.variables import variables_of

__all__ = ["Again", "given_to", "plan_key", "used_of"]

ROOT = "root"
"""Plans of root fields are kept by it, whether they read facts as they are kept, and the field."""


@dataclass(frozen=True, slots=True)
class Again:
    """What is asked by a query of one planned field.

    key          of the field in the answer
    field        what its plans are kept by, apart from the variables
    names        of the variables that change its plan, None where any may
    is_nullable  whether its value may be null
    """

    key: str
    field: Any
    names: frozenset[str] | None
    is_nullable: bool

    @classmethod
    def of(
        cls, schema: GraphQLSchema, operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDetails]
    ) -> Again | None:
        """Return what an operation asks, None for all but a query of one planned field that is there in any case."""
        nodes = operation.selection_set.selections
        node = nodes[0]
        if operation.operation is not OperationType.QUERY or len(nodes) > 1 or not isinstance(node, FieldNode):
            return None
        assert schema.query_type is not None
        field = schema.get_field(schema.query_type, node.name.value)
        if field is None or node.directives or type(field.extensions.get("strawberry-definition")) is not PlannedField:
            return None
        key = (node.alias or node.name).value
        names = variables_of([FieldDetails(node, None)], fragments) if operation.variable_definitions else frozenset()
        return cls(key, ((ROOT, True), id(operation), id(node)), names, not is_non_null_type(field.type))

    async def data(self, coerced: Mapping[str, Any], operation: Operation) -> dict[str, Any] | None:
        """Return the data of the answer, None where only graphql-core can tell it.

        That is so before the first run, where a plan takes more than one statement, and where anything goes wrong. What
        was read or went wrong by then is put into `operation.ahead`.
        """
        plan: Plan | None = operation.plans.get(plan_key(self.field, operation, used_of(coerced, self.names)))
        if plan is None or plan.asked is not None or not plan.is_one_statement:
            return None
        given = given_to(coerced, operation)
        try:
            rows = await operation.database.read(plan.level.statement, plan.parameters.values(given))
            operation.ahead = fetched = with_computed(plan.level, rows)
            run = Run(given)
            value = plan.level.form(fetched, range(len(rows)), run)
        except NullInNonNull:
            return None
        except Exception as error:  # noqa: BLE001  (graphql-core decides whose loss it is)
            operation.ahead = error
            return None
        if run.failures or (value is None and not self.is_nullable):
            return None
        return {self.key: value}


def plan_key(field: Any, operation: Operation, used: Mapping[str, Any]) -> Any:
    """Return what a plan is kept by: its field, what may be seen, and the variables that it uses."""
    return (field, operation.principal.customer_id is not None, shape(used))


def used_of(coerced: Mapping[str, Any], names: frozenset[str] | None) -> Mapping[str, Any]:
    """Return those of the variables that have one of these names; all of them for None."""
    return coerced if names is None else {name: coerced[name] for name in names if name in coerced}


def given_to(
    coerced: Mapping[str, Any], operation: Operation, as_of: datetime | None = None, known_at: datetime | None = None
) -> dict[str, Any]:
    """Return what a run of a plan brings: the variables, who asks, and when."""
    return {
        **coerced,
        ":now": as_of or operation.now,
        ":owner": operation.principal.customer_id,
        ":asOf": as_of,
        ":knownAt": known_at,
    }
