"""How a field says where its value comes from: column, object, sums, link, page, derived; read by the planner.

A field's declaration carries its source and, on the same spot, its description. No field of a view has a resolver.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField

from api.graph.arguments import CLOCK_ARGUMENTS, PAGE_ARGUMENTS, argument, narrowing
from api.graph.cost import PAGE, PAGE_BY_SEGMENTS, Cost
from api.graph.sources import (
    Because,
    Column,
    Columns,
    Compute,
    Counted,
    Derived,
    EachOf,
    Finished,
    Gathered,
    Listed,
    Many,
    Member,
    One,
    OneOf,
    Paged,
    Same,
    Sample,
    Source,
    Summed,
    Varied,
)
from api.reads.identity import Given
from api.reads.json import money_amount
from api.reads.relation import Condition, Lens, Link, Relation, Row, Table, public_id


@dataclass(frozen=True, slots=True)
class Reference:
    """A row that a resolver points at; the planner completes it, together with all others met at the same time.

    view    the GraphQL type of the row
    pinned  the connection to read on, where the row is not committed (a dry run)
    """

    view: type
    key: UUID
    as_of: datetime | None = None
    known_at: datetime | None = None
    pinned: Any = None

    def within(self, as_of: datetime | None, known_at: datetime | None, pinned: Any) -> Reference:
        """Return the reference as it is seen from a value that was read so, where it says nothing else itself."""
        return replace(
            self,
            as_of=self.as_of or as_of,
            known_at=self.known_at or known_at,
            pinned=self.pinned if pinned is None else pinned,
        )


class PlannedField(StrawberryField):
    """A field with a source; the planner completes it, and nothing ever resolves it."""

    source: Source

    def __copy__(self) -> PlannedField:
        copied = super().__copy__()
        copied.source = self.source
        return copied


def planned(
    source: Source, description: str, arguments: Sequence[StrawberryArgument] = (), cost: Cost | None = None
) -> Any:
    """Return a field whose value the planner fetches."""
    made = PlannedField(description=description, directives=[] if cost is None else [cost])
    made.source = source
    made.arguments = list(arguments)
    return made


def column(description: str, expression: str | Compute | None = None) -> Any:
    """Return a scalar field; by default the column or expression of the field's own name."""
    return planned(Column(expression), description)


def identifier() -> Any:
    """Return the `id` of a view."""
    return column("Identifier that never changes and that no other object has; node finds the object by it.", public_id)


def money(description: str, amount: str, currency: str = "currency", missing: str | None = None) -> Any:
    """Return a field of type Money, from the names of its amount and its currency; null where `missing` is."""
    return planned(money_of(amount, currency, missing), description)


def money_of(amount: str, currency: str = "currency", missing: str | None = None) -> Source:
    """Return the source of a field of type Money, for an object that is made of the same row."""
    parts = {
        "amount": Column(lambda row: money_amount(row[amount], row[currency])),
        "currency_code": Column(currency),
    }
    return Same(parts, missing)


def same(
    description: str,
    parts: Mapping[str, str | Source] | None = None,
    missing: str | None = None,
    cost: int | None = None,
    arguments: Sequence[StrawberryArgument] = (),
    seen: Callable[[Lens, Given], Lens] | None = None,
) -> Any:
    """Return an object field made of the same row; `seen` makes of its arguments how that is seen, see `Same`."""
    sources = {name: Column(of) if isinstance(of, str) else of for name, of in (parts or {}).items()}
    source = Same(sources, missing, seen)
    return planned(source, description, arguments, cost=None if cost is None else Cost(weight=cost))


def listed(description: str, *members: Member, cost: int | None = None) -> Any:
    """Return a list of objects made of the same row; with a price in points, what is asked of them counts for each."""
    return planned(Listed(members), description, cost=None if cost is None else Cost(weight=cost, size=len(members)))


def member(
    names: Mapping[str, str | Compute], varied: Mapping[str, Source] | None = None, kept: Compute | None = None
) -> Member:
    """Return one object of a list that is made of the same row; see `Member`."""
    return Member({name: Column(of) for name, of in names.items()}, varied or {}, kept)


def varied(description: str, arguments: Sequence[StrawberryArgument] = (), cost: Cost | None = None) -> Any:
    """Return a field whose source differs among the members of a list."""
    return planned(Varied(), description, arguments, cost)


def gathered(
    description: str,
    needs: Callable[[Row, Given], Table],
    arguments: Sequence[StrawberryArgument] = (),
    cost: int = 1,
    *,
    many: bool = False,
    multiplied_by: str | None = None,
) -> Any:
    """Return an object made of sums over what belongs to the row, or a list; `cost` is its price in points.

    multiplied_by  the argument that says how many objects a list has
    """
    price = Cost(weight=cost, multipliers=[multiplied_by]) if multiplied_by else Cost(weight=cost)
    return planned(Gathered(needs, many), description, arguments, price if cost != 1 or multiplied_by else None)


def one(link: Link, description: str) -> Any:
    """Return a field with the row behind a link."""
    return planned(One(link), description)


def one_of(description: str, which: str, links: Mapping[str, Link]) -> Any:
    """Return a field with the row behind one of several links, by the names of their types; see `OneOf`."""
    return planned(OneOf(which, links), description)


def each_of(description: str, which: str, keys: str, key: str, links: Mapping[str, Link]) -> Any:
    """Return a list of the rows that a row names, of several types; see `EachOf`."""
    return planned(EachOf(which, keys, key, links), description)


def many(link: Link, description: str) -> Any:
    """Return a field with all rows behind a link."""
    return planned(Many(link), description)


def page(link: Link, description: str, *, filter: Any = None, order: Any = None) -> Any:
    """Return a connection over the rows behind a link."""
    return planned(Paged(link), description, [*PAGE_ARGUMENTS, *narrowing(filter, order)], PAGE)


def page_by_segments(link: Link, description: str, *, order: Any = None) -> Any:
    """Return a connection over the members of a segment, or the segments of a customer; see `Paged.by_segments`."""
    source = Paged(link, by_segments=True)
    return planned(source, description, [*PAGE_ARGUMENTS, *narrowing(None, order)], PAGE_BY_SEGMENTS)


def counted(link: Link, description: str) -> Any:
    """Return how many members a segment has."""
    return planned(Counted(link), description, cost=Cost(weight=5, saved=True))


def because(description: str) -> Any:
    """Return what puts a customer into a segment, in words."""
    return planned(Because(), description)


def derived(
    description: str,
    needs: Callable[[Row, Given], Table],
    compute: Callable[[Columns], Sequence[object]],
    arguments: Sequence[StrawberryArgument] = (),
    cost: int = 1,
    finished: Finished | None = None,
) -> Any:
    """Return a field computed in Python over all rows of its level at once; `cost` is its price in points."""
    return planned(Derived(needs, compute, finished), description, arguments, Cost(weight=cost) if cost != 1 else None)


def root_one(relation: Relation, description: str, *arguments: StrawberryArgument, only: Compute | None = None) -> Any:
    """Return a root field that finds one row: the first of those it can be, which `only` may narrow."""
    return planned(One(relation, only), description, [*arguments, *CLOCK_ARGUMENTS])


def root_page(relation: Relation, description: str, *arguments: StrawberryArgument, filter: Any, order: Any) -> Any:
    """Return a root field that pages through a relation."""
    found = [*PAGE_ARGUMENTS, *narrowing(filter, order), *arguments, *CLOCK_ARGUMENTS]
    return planned(Paged(relation), description, found, PAGE)


def root_sums(
    relation: Relation, description: str, *arguments: StrawberryArgument, filter: Any = None, cost: int
) -> Any:
    """Return a root field made of aggregates over the rows of a relation; `cost` is its price in points."""
    found = [*narrowing(filter, None), *arguments, *CLOCK_ARGUMENTS]
    return planned(Summed(relation), description, found, Cost(weight=cost))


def sample(description: str, which: Callable[[Row], Condition]) -> Any:
    """Return a list of some of the rows that the enclosing object sums up."""
    first = argument("first", int, "How many at most, 1 to 100.", 10)
    return planned(Sample(which), description, [first], Cost(weight=2, multipliers=["first"]))
