"""What things with a term have brought: booked when it is recorded that money was paid, or that a price was agreed.

Nothing is booked because time passes, so what is kept of a customer stays what the facts say until there are new ones.
Payments and prices are taken in whole minor units only, and a share of a term is rounded to them, so that sums of all
these need no rounding. docs/lifetime-value.md has the rules in words.
"""

from __future__ import annotations

from sqlalchemy import Numeric, and_, case, extract, func, literal_column, or_

from api.reads.business import counts, told_currency, worth
from api.reads.contracts import contracts
from api.reads.customers import customers
from api.reads.json import minor_digits
from api.reads.relation import Condition, Expression, Link, Row, rows
from api.reads.subscriptions import payments, subscriptions
from api.reads.support_plans import support_plans

ZERO: Expression = literal_column("0", Numeric)
_FIRST: Expression = literal_column("1")
_QUOTIENT_DIGITS: Expression = literal_column("40")

payments_of_customer = Link(customers, payments, (("customer_id", "customer_id"),))


def paid_by(row: Row, kind: str | None = None) -> Expression:
    """Return what a customer has paid for subscriptions, all of them or those of a kind: PRODUCT or SERVICE."""
    payment, joined = row.joined(payments_of_customer)
    is_meant = [of_kind(payment) == literal_column(f"'{kind}'")] if kind else []
    paid = worth(payment, payment.c.amount, payment.c.business_amount)
    return rows(payment, [total(paid)], [*joined, *counts(payment), *is_meant]).scalar_subquery()


def of_kind(payment: Row) -> Expression:
    """Return the kind of subscription that a payment is for, which no version of it can change."""
    first = payment.other(subscriptions)
    same = [first.c[name] == payment.c[name] for name in ("customer_id", "subscription_id")]
    found = rows(first, [first.c.kind], [*same, first.c.version == _FIRST]).scalar_subquery()
    return func.coalesce(found, literal_column("'PRODUCT'"))


def booked_of(row: Row, link: Link) -> Expression:
    """Return what is booked of a customer's support plans, or contracts, whichever a link leads to."""
    newest, joined = row.joined(link)
    return rows(newest, [total(newest["booked"])], [*joined, in_told_currency(newest)]).scalar_subquery()


def in_told_currency(version: Row) -> Condition:
    """Return whether a price is in the currency in which values are told; nobody recorded what others are worth."""
    return version.c.currency == told_currency(version)


@support_plans.expression
def booked(row: Row) -> Expression:
    """Return the price of a plan in a version: nothing where it never holds, or where an order already counts it."""
    counts = and_(row.c.order_id.is_(None), or_(row.c.ends_at.is_(None), row.c.ends_at > row.c.starts_at))
    return case((counts, func.coalesce(row.c.price, ZERO)), else_=ZERO)


def _booked_of_contract(row: Row) -> Expression:
    """Return the values of all terms agreed up to a version, less what of them an early end leaves, and the penalty."""
    agreed = row.other(contracts)
    same = [agreed.c[name] == row.c[name] for name in ("customer_id", "contract_id")]
    begins = or_(agreed.c.version == _FIRST, agreed.c.change == literal_column("'RENEWED'"))
    terms = rows(
        agreed, [total(_served(agreed, row.c.terminate_at))], [*same, agreed.c.version <= row.c.version, begins]
    )
    return terms.scalar_subquery() + func.coalesce(row.c.penalty, ZERO)


contracts.expressions["booked"] = _booked_of_contract


def _served(agreed: Row, terminate_at: Expression) -> Expression:
    """Return the value of a term; of one that ends early the share of the time that it runs."""
    runs, lasts = (extract("epoch", end - agreed.c.term_starts_at) for end in (terminate_at, agreed.c.term_ends_at))
    part = func.round(agreed.c.value * func.greatest(runs, ZERO), _QUOTIENT_DIGITS, type_=Numeric()) / lasts
    early = terminate_at < agreed.c.term_ends_at
    whole = func.round(part, minor_digits(agreed.c.currency), type_=Numeric())
    return case((early, whole), else_=agreed.c.value)


def total(amount: Expression) -> Expression:
    """Return the sum of amounts, 0 without any."""
    return func.coalesce(func.sum(amount), ZERO, type_=Numeric)
