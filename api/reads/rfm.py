"""Scores of recency, frequency and spend against all who have bought, and the group they lead to.

A score is 1, and one more for each of four bounds that the customer's value is above: those that a fifth of the buyers,
two, three and four fifths do not exceed. So equals have the same score, and the best have 5. Who has placed an order
has bought, whether it was paid back or not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    ARRAY,
    Integer,
    Numeric,
    Select,
    case,
    cast,
    extract,
    func,
    literal_column,
    select,
    true,
)

from api.domain.rfm import BEST, GROUPS, PROSPECTS
from api.reads.customers import customers
from api.reads.json import constant, number
from api.reads.orders import orders, refunds
from api.reads.purchases import of_all_time
from api.reads.relation import Expression, Lens, Row, Table, rows
from api.reads.rowset import worked_out_once
from api.reads.standing import is_now, totals_now
from api.tables.standing import customer_standing

SCORES = ("recency", "frequency", "monetary")
TOTALS = ("order_count", "purchase_net", "last_purchase_at")
_SHARES: Expression = literal_column(f"'{{{','.join(str(step / BEST) for step in range(1, BEST))}}}'::float8[]")
_ZERO: Expression = literal_column("0")


def _score(name: str) -> Callable[[Row], Expression]:
    return lambda row: _of_facts(row).c[name]


for score in SCORES:
    customers.expressions[score] = _score(score)


@customers.expression
def rfm_group(row: Row) -> Expression:
    """Return the group of the customer."""
    return _of_facts(row).c.group


@customers.expression
def stands_rfm_group(row: Row) -> Expression:
    """Return the group of the customer, for lists: from the projection where nobody looks back."""
    if not is_now(row):
        return row["rfm_group"]
    totals = totals_now(row)
    row.require("stands_rfm")
    found = row.beside("stands_rfm", lambda: (_scored(row, {name: totals.c[name] for name in TOTALS}), true()))
    return found.c.group


def _of_facts(row: Row) -> Table:
    def make() -> tuple[Table, Expression]:
        sums = of_all_time(row)
        values = dict(zip(TOTALS, (sums.c.order_count, sums.c.net, sums.c.last_at), strict=True))
        return _scored(row, values, sums), true()

    row.require("rfm")
    return row.beside("rfm", make)


def _scored(row: Row, totals: Mapping[str, Expression], source: Table | None = None) -> Table:
    """Return one row beside a customer: the three scores, null for who has bought nothing, and the `group`.

    totals  what the customer has bought in all, under the names of `TOTALS`
    source  where the totals come from, unless they stand beside the customer
    """
    compared = _compared(totals)
    columns = [of.label(name) for name, of in zip(SCORES, compared, strict=True)]
    columns += [totals["order_count"].label("count"), _bounds(row.lens).label("bounds")]
    own = [] if source is None else [source]
    known = worked_out_once(select(*columns).select_from(*own), *own)
    scores = [_score_of(known, place).label(name) for place, name in enumerate(SCORES)]
    scored = worked_out_once(select(*scores), known)
    return worked_out_once(select(scored, _group(scored).label("group")), scored)


def _compared(totals: Mapping[str, Expression]) -> tuple[Expression, ...]:
    """Return recency, frequency and spend as numbers of one type, larger ones better."""
    last = extract("epoch", totals["last_purchase_at"])
    return last, cast(totals["order_count"], Numeric), totals["purchase_net"]


def _bounds(lens: Lens) -> Expression:
    """Return the four bounds of each score in one list; PostgreSQL works them out once per statement."""
    buyers = _buyers(lens).subquery("buyers")
    each = [func.percentile_disc(_SHARES).within_group(of) for of in _compared(dict(buyers.c.items()))]
    joined = each[0].op("||")(each[1]).op("||")(each[2])
    bounds = select(cast(joined, ARRAY(Numeric))).select_from(buyers).correlate(None)
    return bounds.scalar_subquery()


def _buyers(lens: Lens) -> Select[Any]:
    """Return the totals of all who have bought, whoever asks: everybody is measured by the same."""
    if lens.as_of is None and lens.known_at is None:
        standing = customer_standing.alias()
        return select(*[standing.c[name] for name in TOTALS]).where(standing.c.order_count > _ZERO)
    order, refund = (Row(relation, replace(lens, owner=None)) for relation in (orders, refunds))
    bought = [
        order.c.customer_id,
        func.count().label("order_count"),
        func.sum(order.c.business_gross - order.c.business_discount).label("brought"),
        func.max(order.c.placed_at).label("last_purchase_at"),
    ]
    paid_back = [refund.c.customer_id, func.sum(refund.c.business_amount).label("amount")]
    of = rows(order, bought, order.visible()).group_by(order.c.customer_id).subquery("bought")
    less = rows(refund, paid_back, refund.visible()).group_by(refund.c.customer_id).subquery("paid_back")
    net = of.c.brought - func.coalesce(less.c.amount, _ZERO)
    source = of.join(less, of.c.customer_id == less.c.customer_id, isouter=True)
    return select(of.c.order_count, net.label("purchase_net"), of.c.last_purchase_at).select_from(source)


def _score_of(known: Any, place: int) -> Expression:
    value, each = known.c[SCORES[place]], BEST - 1
    above = [cast(value > known.c.bounds[number(place * each + step)], Integer) for step in range(1, BEST)]
    total: Expression = number(1)
    for one in above:
        total = total + one
    return case((known.c.count > _ZERO, total))


def _group(scored: Any) -> Expression:
    # Whole numbers: the mean of two scores, halves rounded up.
    worth = (scored.c.frequency + scored.c.monetary + number(1)) // number(2)
    cells = [(number(recency * 10 + mean), constant(group)) for (recency, mean), group in GROUPS.items()]
    return case(*cells, value=scored.c.recency * number(10) + worth, else_=constant(PROSPECTS))
