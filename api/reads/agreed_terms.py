"""What customers have agreed to for a time: what is to be paid, when, and how often it was renewed until now.

All of it is seen through a lens: what had happened, and was known. Moments are seconds since 1970, so that what is said
of a customer stays as it is until something begins, ends or falls due; it is kept until then where nobody looks back.
docs/lifetime-value.md has the rules in words, and `api.reads.booked` what is counted as brought already.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Double,
    Integer,
    Numeric,
    Select,
    Text,
    and_,
    case,
    cast,
    extract,
    func,
    literal_column,
    null,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.types import TypeEngine

from api.reads.business import business_time_zone
from api.reads.contracts import contracts, contracts_of_customer, last_term_end, mean_seconds, terms_behind
from api.reads.json import as_duration, constant, number
from api.reads.relation import Condition, Expression, Row, Table, rows
from api.reads.rowset import worked_out_once
from api.reads.subscriptions import payments_of_subscription, subscriptions, subscriptions_of_customer
from api.reads.support_plans import support_plans_of_customer

_MINUTE: Expression = literal_column("interval '1 minute'")
_COLUMNS: Mapping[str, TypeEngine[Any]] = {
    "stream": Text(),
    "length": Text(),
    "amount": Numeric(),
    "currency": Text(),
    "made": Integer(),
    "due": Double(),
    "until": Double(),
    "owed_from": Double(),
    "owed": Numeric(),
    "billing": Text(),
    "begins": Double(),
    "name": Text(),
    "lasts": Boolean(),
    "changes_at": Double(),
}
_ORDER = ("stream", "begins", "until", "amount", "length", "name", "due")


def agreed_terms(row: Row) -> Expression:
    """Return what a customer has in force, or agreed for later, as a JSON list in text; null for nothing.

    stream, length, amount, currency
               what a renewal brings, and how long it is, in ISO 8601
    made       renewals so far; of support plans, those that are over say it
    due        when it is next renewed, null where it is not
    until      when it ends if nobody renews it, null for never
    owed_from, owed, billing
               from when on a term is paid that is not booked, how much that is, and between which instalments; null for
               nothing, and for all at once
    begins     when it began, or will
    name       of a support plan that can be renewed
    lasts      whether it is in force or agreed
    changes_at when any of this will be otherwise although nobody changes it, null for never

    Equal terms are told in equal texts.
    """
    each = _each(row)
    return select(_listed(each)).select_from(each).correlate_except(each).scalar_subquery()


def agreed_terms_until(row: Row) -> Table:
    """Return one row beside a customer: `terms`, the same, and `until`, when that will be otherwise by itself."""
    each = _each(row)
    columns = [_listed(each).label("terms"), func.to_timestamp(func.min(each.c.changes_at)).label("until")]
    return worked_out_once(select(*columns).select_from(each), each)


def _listed(each: Table) -> Expression:
    ordered: Expression = aggregate_order_by(literal_column("agreed_term"), *[each.c[name] for name in _ORDER])
    listed = cast(func.json_agg(ordered), Text)
    return case((func.bool_or(each.c.lasts), listed))


def has_agreed(row: Row) -> Condition:
    """Return whether a customer has anything in force, or agreed for later: whether `agreed_terms` tells anything."""
    each = _each(row)
    return select(number(1)).select_from(each).where(each.c.lasts).correlate_except(each).exists()


def _each(row: Row) -> Table:
    return union_all(_subscriptions(row), _support_plans(row), _contracts(row)).subquery("agreed_term")


def _term(**columns: Expression) -> list[Expression]:
    """Return the columns of a term in their order; those that are not told are null."""
    return [cast(columns.get(name, null()), kind).label(name) for name, kind in _COLUMNS.items()]


def seconds_of(moment: Expression) -> Expression:
    """Return the seconds from 1970 to a moment; a float holds microseconds."""
    return cast(extract("epoch", moment), Double)


def _first(row: Row, *moments: Expression) -> Expression:
    """Return the first of some moments that is still to come, null for none."""
    return seconds_of(func.least(*[case((moment > row.lens.moment, moment)) for moment in moments]))


def _lasts(row: Row) -> ColumnElement[bool]:
    return or_(row.c.ends_at.is_(None), row.c.ends_at > row.lens.moment)


def _subscriptions(row: Row) -> Select[Any]:
    """Return subscriptions; one that is paused without an end when it is due brings nothing that could be foreseen."""
    newest, joined = row.joined(subscriptions_of_customer)
    goes_on, due = newest.c.cancel_at.is_(None), newest["due"]
    columns = _term(
        stream=stream_of_subscription(newest),
        length=as_duration(newest.c.billing_interval),
        amount=newest.c.price,
        currency=newest.c.currency,
        made=periods_behind(newest),
        due=case((goes_on, seconds_of(due))),
        until=seconds_of(case((goes_on, due), else_=newest.c.ends_at)),
        owed_from=case((and_(goes_on, _is_unpaid(newest)), seconds_of(newest.c.started_at))),
        owed=newest.c.price,
        begins=seconds_of(newest.c.started_at),
        lasts=true(),
        changes_at=_first(newest, newest.c.started_at, due, newest.c.ends_at),
    )
    return rows(newest, columns, [*joined, _lasts(newest), due.is_not(None)])


def stream_of_subscription(row: Row) -> Expression:
    """Return the stream that a subscription's payments belong to."""
    return row.c.kind.concat(constant("_SUBSCRIPTIONS"))


def _is_unpaid(row: Row) -> ColumnElement[bool]:
    """Return whether a first payment is to come when a subscription begins; a trial is free until it ends."""
    return and_(row.c.started_at > row.lens.moment, row.c.trial_ends_at.is_(None), ~row.has(payments_of_subscription))


def periods_behind(row: Row) -> Expression:
    """Return how many periods lie before that of a version: renewals, and those that another system had counted.

    The payment that follows a trial begins the first period, and is no renewal.
    """
    version, same = _versions_until(row)
    ran = extract("epoch", version.c.period_start - version.c.started_at) / mean_seconds(version.c.billing_interval)
    paid = func.count().filter(version.c.change == constant("RENEWED"))
    renewed = case((row.c.trial_ends_at.is_not(None), func.greatest(paid - number(1), number(0))), else_=paid)
    before = func.max(func.round(ran)).filter(version.c.version == number(1))
    found = rows(version, [renewed + func.coalesce(before, number(0))], same)
    return cast(found.scalar_subquery(), Integer)


def was_renewed(row: Row) -> ColumnElement[bool]:
    """Return whether a payment was recorded for a period that followed, by a version of a subscription."""
    version, same = _versions_until(row)
    return rows(version, [number(1)], [*same, version.c.change == constant("RENEWED")]).exists()


def _versions_until(row: Row) -> tuple[Row, list[ColumnElement[bool]]]:
    """Return a version of the same subscription with the conditions that it is this one or an earlier one."""
    version = row.other(subscriptions)
    same = [version.c[name] == row.c[name] for name in ("customer_id", "subscription_id")]
    return version, [*same, version.c.version <= row.c.version]


def _support_plans(row: Row) -> Select[Any]:
    """Return paid support plans, those that are over too; one that came with an order ends with it."""
    newest, joined = row.joined(support_plans_of_customer)
    alone = newest.c.order_id.is_(None)
    columns = _term(
        stream=constant("SUPPORT_PLANS"),
        length=plan_length(newest),
        amount=newest.c.price,
        currency=newest.c.currency,
        made=number(0),
        due=case((and_(alone, newest.c.cancel_at.is_(None)), seconds_of(newest.c.term_ends_at))),
        until=seconds_of(newest.c.ends_at),
        begins=seconds_of(newest.c.starts_at),
        name=case((alone, newest.c.plan_name)),
        lasts=_lasts(newest),
        changes_at=_first(newest, newest.c.starts_at, newest.c.term_ends_at, newest.c.ends_at),
    )
    return rows(newest, columns, [*joined, newest.c.paid])


def plan_length(row: Row) -> Expression:
    """Return how long a plan's term is, as calendars of the business show it; null for one without an end."""
    shown = [func.timezone(business_time_zone(), moment) for moment in (row.c.term_ends_at, row.c.starts_at)]
    # Where clocks are put back meanwhile, they may show no time at all.
    length = func.greatest(func.age(*shown), _MINUTE, type_=contracts.table.c.notice.type)
    return as_duration(case((row.c.term_ends_at.is_not(None), length)))


def _contracts(row: Row) -> Select[Any]:
    """Return contracts; one under notice is not renewed, and a term that renewed by itself is not booked."""
    newest, joined = row.joined(contracts_of_customer)
    unbooked = and_(newest.c.starts_at <= newest.lens.moment, ~_is_booked(newest))
    due = case((newest.c.terminate_at.is_(None), newest["renewal_at"]))
    columns = _term(
        stream=constant("CONTRACTS"),
        length=as_duration(newest.c.renewal_interval),
        amount=newest.c.value,
        currency=newest.c.currency,
        made=terms_behind(newest, last_term_end(newest)),
        due=seconds_of(due),
        until=seconds_of(func.coalesce(newest.c.ends_at, due)),
        owed_from=case((unbooked, seconds_of(newest["term_start"]))),
        owed=newest["term_value"],
        billing=as_duration(newest.c.billing_interval),
        begins=seconds_of(newest.c.starts_at),
        lasts=true(),
        changes_at=_first(newest, newest.c.ends_at, newest["renewal_at"], *_term_bounds(newest)),
    )
    return rows(newest, columns, [*joined, _lasts(newest)])


def _term_bounds(row: Row) -> list[Expression]:
    """Return the next beginning and the next end of a term that was agreed, which may lie several terms ahead."""
    agreed = row.other(contracts)
    same = [agreed.c[name] == row.c[name] for name in ("customer_id", "contract_id")]
    return [
        rows(
            agreed, [func.min(bound)], [*same, agreed.c.version <= row.c.version, bound > row.lens.moment]
        ).scalar_subquery()
        for bound in (agreed.c.term_starts_at, agreed.c.term_ends_at)
    ]


def _is_booked(row: Row) -> ColumnElement[bool]:
    """Return whether the term that runs at the moment was agreed, and so is counted as brought already."""
    agreed, moment = row.other(contracts), row.lens.moment
    same = [agreed.c[name] == row.c[name] for name in ("customer_id", "contract_id")]
    around = [agreed.c.term_starts_at <= moment, agreed.c.term_ends_at > moment, agreed.c.version <= row.c.version]
    return rows(agreed, [number(1)], [*same, *around]).exists()
