"""Who is in which segment: the filters of segments as conditions, joined to rows by the keys of the segments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLInputObjectType

from api.plan.because import sentences
from api.plan.narrow import holds
from api.plan.values import Parameters
from api.reads import segments as reads
from api.reads.customers import customers
from api.reads.relation import Expression, Link, Row, Table


@dataclass(frozen=True, slots=True)
class Fitting:
    """Joins customers and segments, by filters of a type."""

    type_: Any
    parameters: Parameters

    def joining(self, link: Link) -> Callable[[Expression, Row], Sequence[Any]]:
        """Return what rows behind a link must meet, given the key of the row that it leaves from."""
        return self.members if link.source is reads.segments else self.memberships

    def members(self, segment: Expression, customer: Row) -> Sequence[Any]:
        """Return what makes a customer a member of the segment with a key."""
        known = self.parameters.segments.all(others=False)
        if self.parameters.segments.is_one:
            return [self._holds(known[0], customer, of_all=True)]
        return [reads.by_segment(segment, [(self._key(each), self._holds(each, customer)) for each in known])]

    def memberships(self, key: Expression, segment: Row) -> Sequence[Any]:
        """Return what makes a segment one that the customer with a key is in."""
        segment.given = key
        customer, known = segment.other(customers), self.parameters.segments.all(others=True)
        options = [(self._key(each), self._holds(each, customer)) for each in known]
        return [reads.has_customer(segment, customer, key, reads.by_segment(segment.key, options))]

    def counted(self, link: Link) -> Callable[[Row], Table]:
        """Return what counts the members of a segment."""

        def count(segment: Row) -> Table:
            options = []
            for each in self.parameters.segments.all(others=False):
                customer = segment.other(link.target)
                options.append((self._key(each), customer, self._holds(each, customer, of_all=True)))
            return reads.members_counted(segment, options)

        return count

    def because(self, segment: Row) -> Expression:
        """Return what puts the customer into the segment whose row was joined by `memberships`, in sentences."""
        customer, known = segment.other(customers), self.parameters.segments.all(others=True)
        options = [
            (self._key(each), sentences(self.type_, each["filter"], customer, self.parameters)) for each in known
        ]
        return reads.told_of_customer(segment, customer, segment.given, options)

    def _key(self, segment: Any) -> Expression:
        return self.parameters.add(segment["key"], "uuid")

    def _holds(self, segment: Any, customer: Row, *, of_all: bool = False) -> Any:
        type_: GraphQLInputObjectType = self.type_
        return holds(type_, segment["filter"], customer, self.parameters, of_all=of_all)
