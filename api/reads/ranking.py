"""Customers by what they are expected to bring: from the last ranking, or worked out where somebody looks back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from statistics import NormalDist
from typing import Any

from sqlalchemy import (
    DateTime,
    Double,
    Numeric,
    SmallInteger,
    Text,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    null,
    select,
    true,
)
from sqlalchemy.types import TypeEngine

from api.database import Connection, prepare
from api.errors import BadUserInput
from api.reads.business import business_currency, is_told_at_home
from api.reads.customers import customers
from api.reads.identity import Given
from api.reads.json import constant, number
from api.reads.lifetime_value_models import in_use
from api.reads.relation import Condition, Expression, Lens, Row, Table
from api.reads.scoring import scored
from api.reads.standing import is_now
from api.reads.steps import Filled
from api.tables.ranking import ABOVE_ALL, BAND, BELOW_ALL, RISKS, customer_prospects, customer_rankings

HIGHEST_LEVEL = 0.99
_STALE: Expression = literal_column("interval 'P1D'")


def prospects(row: Row) -> Table:
    """Return what the last ranking says of a customer, beside the customer; all null of one who came since."""

    def make() -> tuple[Table, Condition]:
        found = customer_prospects.alias()
        return found, found.c.customer_id == row.key

    row.require("prospects")
    return row.beside("prospects", make)


def _stands(kept: str, worked_out: str) -> Callable[[Row], Expression]:
    """Return a figure for lists: from the last ranking, or worked out where somebody looks back."""

    def found(row: Row) -> Expression:
        return prospects(row).c[kept] if is_now(row) else scored(row).c[worked_out]

    return found


def _filled(falling: str, rising: str) -> Callable[[Row, bool], Filled | None]:
    """Return what a figure is sorted by: a column in which what is missing comes last."""

    def found(row: Row, descending: bool) -> Filled | None:
        if not is_now(row):
            return None
        missing: Expression = literal_column(str(BELOW_ALL if descending else ABOVE_ALL))
        return Filled(prospects(row).c[falling if descending else rising], missing)

    return found


customers.expressions["stands_predicted_value"] = _stands("predicted_value", "value")
customers.expressions["stands_probability_active"] = _stands("probability_active", "probability")
customers.expressions["stands_churn_band"] = _stands("churn_band", "band")


@customers.expression
def stands_risk(row: Row) -> Expression:
    """Return what lists by risk are sorted by: its band, and within a band what is expected."""
    band: Expression = row["stands_churn_band"]
    place = case(*[(band == constant(name), number(at)) for at, name in enumerate(RISKS, 1)])
    return place * literal_column(BAND, Numeric) + row["stands_predicted_value"]


customers.filled["stands_predicted_value"] = _filled("value_falling", "value_rising")
customers.filled["stands_probability_active"] = _filled("probability_falling", "probability_rising")
customers.filled["stands_risk"] = _filled("risk_falling", "risk_rising")

_RANKED: dict[str, TypeEngine[Any]] = {
    "scored_at": DateTime(timezone=True),
    "predicted_value": Numeric(),
    "probability_active": Double(),
    "churn_band": Text(),
    "top_percent": SmallInteger(),
}


def _ranked(name: str, type_: TypeEngine[Any]) -> Callable[[Row], Expression]:
    """Return a figure of the last ranking; null where somebody looks back, or asks for another currency."""

    def found(row: Row) -> Expression:
        if not is_now(row):
            return cast(null(), type_)  # who was ranked then is not kept
        kept, home = prospects(row).c[name], is_told_at_home(row)
        return kept if home is None else case((home, kept))

    return found


customers.expressions["ranked_currency"] = business_currency

for _name, _type in _RANKED.items():
    customers.expressions[f"ranked_{_name}"] = _ranked(_name, _type)


def predicted_total(row: Row, given: Given) -> Table:
    """Return one row of what customers are expected to bring together; none before the first ranking, or looking back.

    returns  scored_at; customers, of how many something is expected; expected; chance, parameters and model_error, the
             parts of its standard deviation, and standard_deviation; currency
    """
    each, conditions = row.again()
    known = prospects(each).c
    sums = [
        func.count(known.scored_at).label("customers"),
        func.coalesce(func.sum(known.predicted_value), number(0), type_=Numeric()).label("expected"),
        func.coalesce(func.sum(known.predicted_value - known.terms_value), number(0), type_=Numeric()).label("orders"),
        func.coalesce(func.sum(known.variance), number(0), type_=Double()).label("variance"),
    ]
    total = select(*sums).select_from(each.source).where(*conditions).correlate_except(*each.tables).lateral()
    last = last_ranking().where(true() if is_now(row) else literal_column("false")).lateral()
    columns = [
        last.c.scored_at,
        total.c.customers,
        total.c.expected,
        *_deviations(total.c.orders, total.c.variance, last),
        business_currency(row).label("currency"),
    ]
    return select(*columns).select_from(last.join(total, true())).correlate_except(last, total).lateral()


def _deviations(orders: Expression, variance: Expression, last: Table) -> list[Expression]:
    """Return standard deviations: for chance, for the parameters, for the model, and all together.

    How well the parameters are known is worked out for all customers; as a share of the total it stands for any part.
    Of renewals neither that nor how far off their models were is known: both are of what orders are expected to bring.
    """
    parameters = cast(orders, Double) * last.c.parameter_error
    model = cast(orders, Double) * last.c.model_error
    parts = {"chance": variance, "parameters": parameters * parameters, "model_error": model * model}
    total = variance + parts["parameters"] + parts["model_error"]
    return [
        cast(func.sqrt(square), Numeric).label(name) for name, square in {**parts, "standard_deviation": total}.items()
    ]


def total_interval(row: Row, given: Given) -> Table:
    """Return low and high: between which a total lies with a probability, by a normal distribution; none below 0.

    given  `level`
    """
    width = row["standard_deviation"] * cast(given.parameter("number", "level", convert=_half_width), Numeric)
    low = func.greatest(row["expected"] - width, number(0), type_=Numeric())
    high = (row["expected"] + width).label("high")
    level = given.parameter("number", "level").label("level")
    return select(low.label("low"), high, level, row["currency"].label("currency")).lateral()


def _half_width(level: float) -> float:
    if not 0 < level <= HIGHEST_LEVEL:
        raise BadUserInput(f"`level` must be above 0 and at most {HIGHEST_LEVEL}.")
    return NormalDist().inv_cdf((1 + level) / 2)


def last_ranking() -> Any:
    """Return the last ranking of all customers."""
    found = customer_rankings.alias()
    return select(found).order_by(found.c.scored_at.desc()).limit(number(1))


_MOMENT = bindparam("moment", type_=DateTime(timezone=True))


def _model_by_now() -> Any:
    """Return the key of the model in use at a moment."""
    row, newest = in_use(Lens(moment=_MOMENT, as_of=_MOMENT))
    return newest([row.key])


def _due() -> Any:
    last, model = last_ranking().subquery("last"), _model_by_now().scalar_subquery()
    is_fresh = select(number(1)).select_from(last).where(last.c.model_id == model, last.c.scored_at > _MOMENT - _STALE)
    return select(model.is_not(None) & ~is_fresh.exists())


_IS_DUE = prepare(_due())


async def ranking_is_due(connection: Connection, now: datetime) -> bool:
    """Return whether customers are to be ranked: by a new model, or because the last time was a day ago or more."""
    return bool(await connection.fetchval(_IS_DUE.sql, *_IS_DUE.values({"moment": now})))
