"""What predicting the value of customers needs to know of each, and by which model."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, Double, Text, cast, extract, func, literal_column, select

from api.domain.calendar import Duration
from api.domain.lifetime_value.weeks import in_weeks
from api.errors import BadUserInput
from api.reads.business import business_currency, told_currency
from api.reads.identity import Given
from api.reads.lifetime_value_models import model_in_use
from api.reads.purchase_days import day_of
from api.reads.relation import Expression, Row, Table
from api.reads.rowset import worked_out_once
from api.reads.standing import purchase_statistics, terms_on_record

LONGEST = Duration(120)
LARGEST_RATE = Decimal(10)


def prediction_facts(row: Row, given: Given) -> Table:
    """Return one row beside a customer: what is known of the purchases, and what is asked.

    given    `horizon` and `annualDiscountRate`
    returns  days, value_days and value as `purchase_days` has them; first and last, how many days before the day of the
             moment the first and the last purchase were, null for none; `terms`, a JSON list as text, null for none,
             and whether they are `outdated`; `moment`, that of the answer, in seconds since 1970; `asked`, a JSON
             object as text, the same for all customers: `today`, the day of the moment; `currency`, that of the
             business, and `told_in`, where one is asked for; `model`, null without any; `horizon`, `rate`
    """
    found, today = purchase_statistics(row), select(day_of(row.lens.moment)).scalar_subquery()
    # The driver reads numbers in a tenth of the time of days; and a model needs no more of money than a float holds.
    known = {
        "days": found["days"],
        "first": today - found["first_day"],
        "last": today - found["last_day"],
        "value_days": found["value_days"],
        "value": cast(found["value"], Double),
    }
    terms, outdated = terms_on_record(row)
    return worked_out_once(
        select(
            *[value.label(name) for name, value in known.items()],
            terms.label("terms"),
            outdated.label("outdated"),
            cast(extract("epoch", row.lens.moment), Double).label("moment"),
            _asked(row, given).label("asked"),
        )
    )


def _asked(row: Row, given: Given) -> Expression:
    told = {
        "today": day_of(row.lens.moment),
        "currency": business_currency(row),
        "model": cast(model_in_use(row.lens), JSON),
        "horizon": given.parameter("text", "horizon", convert=_horizon),
        "rate": cast(given.parameter("decimal", "annualDiscountRate", convert=_rate), Text),
    }
    if row.lens.currency is not None:
        told["told_in"] = told_currency(row)
    pairs = [part for name, value in told.items() for part in (literal_column(f"'{name}'"), value)]
    return select(cast(func.json_build_object(*pairs), Text)).scalar_subquery()


def _horizon(length: Any) -> str:
    if not 0 < in_weeks(length) <= in_weeks(LONGEST):
        raise BadUserInput("`horizon` must be longer than nothing and at most P10Y.")
    return str(length)


def _rate(rate: Any) -> Decimal:
    if not 0 <= rate <= LARGEST_RATE:
        raise BadUserInput(f"`annualDiscountRate` must be between 0 and {LARGEST_RATE}.")
    return Decimal(rate)
