"""What moved the value of a customer since a moment: every order, refund, payment, plan and contract that did."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ARRAY, Numeric, Select, and_, case, func, select, type_coerce, union_all
from sqlalchemy.sql.elements import Grouping

from api.reads.booked import ZERO, in_told_currency, of_kind, payments_of_customer
from api.reads.business import counts, told_currency, worth
from api.reads.contracts import contracts, contracts_of_customer
from api.reads.costs import costs_of_customer
from api.reads.customers import customers
from api.reads.history import sized
from api.reads.identity import Given
from api.reads.json import constant, minor_digits, money_amount, number
from api.reads.loyalty import entries
from api.reads.orders import orders, orders_of_customer, refunds, refunds_of_customer
from api.reads.referrals import rewards
from api.reads.relation import Expression, Link, Relation, Row, Table, rows
from api.reads.subscriptions import payments
from api.reads.support_plans import support_plans, support_plans_of_customer
from api.tables.costs import CAUSES

_FACT: Expression = number(0)
"""Stands for the version of what has none."""


def _link(relation: Relation) -> Link:
    return Link(customers, relation, (("customer_id", "customer_id"), ("cause_id", relation.key)))


ORDER, REFUND, PAYMENT, PLAN, CONTRACT = (_link(of) for of in (orders, refunds, payments, support_plans, contracts))
ENTRY = _link(entries)
REWARD = Link(customers, rewards, (("customer_id", "recipient_id"), ("cause_id", "reward_id")))
"""The ways from a change to what caused it."""


def value_changes(row: Row, given: Given) -> Table:
    """Return what moved a customer's value, latest first; the amounts add up to what it moved since a moment, exactly.

    Orders are rounded in all, not one by one: each moves the value by what it adds to the rounded total.

    given    `since` a moment, not after that of the answer; `first`, how many changes stand for themselves: the earlier
             ones of each stream are one row together
    returns  stream, amount (text in minor units), currency, happened_at, changes (how many it stands for), place; cause
             and cause_id, the name of a relation and a key of it, null for several
    """
    since = given.past("since")
    currency = told_currency(row)
    each = _moves(row, currency)
    place = func.row_number().over(order_by=[column.desc() for column in _order(each)])
    late = select(each, place.label("place")).where(each.c.happened_at > since, each.c.amount != ZERO).subquery("late")
    alone = case((late.c.place <= given.parameter("integer", "first", convert=sized), late.c.place))
    found = (
        select(
            late.c.stream,
            money_amount(func.sum(late.c.amount, type_=Numeric), currency).label("amount"),
            currency.label("currency"),
            func.max(late.c.happened_at, type_=late.c.happened_at.type).label("happened_at"),
            func.count().label("changes"),
            _only(late.c.cause).label("cause"),
            _only(late.c.cause_id).label("cause_id"),
            func.min(late.c.place).label("place"),
        )
        .select_from(late)
        .group_by(late.c.stream, alone)
    )
    return found.correlate_except(late).lateral()


def _only(value: Expression) -> Expression:
    """Return a value of the one row of a group, null for several."""
    every = type_coerce(Grouping(func.array_agg(value)), ARRAY(value.type))
    return case((func.count() == number(1), every[number(1)]))


def _moves(row: Row, currency: Expression) -> Table:
    """Return every fact by how much it moves the rounded total of its stream."""
    facts = union_all(*[of(row) for of in (_orders, _refunds, _payments, _plans, _contracts, _costs)]).subquery("fact")
    upto = func.sum(facts.c.amount).over(partition_by=facts.c.stream, order_by=_order(facts), rows=(None, 0))
    summed = select(facts, upto.label("upto")).subquery("summed")
    kept = [column for column in summed.c if column.name not in ("amount", "upto")]
    digits = minor_digits(currency)
    moved = func.round(summed.c.upto, digits) - func.round(summed.c.upto - summed.c.amount, digits)
    return select(*kept, moved.label("amount")).select_from(summed).subquery("move")


def _order(facts: Table) -> list[Expression]:
    return [facts.c.happened_at, facts.c.cause_id, facts.c.version]


def _fact(
    row: Row, stream: Expression, happened_at: Expression, amount: Expression, version: Expression = _FACT
) -> list[Expression]:
    return [
        stream.label("stream"),
        happened_at.label("happened_at"),
        amount.label("amount"),
        constant(row.relation.name).label("cause"),
        row.key.label("cause_id"),
        version.label("version"),
    ]


def _orders(row: Row) -> Select[Any]:
    order, joined = row.joined(orders_of_customer)
    brought = worth(order, order["total"], order["business_total"])
    return rows(order, _fact(order, constant("ORDERS"), order.c.placed_at, brought), [*joined, *counts(order)])


def _refunds(row: Row) -> Select[Any]:
    refund, joined = row.joined(refunds_of_customer)
    returned = worth(refund, refund.c.amount, refund.c.business_amount)
    columns = _fact(refund, constant("ORDERS"), refund.c.refunded_at, -returned)
    return rows(refund, columns, [*joined, *counts(refund)])


def _payments(row: Row) -> Select[Any]:
    payment, joined = row.joined(payments_of_customer)
    stream = of_kind(payment).concat(constant("_SUBSCRIPTIONS"))
    paid = worth(payment, payment.c.amount, payment.c.business_amount)
    return rows(payment, _fact(payment, stream, payment.c.paid_at, paid), [*joined, *counts(payment)])


def _plans(row: Row) -> Select[Any]:
    return _versions(row, support_plans_of_customer, constant("SUPPORT_PLANS"))


def _contracts(row: Row) -> Select[Any]:
    return _versions(row, contracts_of_customer, constant("CONTRACTS"))


def _costs(row: Row) -> Select[Any]:
    cost, joined = row.joined(costs_of_customer)
    cause = case({stream: constant(table) for stream, table in CAUSES.items()}, value=cost.c.stream)
    columns = _fact(cost, cost.c.stream, cost.c.incurred_at, -cost.c.amount)
    columns[-3:-1] = [cause.label("cause"), cost.c.cause_id]
    return rows(cost, columns, [*joined, in_told_currency(cost)])


def _versions(row: Row, link: Link, stream: Expression) -> Select[Any]:
    """Return by how much each version changes what is booked; those before the newest that is seen are seen, too."""
    newest, joined = row.joined(link)
    version, key = row.other(link.target), link.target.key
    same = [version.c[name] == newest.c[name] for name in ("customer_id", key)]
    before = func.lag(version["booked"]).over(partition_by=version.c[key], order_by=version.c.version)
    moved = version["booked"] - func.coalesce(before, ZERO)
    both = newest.table.join(version.table, and_(*same, version.c.version <= newest.c.version))
    found = select(*_fact(version, stream, version.c.changed_at, moved, version.c.version)).select_from(both)
    return found.where(*joined, in_told_currency(newest)).correlate_except(newest.table, version.table)
