"""Forming an answer for JSON: what a run leaves behind, where errors go, and objects of named parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from api.errors import ApiError
from api.graph.declare import Reference

Form: TypeAlias = Callable[[Any, "Run"], Any]
"""Forms one value for JSON; an error in it is raised, or noted where its place may be empty."""

Project: TypeAlias = Callable[[Sequence[Any], "Run"], list[Any]]
"""Does so for a batch: all at once, and one by one where anything fails."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An error on the way up: where it happened, as a path relative to whoever holds it."""

    error: Exception
    path: list[str | int] = field(default_factory=list)


class NullInNonNull(Exception):
    """A place that must hold a value has none; the nearest place that may be empty takes the loss."""


class Hole:
    """The place of a referenced row in an answer; the answer is written once every hole is filled.

    Not a dataclass: orjson writes those out by itself, with everything in them.
    """

    __slots__ = ("below", "reference", "type", "value")

    def __init__(self, reference: Reference, type_: Any, below: Any) -> None:
        self.reference = reference
        self.type = type_
        self.below = below
        self.value: Any = None


@dataclass(slots=True)
class Run:
    """What forming one answer needs and leaves behind: errors with their places, and holes still to be filled."""

    variables: Mapping[str, Any]
    failures: list[Failure] = field(default_factory=list)
    holes: list[Hole] = field(default_factory=list)

    def lost(self, error: Exception, key: str | int, mark: int, *, nullable: bool) -> None:
        """Note an error at `key`; pass it on as NullInNonNull where nothing may be missing."""
        if not isinstance(error, NullInNonNull):
            self.failures.append(Failure(error))
        self.below(key, mark)
        if not nullable:
            raise NullInNonNull from None

    def all_or_nothing(self, form: Callable[[], list[Any]]) -> list[Any] | None:
        """Return what a function forms, None where anything in it fails, which leaves nothing behind."""
        failed, held = len(self.failures), len(self.holes)
        try:
            made = form()
        except (ApiError, NullInNonNull):
            made = None
        if made is not None and len(self.failures) == failed:
            return made
        del self.failures[failed:], self.holes[held:]
        return None

    def below(self, key: str | int, mark: int) -> None:
        """Put a key before the paths of the errors that came in since a mark."""
        for failure in self.failures[mark:]:
            failure.path.insert(0, key)


def formed(run: Run, key: str | int, form: Form, value: Any, *, nullable: bool) -> Any:
    """Return a value formed for JSON at a key; an error in it is noted with its path, and its place stays empty."""
    mark = len(run.failures)
    try:
        made = form(value, run)
    except (ApiError, NullInNonNull) as error:
        run.lost(error, key, mark, nullable=nullable)
        return None
    if len(run.failures) != mark:
        run.below(key, mark)
    return made


def one_by_one(project: Project) -> Form:
    """Return the function that forms one value as a batch of its own."""
    return lambda value, run: project([value], run)[0]


def together(all_at_once: Project, alone: Form) -> Project:
    """Return the function that forms a batch at once, and each of it alone where anything fails."""

    def project(values: Sequence[Any], run: Run) -> list[Any]:
        made = run.all_or_nothing(lambda: all_at_once(values, run))
        return [alone(value, run) for value in values] if made is None else made

    return project


def objects_of(members: Sequence[tuple[str, Project, bool]]) -> Project:
    """Return the function that forms objects: per key what forms its values, and whether they may be missing."""

    def all_at_once(values: Sequence[Any], run: Run) -> list[Any]:
        made: list[dict[str, Any]] = [{} for _ in values]
        for key, project, _ in members:
            # Key by key: to make an object of each row's values at once takes three times as long.
            for one, part in zip(made, project(values, run), strict=True):
                one[key] = part
        return made

    return together(
        all_at_once, _object_of([(key, one_by_one(project), nullable) for key, project, nullable in members])
    )


def _object_of(members: Sequence[tuple[str, Form, bool]]) -> Form:
    """Return the function that forms one object, whose errors find their places."""

    def formed_object(value: Any, run: Run) -> Any:
        # What `formed` does, without a call for every value.
        made: dict[str, Any] = {}
        failures = run.failures
        for key, form, nullable in members:
            mark = len(failures)
            try:
                made[key] = form(value, run)
            except (ApiError, NullInNonNull) as error:
                run.lost(error, key, mark, nullable=nullable)
                made[key] = None
            else:
                if len(failures) != mark:
                    run.below(key, mark)
        return made

    return formed_object
