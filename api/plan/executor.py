"""The hook into graphql-core: where a field is planned or resolves to a reference, the planner completes it.

Everything else (choice of the operation, coercion of variables, introspection, serial mutations, forming of errors)
stays with graphql-core.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from aiodataloader import DataLoader
from graphql import GraphQLError, GraphQLField, get_named_type, is_abstract_type, is_non_null_type
from graphql.error import located_error
from graphql.pyutils import Path, gather_with_cancel
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from api.graph.declare import PlannedField, Reference
from api.graph.sources import Outdated
from api.plan.again import ROOT, given_to, plan_key, used_of
from api.plan.aside import aside
from api.plan.fetched import Fetched
from api.plan.filters import Inserted, inserted
from api.plan.forming import Failure, Hole, NullInNonNull, Run
from api.plan.operation import Operation
from api.plan.planner import reference_plan, root_plan
from api.plan.references import Target, loader
from api.plan.run import Plan, Reading, fetched
from api.plan.segments import SEGMENTS, Seen, Segments
from api.plan.select import CUSTOMER_FILTER, Selecting
from api.plan.values import Parameters, at_run, slots
from api.plan.variables import variables_of
from api.plan.what_if import Supposition, seen_so, supposed_in


class Executor(StrawberryGraphQLCoreExecutionContext):
    """graphql-core's executor, with planned fields completed by the planner."""

    context_value: Operation

    def execute_field(
        self, parent_type: Any, source: Any, field_details_list: Any, path: Path, position_context: Any
    ) -> Any:
        """Complete a planned field by its plan, and everything else as graphql-core does.

        A planned field has nothing to resolve, and its arguments are read once, for the plan.
        """
        field = self.schema.get_field(parent_type, field_details_list[0].node.name.value)
        if field and type(field.extensions.get("strawberry-definition")) is PlannedField:
            return self._completed_root(field, field_details_list, path)
        return super().execute_field(parent_type, source, field_details_list, path, position_context)

    def complete_value(
        self, return_type: Any, field_details_list: Any, info: Any, path: Path, result: Any, position_context: Any
    ) -> Any:
        """Complete a reference by its plan, and everything else as graphql-core does."""
        if type(result) is Reference:
            return self._complete_reference(return_type, field_details_list, path, result)
        return super().complete_value(return_type, field_details_list, info, path, result, position_context)

    async def _completed_root(self, field: GraphQLField, below: Any, path: Path) -> Any:
        try:
            return await self._complete_root(field, below, path)
        except Exception as error:  # noqa: BLE001  (graphql-core decides whose loss it is)
            self.handle_field_error(error, field.type, below, path)
            return None

    async def _complete_root(self, field: GraphQLField, below: Any, path: Path) -> Any:
        with self.context_value.supposing.reading():
            value, run, seen = await self._real_root(field, below, path)
        return await self._with_supposed(value, run, path, seen)

    async def _real_root(self, field: GraphQLField, below: Any, path: Path) -> Any:
        plan, given = await self._root_plan(field, below, path, as_kept=True)
        try:
            ahead = self._ahead()
            rows = await self._rows_of(plan, given, path) if ahead is None else ahead
        except Outdated:
            plan, given = await self._root_plan(field, below, path, as_kept=False)
            rows = await self._rows_of(plan, given, path)
        run = Run(given)
        try:
            value = plan.level.form(rows, range(len(rows.rows)), run)
        except NullInNonNull:
            value = None
        as_of, known_at = [at_run(clock, given) for clock in plan.clocks] if run.holes else (None, None)
        seen = (as_of, known_at, None)
        return await self._finished(value, run, field.type, below, path, seen), run, seen

    async def _root_plan(
        self, field: GraphQLField, below: Any, path: Path, *, as_kept: bool
    ) -> tuple[Plan, dict[str, Any]]:
        """Return the plan of a root field, and what its run brings."""
        kept, given = self._kept((ROOT, as_kept), below), self._given(None, None)
        owned = self.context_value.principal.customer_id is not None
        make = partial(root_plan, key=str(path.key), field=field, below=below, owned=owned, as_kept=as_kept)
        plan = await self._made(kept, make, None)
        if plan.asked is None:
            return plan, given
        found = self._segments(plan, await self._seen(plan, given, path, None), None, given, path)
        return await self._made((kept, found.shape), make, found), {**given, SEGMENTS: found.value}

    async def _made(self, kept: Any, make: Callable[[Selecting], Plan], segments: Inserted | None) -> Plan:
        plan: Plan | None = self.context_value.plans.get(kept)
        if plan is None:
            # Making it may take long; a connection is asked for only when it is there.
            plan = self.context_value.plans[kept] = await aside(partial(make, self._selecting(segments)))
        return plan

    async def _seen(self, plan: Plan, given: Mapping[str, Any], path: Path, pinned: Any) -> Seen:
        assert plan.asked is not None
        return await self._reading(path, pinned).segments(plan.asked, plan.parameters.values(given))

    def _segments(self, plan: Plan, seen: Seen, key: UUID | None, given: Mapping[str, Any], path: Path) -> Inserted:
        assert plan.asked is not None
        found = inserted(plan.asked, seen, given, self.schema.type_map[CUSTOMER_FILTER], key)
        self.context_value.charge(tuple(path.as_list()), found.named, found.whole)
        return found

    def _ahead(self) -> Fetched | None:
        """Return what was read for the operation before; raise what went wrong."""
        found, self.context_value.ahead = self.context_value.ahead, None
        if isinstance(found, Exception):
            raise found
        return found

    async def _rows_of(self, plan: Plan, given: Mapping[str, Any], path: Path) -> Fetched:
        values = plan.parameters.values(given)
        if plan.is_one_statement and SEGMENTS not in given and self._is_alone():
            return await fetched(plan.level, values, Reading(self.context_value.database), alone=True)
        return await fetched(plan.level, values, self._reading(path, None), alone=False)

    async def _complete_reference(self, return_type: Any, below: Any, path: Path, reference: Reference) -> Any:
        seen = (reference.as_of, reference.known_at, reference.pinned)
        with self.context_value.supposing.reading():
            target = await self._whole_target(return_type, below, path, reference)
            value, run = await self._loader(path, reference).load((target, reference.key))
            value = await self._finished(value, run, return_type, below, path, seen)
        return await self._with_supposed(value, run, path, seen)

    async def _finished(
        self, value: Any, run: Run, return_type: Any, below: Any, path: Path, seen: tuple[Any, Any, Any]
    ) -> Any:
        errors = [(failure, self._located(failure, below, path)) for failure in run.failures]
        if value is None and is_non_null_type(return_type):
            raise errors[0][1] if errors else TypeError("a planned field that must have a value has none")
        for failure, error in errors:
            self.collected_errors.add(error, _path(path, failure.path))
        real = [hole for hole in run.holes if type(hole.reference) is Reference]
        filled = [self._complete_reference(hole.type, hole.below, path, hole.reference.within(*seen)) for hole in real]
        for hole, found in zip(real, await gather_with_cancel(*filled) if filled else (), strict=True):
            hole.value = found
        return value

    async def _with_supposed(self, value: Any, run: Run, path: Path, seen: tuple[Any, Any, Any]) -> Any:
        if any(isinstance(hole.reference, Supposition) for hole in run.holes):
            for hole, way in supposed_in(value):
                hole.value = await self._suppose(hole, _path(path, way), hole.reference.within(*seen))
        return value

    async def _suppose(self, hole: Hole, path: Path, supposed: Any) -> Any:
        plan = partial(self._target, hole.type, hole.below, path)
        read = partial(self._complete_reference, hole.type, hole.below, path)
        try:
            async with self.context_value.supposing.turn(self.context_value, supposed):
                return await seen_so(self.context_value, supposed, plan, read)
        except Exception as error:
            # There must be a value, so the loss is the whole field's; the path tells where it came from.
            raise self._located(Failure(error), hole.below, path) from error

    def _located(self, failure: Failure, below: Any, path: Path) -> GraphQLError:
        nodes = [details.node for details in below]
        return located_error(failure.error, nodes, [*path.as_list(), *failure.path])

    async def _whole_target(self, return_type: Any, below: Any, path: Path, reference: Reference) -> Target:
        """Return what is wanted of a referenced row, with the segments that it uses as its reading sees them."""
        target = self._target(return_type, below, path, reference)
        if target.plan.asked is None:
            return target
        seen = await self._seen(target.plan, target.given, path, reference.pinned)
        key = reference.key if target.plan.asked.is_one else None
        return self._target(return_type, below, path, reference, (target.plan, seen, key))

    def _target(
        self,
        return_type: Any,
        below: Any,
        path: Path,
        reference: Reference,
        needed: tuple[Plan, Seen, UUID | None] | None = None,
    ) -> Target:
        kept = (reference.view, reference.as_of, reference.known_at, needed and needed[1:], *map(_node, below))
        operation = self.context_value
        targets = operation.targets
        if kept not in targets:
            given = self._given(reference.as_of, reference.known_at)
            type_ = self._runtime_type(return_type, reference.view)
            clocks = (reference.as_of is not None, reference.known_at is not None)
            planned, found = self._kept(("reference", reference.view, clocks), below), None
            if needed is not None:
                found = self._segments(*needed, given, path)
                planned, given = (planned, found.shape), {**given, SEGMENTS: found.value}
            plan = operation.plans.get(planned)
            if plan is None:
                # Not beside the loop: references that are met together are read together.
                plan = reference_plan(self._selecting(found), reference.view, type_, below, given)
                operation.plans[planned] = plan
            targets[kept] = Target(plan, given)
        return targets[kept]

    def _loader(self, path: Path, reference: Reference) -> DataLoader[tuple[Target, UUID], Any]:
        operation, reading = self.context_value, self._reading(path, reference.pinned)
        if id(reading) not in operation.loaders:
            operation.loaders[id(reading)] = loader(reading, operation.plans, alone=self._is_alone())
        return operation.loaders[id(reading)]

    def _runtime_type(self, return_type: Any, view: type) -> Any:
        named = get_named_type(return_type)
        if not is_abstract_type(named):
            return named
        return next(
            member
            for member in self.schema.get_possible_types(named)
            if member.extensions["strawberry-definition"].origin is view
        )

    def _kept(self, kind: Any, below: Any) -> Any:
        """Return what the plan of a field is kept by."""
        field = (kind, id(self.operation), *map(_node, below))
        return plan_key(field, self.context_value, self._used(field, below))

    def _selecting(self, found: Inserted | None = None) -> Selecting:
        values = self.variable_values._replace(coerced=slots(self.variable_values.coerced))
        known = None if found is None else slots(found.value, (SEGMENTS,))
        return Selecting(self.schema, self.fragments, values, self.operation, Parameters(Segments(known)))

    def _used(self, field: Any, below: Any) -> Mapping[str, Any]:
        """Return the values of the variables that can change the plan of a field."""
        coerced = self.variable_values.coerced
        if not coerced:
            return {}
        ready = self.context_value.ready
        if field not in ready:
            ready[field] = variables_of(below, self.fragments)
        return used_of(coerced, ready[field])

    def _given(self, as_of: datetime | None, known_at: datetime | None) -> dict[str, Any]:
        return given_to(self.variable_values.coerced, self.context_value, as_of, known_at)

    def _reading(self, path: Path, pinned: Any) -> Reading:
        operation = self.context_value
        kept = id(pinned) if pinned is not None else _root(path) if self.operation.operation.value != "query" else None
        if kept not in operation.readings:
            operation.readings[kept] = Reading(operation.database, pinned)
        return operation.readings[kept]

    def _is_alone(self) -> bool:
        selections = self.operation.selection_set.selections
        return len(selections) == 1 and selections[0].kind == "field"


def _node(details: Any) -> int:
    return id(details.node)


def _root(path: Path) -> str | int:
    return path.as_list()[0]


def _path(path: Path, below: Sequence[str | int]) -> Path:
    for step in below:
        path = Path(path, step, None)
    return path
