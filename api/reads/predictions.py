"""What predicting the value of customers needs to know of each, and by which model."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import case, select

from api.domain.calendar import Duration
from api.domain.lifetime_value.weeks import in_weeks
from api.errors import BadUserInput
from api.reads.agreed_terms import agreed_terms
from api.reads.business import business_currency
from api.reads.identity import Given
from api.reads.lifetime_value_models import model_in_use
from api.reads.purchase_days import day_of
from api.reads.relation import Row, Table
from api.reads.rowset import worked_out_once
from api.reads.standing import has_terms, purchase_statistics

LONGEST = Duration(120)
LARGEST_RATE = Decimal(10)


def prediction_facts(row: Row, given: Given) -> Table:
    """Return one row beside a customer: what `purchase_days` does, and what is asked.

    given    `horizon` and `annualDiscountRate`
    returns  besides, `today`, the day of the moment asked for, and `currency`, that of the business; `terms`, a JSON
             list as text, null for none; `model`, a JSON object as text, null without any; `horizon`, as text, and
             `rate`
    """
    known = [value.label(name) for name, value in purchase_statistics(row).items()]
    asked = [
        day_of(row.lens.moment).label("today"),
        business_currency(row).label("currency"),
        case((has_terms(row), agreed_terms(row))).label("terms"),
        model_in_use(row.lens).label("model"),
        given.parameter("text", "horizon", convert=_horizon).label("horizon"),
        given.parameter("decimal", "annualDiscountRate", convert=_rate).label("rate"),
    ]
    return worked_out_once(select(*known, *asked))


def _horizon(length: Any) -> str:
    if not 0 < in_weeks(length) <= in_weeks(LONGEST):
        raise BadUserInput("`horizon` must be longer than nothing and at most P10Y.")
    return str(length)


def _rate(rate: Any) -> Decimal:
    if not 0 <= rate <= LARGEST_RATE:
        raise BadUserInput(f"`annualDiscountRate` must be between 0 and {LARGEST_RATE}.")
    return Decimal(rate)
