"""Subscriptions to products and services, and the payments that carry them."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, case, func, literal_column, null, or_, select

from api.reads.customers import customers
from api.reads.relation import Expression, Link, Relation, Row, Term
from api.tables import subscriptions as tables

_CUSTOMER = ("customer_id", "customer_id")
_SUBSCRIPTION = ("subscription_id", "subscription_id")
_LATEST_FIRST = (Term("started_at", descending=True),)
_LATEST_PAID_FIRST = (Term("paid_at", descending=True),)
_PLANNED = {"started_at", "trial_ends_at", "anchored_at", "period_start", "period_end", "cancel_at", "ends_at"}

subscriptions = Relation(
    "subscriptions",
    tables.subscriptions,
    "subscription_id",
    "sub",
    owner="customer_id",
    happened="changed_at",
    recorded="recorded_at",
    superseded="superseded_at",
    replaced="replaced_at",
    planned=frozenset(_PLANNED),
    order=_LATEST_FIRST,
)
payments = Relation(
    "subscription_payments",
    tables.subscription_payments,
    "payment_id",
    "pay",
    owner="customer_id",
    happened="paid_at",
    recorded="recorded_at",
    planned=frozenset({"period_start", "period_end"}),
    order=_LATEST_PAID_FIRST,
)

customer_of_subscription = Link(subscriptions, customers, (_CUSTOMER,))
subscriptions_of_customer = Link(customers, subscriptions, (_CUSTOMER,), order=_LATEST_FIRST)
payments_of_subscription = Link(subscriptions, payments, (_CUSTOMER, _SUBSCRIPTION), order=_LATEST_PAID_FIRST)
subscription_of_payment = Link(payments, subscriptions, (_CUSTOMER, _SUBSCRIPTION))
customers.shown_by.append(subscriptions_of_customer)


@subscriptions.expression
def due(row: Row) -> Expression:
    """Return when the next payment is due, null while a pause without an end covers that moment."""
    covered = _covers(row.c.pauses, row.c.period_end)
    return case((covered, _of_pause(row, "upper", covering=row.c.period_end)), else_=row.c.period_end)


@subscriptions.expression
def status(row: Row) -> Expression:
    """Return how it stands at the moment, as `domain.subscription_timeline` says; what ended it came first."""
    moment, has_ended = row.lens.moment, _has_ended(row)
    return case(
        (moment < row.c.started_at, literal_column("'SCHEDULED'")),
        (and_(has_ended, row.c.ends_at == row.c.cancel_at), literal_column("'CANCELLED'")),
        (_covers(row.c.pauses, moment), literal_column("'PAUSED'")),
        (has_ended, literal_column("'EXPIRED'")),
        (moment < row.c.trial_ends_at, literal_column("'TRIALING'")),
        (moment >= row["due"], literal_column("'PAST_DUE'")),
        else_=literal_column("'ACTIVE'"),
    )


@subscriptions.expression
def next_billing_at(row: Row) -> Expression:
    """Return when the next payment is or was due, null where none will be."""
    return case((or_(_has_ended(row), row.c.cancel_at <= row["due"]), null()), else_=row["due"])


@subscriptions.expression
def pause_at(row: Row) -> Expression:
    """Return when the pause begins that `resume_at` ends."""
    return case((_has_ended(row), null()), else_=_of_pause(row, "lower"))


@subscriptions.expression
def resume_at(row: Row) -> Expression:
    """Return when the pause ends that covers the moment, else the next that is planned; null for never, or for none."""
    return case((_has_ended(row), null()), else_=_of_pause(row, "upper"))


@subscriptions.expression
def ended_at(row: Row) -> Expression:
    """Return when it ended, null while it has not."""
    return case((_has_ended(row), row.c.ends_at))


def _has_ended(row: Row) -> ColumnElement[bool]:
    return row.c.ends_at <= row.lens.moment


def _covers(pauses: Expression, moment: Expression) -> ColumnElement[bool]:
    return pauses.op("@>", is_comparison=True)(moment)


def _of_pause(row: Row, bound: str, covering: Expression | None = None) -> Expression:
    """Return a bound of the pause that covers a moment, or of the first that ends after the lens's moment."""
    pause = func.unnest(row.c.pauses).column_valued("pause")
    if covering is not None:
        wanted: ColumnElement[bool] = _covers(pause, covering)
    else:
        wanted = or_(func.upper_inf(pause), func.upper(pause) > row.lens.moment)
    found = getattr(func, bound)(pause, type_=row.c.started_at.type)
    return select(found).where(wanted).order_by(func.lower(pause)).limit(literal_column("1")).scalar_subquery()
