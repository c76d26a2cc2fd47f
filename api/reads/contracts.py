"""Contracts with customers, and the terms that follow each other."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import (
    DateTime,
    Integer,
    Interval,
    and_,
    case,
    cast,
    column,
    extract,
    func,
    literal_column,
    or_,
    select,
)

from api.domain.renewal import MEAN_MONTH
from api.reads.business import business_time_zone
from api.reads.customers import customers
from api.reads.relation import Expression, Link, Relation, Row, Term, rows
from api.reads.terms import status_of
from api.tables import contracts as tables

_CUSTOMER = ("customer_id", "customer_id")
_LATEST_FIRST = (Term("starts_at", descending=True),)

contracts = Relation(
    "contracts",
    tables.contracts,
    "contract_id",
    "con",
    owner="customer_id",
    happened="changed_at",
    recorded="recorded_at",
    superseded="superseded_at",
    replaced="replaced_at",
    planned=frozenset({"signed_at", "starts_at", "term_starts_at", "term_ends_at", "terminate_at", "ends_at"}),
    order=_LATEST_FIRST,
)
customer_of_contract = Link(contracts, customers, (_CUSTOMER,))
contracts_of_customer = Link(customers, contracts, (_CUSTOMER,), order=_LATEST_FIRST)
customers.shown_by.append(contracts_of_customer)


@contracts.expression
def status(row: Row) -> Expression:
    """Return how the contract stands at the moment of the answer."""
    early = and_(row.c.terminate_at.is_not(None), or_(row.c.auto_renew, row.c.terminate_at < row.c.term_ends_at))
    return status_of(row, early)


@contracts.expression
def term_start(row: Row) -> Expression:
    """Return the start of the running term; before the contract begins of the first, after it ended of the last."""
    return _of_running_term(row, _start)


@contracts.expression
def term_end(row: Row) -> Expression:
    """Return the end of the running term; before the contract begins of the first, after it ended of the last."""
    return _of_running_term(row, _end)


@contracts.expression
def term_value(row: Row) -> Expression:
    """Return what was agreed for the term that runs at the moment."""
    return _of_running_term(row, lambda version, moment: version.c.value)


@contracts.expression
def renewal_at(row: Row) -> Expression:
    """Return when the contract next renews by itself, null where it does not."""
    end = _end(row, row.lens.moment)
    renews = and_(row.c.auto_renew, or_(row.c.terminate_at.is_(None), end < row.c.terminate_at))
    return case((renews, end))


def _of_running_term(row: Row, part: Callable[[Row, Expression], Expression]) -> Expression:
    """Return something about the term that runs at the moment; a renewal that is agreed may begin later."""
    # The versions before one that may be seen may be seen as well: they happened before, and were recorded before.
    agreed, moment = row.other(contracts), func.least(row.lens.moment, row.c.ends_at - _INSTANT)
    begun = or_(agreed.c.term_starts_at <= moment, agreed.c.term_starts_at == agreed.c.starts_at)
    same = [agreed.c.customer_id == row.c.customer_id, agreed.c.contract_id == row.c.contract_id]
    found = rows(agreed, [part(agreed, moment)], [*same, agreed.c.version <= row.c.version, begun])
    return found.order_by(agreed.c.version.desc()).limit(literal_column("1")).scalar_subquery()


def _start(row: Row, moment: Expression) -> Expression:
    rolled = _rolled(row, moment, lambda ends: func.max(ends).filter(ends <= moment))
    return case((row.c.auto_renew, func.coalesce(rolled, row.c.term_starts_at)), else_=row.c.term_starts_at)


def _end(row: Row, moment: Expression) -> Expression:
    rolled = _rolled(row, moment, lambda ends: func.min(ends).filter(ends > moment))
    return case((row.c.auto_renew, rolled), else_=row.c.term_ends_at)


def last_term_end(row: Row) -> Expression:
    """Return the end of the last term that has begun or is agreed; of a contract that is over, of its last."""
    return _end(row, func.least(row.lens.moment, row.c.ends_at - _INSTANT))


def terms_behind(row: Row, end: Expression) -> Expression:
    """Return how many terms lie before the one that ends at a moment, also those it renewed for by itself."""
    agreed = row.other(contracts)
    same = [agreed.c.customer_id == row.c.customer_id, agreed.c.contract_id == row.c.contract_id]
    begins = or_(agreed.c.version == literal_column("1"), agreed.c.change == literal_column("'RENEWED'"))
    following = func.lead(agreed.c.term_starts_at, literal_column("1"), end).over(order_by=agreed.c.version)
    passed = extract("epoch", following - agreed.c.term_ends_at) / mean_seconds(agreed.c.renewal_interval)
    columns = [case((agreed.c.auto_renew, func.round(passed)), else_=literal_column("0")).label("rolled")]
    each = rows(agreed, columns, [*same, agreed.c.version <= row.c.version, begins]).subquery("each")
    found = func.count() - literal_column("1") + func.coalesce(func.sum(each.c.rolled), literal_column("0"))
    return cast(select(found).select_from(each).correlate_except(each).scalar_subquery(), Integer)


def _rolled(row: Row, moment: Expression, choice: Callable[[Expression], Expression]) -> Expression:
    """Return one of the ends of terms around a moment, where each is followed by another, as `rolled_end` says."""
    passed = extract("epoch", moment - row.c.term_ends_at) / mean_seconds(row.c.renewal_interval)
    # Calendars are never further from their mean than two terms of a day.
    first = func.greatest(cast(func.floor(passed), Integer) - literal_column("2"), literal_column("0"))
    near = func.generate_series(first, first + literal_column("5")).table_valued(column("n", Integer)).render_derived()
    later = row.c.renewal_interval.op("*", return_type=Interval())(near.c.n)
    ends = _in_zone(_in_zone(row.c.term_ends_at).op("+", return_type=DateTime())(later))
    return select(choice(ends)).select_from(near).correlate_except(near).scalar_subquery()


def _in_zone(moment: Expression) -> Expression:
    """Return what clocks of the business show at a moment, or the moment at which they show this."""
    return func.timezone(business_time_zone(), moment, type_=DateTime(timezone=True))


def mean_seconds(interval: Expression) -> Expression:
    """Return how many seconds a length of time has, its months as long as they are on average."""
    months = extract("year", interval) * literal_column("12") + extract("month", interval)
    rest = interval - func.make_interval(literal_column("0"), cast(months, Integer), type_=Interval())
    return months * literal_column(str(int(MEAN_MONTH.total_seconds()))) + extract("epoch", rest)


_INSTANT: Expression = literal_column("interval '1 microsecond'")
