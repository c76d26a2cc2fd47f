"""How long all things with a term were kept up to a moment: what models of renewals are fitted to.

A thing has ended where a term was over that was not followed by another. Where it was stopped in the middle of a term
that would still run, nothing is known yet of the renewal at its end, nor where one is just due.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    DateTime,
    Double,
    Integer,
    Select,
    and_,
    bindparam,
    cast,
    extract,
    false,
    func,
    literal_column,
    or_,
    select,
)

from api.database import Connection, driver_errors_translated, prepare
from api.domain.lifetime_value.plan_chains import NEAR_WEEKS, PlanTerm, renewals_made
from api.domain.lifetime_value.streams import Stream
from api.domain.lifetime_value.training_renewals import KeptTerms
from api.reads.agreed_terms import periods_behind, plan_length, stream_of_subscription, was_renewed
from api.reads.contracts import contracts, last_term_end, mean_seconds, terms_behind
from api.reads.json import as_duration, constant
from api.reads.relation import Expression, Lens, Row, rows
from api.reads.subscriptions import subscriptions
from api.reads.support_plans import support_plans

_MOMENT = bindparam("moment", type_=DateTime(timezone=True))
_SECONDS_IN_WEEK: Expression = literal_column("604800")
_LENS = Lens(moment=_MOMENT, as_of=_MOMENT)


async def kept_terms(connection: Connection, moment: datetime) -> list[KeptTerms]:
    """Return how long subscriptions, support plans and contracts had been kept by a moment, as is known now.

    Contracts that do not renew by themselves are left out: they are over unless somebody agrees anew.
    """
    with driver_errors_translated():
        counted = [await _read(connection, one, moment) for one in (_subscriptions(), _contracts())]
        plans = await _read(connection, _plans(), moment)
    found = [KeptTerms(Stream(row["stream"]), *list(row)[1:]) for each in counted for row in each]
    return [*found, *_kept_plans(plans)]


async def _read(connection: Connection, statement: Select[Any], moment: datetime) -> Sequence[Any]:
    prepared = prepare(statement)
    found: Sequence[Any] = await connection.fetch(prepared.sql, *prepared.values({"moment": moment}))
    return found


def _counted(row: Row, *columns: Expression, conditions: Sequence[Expression]) -> Select[Any]:
    """Return how many things are alike in stream, length of term, cohort, renewals, and whether they ended."""
    names = ("stream", "term", "cohort", "renewals", "ended")
    labelled = [column.label(name) for column, name in zip(columns, names, strict=True)]
    each = rows(row, labelled, [*row.visible(), *conditions]).subquery("each")
    return select(*each.c, func.count().label("number")).group_by(*each.c)


def _cohort(row: Row, start: Expression, length: Expression) -> Expression:
    return cast(func.floor(extract("epoch", row.lens.moment - start) / mean_seconds(length)), Integer)


def _subscriptions() -> Select[Any]:
    """Return subscriptions that have been paid for: whoever only tried one has not left at a renewal."""
    row = Row(subscriptions, _LENS)
    over = and_(row.c.ends_at <= row.lens.moment, row.c.period_end <= row.lens.moment)
    return _counted(
        row,
        stream_of_subscription(row),
        as_duration(row.c.billing_interval),
        _cohort(row, row.c.started_at, row.c.billing_interval),
        periods_behind(row),
        func.coalesce(over, false()),
        conditions=[row.c.started_at <= row.lens.moment, or_(row.c.trial_ends_at.is_(None), was_renewed(row))],
    )


def _contracts() -> Select[Any]:
    row = Row(contracts, _LENS)
    until = last_term_end(row)
    over = and_(row.c.ends_at <= row.lens.moment, until <= row.lens.moment)
    return _counted(
        row,
        constant("CONTRACTS"),
        as_duration(row.c.renewal_interval),
        _cohort(row, row.c.starts_at, row.c.renewal_interval),
        terms_behind(row, until),
        func.coalesce(over, false()),
        conditions=[row.c.auto_renew, row.c.starts_at <= row.lens.moment],
    )


def _plans() -> Select[Any]:
    """Return paid plans that did not come with an order: whose, term, weeks to start and end, whether it went on."""
    row = Row(support_plans, _LENS)
    columns = [
        row.c.customer_id,
        row.c.plan_name,
        plan_length(row).label("term"),
        _weeks_until(row, row.c.starts_at).label("begins"),
        _weeks_until(row, row.c.term_ends_at).label("ends"),
        row.c.cancel_at.is_(None).label("goes_on"),
    ]
    held = or_(row.c.ends_at.is_(None), row.c.ends_at > row.c.starts_at)
    limited = [
        row.c.starts_at <= row.lens.moment,
        row.c.paid,
        row.c.order_id.is_(None),
        row.c.term_ends_at.is_not(None),
        held,
    ]
    return rows(row, columns, [*row.visible(), *limited])


def _weeks_until(row: Row, moment: Expression) -> Expression:
    """Return how many weeks there are from the moment of the lens to another, below 0 for an earlier one."""
    return cast(extract("epoch", moment - row.lens.moment) / _SECONDS_IN_WEEK, Double)


def _kept_plans(plans: Sequence[Any]) -> list[KeptTerms]:
    """Return how long chains of plans were kept; one counts for as many terms as plans follow each other in it."""
    terms = [
        PlanTerm((row["customer_id"], row["plan_name"]), row["begins"], row["ends"] if row["goes_on"] else None)
        for row in plans
    ]
    alike = Counter(
        (row["term"], _age(row, made), made, float(row["ends"]) <= -NEAR_WEEKS)
        for row, made in zip(plans, renewals_made(terms), strict=True)
        if made is not None
    )
    return [KeptTerms(Stream.SUPPORT_PLANS, *each, number) for each, number in alike.items()]


def _age(row: Any, made: int) -> int:
    """Return how many terms ago the first plan of a chain began."""
    length = row["ends"] - row["begins"]
    return int(made - row["begins"] / length)
