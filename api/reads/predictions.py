"""What predicting the value of customers needs to know of each, and by which model."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import Double, Text, case, cast, func, select

from api.domain.calendar import Duration
from api.domain.lifetime_value.weeks import in_weeks
from api.errors import BadUserInput
from api.reads.agreed_terms import agreed_terms
from api.reads.business import business_currency
from api.reads.identity import Given
from api.reads.json import constant
from api.reads.lifetime_value_models import told_of_model
from api.reads.purchase_days import day_of
from api.reads.relation import Expression, Row, Table
from api.reads.rowset import worked_out_once
from api.reads.standing import has_terms, purchase_statistics

LONGEST = Duration(120)
LARGEST_RATE = Decimal(10)


def prediction_facts(row: Row, given: Given) -> Table:
    """Return one row beside a customer: what `purchase_days` does, and what is asked.

    given    `horizon` and `annualDiscountRate`
    returns  besides, `terms`, a JSON list as text, null for none; `asked`, a JSON object as text, the same for all
             customers who are scored by the same model: `today`, the day of the moment asked for; `currency`, that of
             the business; `horizon`, `rate`; `model`, null without any
    """
    known = purchase_statistics(row)
    # Of money a model needs no more than a float holds, and the driver reads one in a tenth of the time.
    known["value"] = cast(known["value"], Double)
    return worked_out_once(
        select(
            *[value.label(name) for name, value in known.items()],
            case((has_terms(row), agreed_terms(row))).label("terms"),
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
