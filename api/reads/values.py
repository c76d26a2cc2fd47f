"""What a customer has brought, stream by stream: orders, what things with a term were booked at, less what it cost."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Numeric, Select, func, select, union_all

from api.reads.booked import ZERO, booked_of, in_told_currency, paid_by
from api.reads.contracts import contracts_of_customer
from api.reads.costs import brought_less, costs_of_customer
from api.reads.customers import customers
from api.reads.identity import Given
from api.reads.json import minor_digits, money_amount, over
from api.reads.purchases import average, sums_of
from api.reads.relation import Expression, Link, Row, Table, rows
from api.reads.support_plans import support_plans_of_customer
from api.tables.costs import CAUSES

STREAMS = (
    *("orders", "product_subscriptions", "service_subscriptions", "support_plans", "contracts"),
    *("loyalty", "referrals"),
)
"""Names of the columns with what each stream has brought, in the order of the schema."""

_BOOKED = (support_plans_of_customer, contracts_of_customer)


def historic_value(row: Row, given: Given) -> Table:
    """Return one row of what a customer has brought, in the currency in which values are told.

    Each stream is rounded to minor units, and `net` is the sum of the streams. PostgreSQL works out those columns only
    that are read: who asks for orders pays nothing for the rest.

    returns  the columns of `STREAMS`; order_count, gross, discounts, refunds, costs, net; average, first_at and last_at
             of orders (null without any); purchase_net, which is `orders` before it is rounded; currency
    """
    return value_of_all_time(row)


def value_of_all_time(row: Row) -> Table:
    """Return what `historic_value` does."""
    sums = sums_of(row, beside=_terms(row))
    booked = sums.c.payments + sums.c.support_plans + sums.c.contracts
    orders = sums.c.gross - sums.c.discounts - sums.c.refunds
    rounded = func.round(orders, minor_digits(sums.c.currency), type_=Numeric())
    own = [column for column in sums.c if column.name not in ("gross", "payments")]
    more = {
        "product_subscriptions": sums.c.payments - sums.c.service_subscriptions,
        "gross": sums.c.gross + booked,
        "orders": rounded,
        "purchase_net": orders,
        "costs": -(sums.c.loyalty + sums.c.referrals),
        "net": rounded + booked + sums.c.loyalty + sums.c.referrals,
        "average": average(orders, sums),
    }
    return select(*own, *[value.label(name) for name, value in more.items()]).select_from(sums).lateral()


def _terms(row: Row) -> list[Expression]:
    # Which payments are for which kind is not asked where only the sum of all counts, as it does with every change.
    return [
        paid_by(row).label("payments"),
        paid_by(row, "SERVICE").label("service_subscriptions"),
        booked_of(row, support_plans_of_customer).label("support_plans"),
        booked_of(row, contracts_of_customer).label("contracts"),
        *[brought_less(row, stream).label(stream.lower()) for stream in CAUSES],
    ]


@customers.expression
def historic_net(row: Row) -> Expression:
    """Return what the customer has brought from all streams, in the currency in which values are told."""
    sums = value_of_all_time(row)
    return over(sums.c.net, sums).scalar_subquery()


def in_other_currencies(row: Row, given: Given) -> Table:
    """Return what is booked in each currency but that in which values are told, in the order of the currencies.

    returns  amount, as text in minor units; currency_code; place
    """
    each = union_all(*[_elsewhere(row, link) for link in _BOOKED], _cost_elsewhere(row)).subquery("each")
    amount = money_amount(func.sum(each.c.amount), each.c.currency)
    found = select(amount.label("amount"), each.c.currency.label("currency_code"), each.c.currency.label("place"))
    return (
        found.select_from(each)
        .group_by(each.c.currency)
        .having(func.sum(each.c.amount) != ZERO)
        .correlate_except(each)
        .lateral()
    )


def _elsewhere(row: Row, link: Link) -> Select[Any]:
    newest, joined = row.joined(link)
    columns = [newest["booked"].label("amount"), newest.c.currency.label("currency")]
    return rows(newest, columns, [*joined, ~in_told_currency(newest)])


def _cost_elsewhere(row: Row) -> Select[Any]:
    cost, joined = row.joined(costs_of_customer)
    columns = [(-cost.c.amount).label("amount"), cost.c.currency.label("currency")]
    return rows(cost, columns, [*joined, ~in_told_currency(cost)])
