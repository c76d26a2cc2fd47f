"""What predicting the value of customers needs to know of each, and by which model."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import Text, cast, func, select

from api.domain.calendar import Duration
from api.domain.lifetime_value.weeks import in_weeks
from api.errors import BadUserInput
from api.reads.agreed_terms import seconds_of
from api.reads.business import business_currency, told_currency
from api.reads.identity import Given
from api.reads.json import constant
from api.reads.lifetime_value_models import told_of_model
from api.reads.purchase_days import day_of, in_days_ago
from api.reads.relation import Expression, Row, Table
from api.reads.rowset import worked_out_once
from api.reads.standing import purchase_statistics, terms_on_record

LONGEST = Duration(120)
LARGEST_RATE = Decimal(10)


def prediction_facts(row: Row, given: Given) -> Table:
    """Return one row beside a customer: what is known of the purchases, and what is asked.

    given    `horizon` and `annualDiscountRate`
    returns  what `in_days_ago` does; `terms`, a JSON list as text, null for none, and whether they are `outdated`;
             `moment`, that of the answer, in seconds since 1970; `asked`, a JSON object as text, the same for all who
             are scored by one model: `today`, the day of the moment; `currency`, that of the business, and `told_in`,
             where one is asked for; `horizon`, `rate`; `model`, null without any
    """
    today = select(day_of(row.lens.moment)).scalar_subquery()
    terms, outdated = terms_on_record(row)
    return worked_out_once(
        select(
            *in_days_ago(purchase_statistics(row), today),
            terms.label("terms"),
            outdated.label("outdated"),
            seconds_of(row.lens.moment).label("moment"),
            _asked(row, given).label("asked"),
        )
    )


def _asked(row: Row, given: Given) -> Expression:
    told = {
        "today": day_of(row.lens.moment),
        "currency": business_currency(row),
        "horizon": given.parameter("text", "horizon", convert=_horizon),
        "rate": cast(given.parameter("decimal", "annualDiscountRate", convert=_rate), Text),
    }
    if row.lens.currency is not None:
        told["told_in"] = told_currency(row)

    def asked(model: Expression) -> Expression:
        pairs = [part for name, value in {**told, "model": model}.items() for part in (constant(name), value)]
        return cast(func.json_build_object(*pairs), Text)

    return told_of_model(row, asked)


def _horizon(length: Any) -> str:
    if not 0 < in_weeks(length) <= in_weeks(LONGEST):
        raise BadUserInput("`horizon` must be longer than nothing and at most P10Y.")
    return str(length)


def _rate(rate: Any) -> Decimal:
    if not 0 <= rate <= LARGEST_RATE:
        raise BadUserInput(f"`annualDiscountRate` must be between 0 and {LARGEST_RATE}.")
    return Decimal(rate)
