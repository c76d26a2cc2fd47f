"""What customers are expected to buy, worked out by the database: for lists that look back, where nothing is kept.

The formulas are those of `domain/lifetime_value/` (BG/NBD and MBG/NBD, docs/lifetime-value.md), written for PostgreSQL,
which raises an error where a number becomes too large or too small for it: no exponent is further from 0 than it can
take. The mean over the probability of being lost is a sum over the nodes that are kept with a model.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Double, Numeric, Text, and_, case, cast, func, literal_column, or_, select, true

from api.domain.lifetime_value.ranked_by import (
    GAPS,
    HORIZON,
    LIKELY,
    MODELS,
    POSSIBLE,
    SHORTEST_SILENCE,
    SUBSTITUTE,
    discounting,
)
from api.domain.lifetime_value.weeks import DAYS_IN_WEEK, in_weeks
from api.reads.agreed_terms import has_agreed
from api.reads.business import business_currency
from api.reads.json import constant, number
from api.reads.lifetime_value_models import in_use
from api.reads.purchase_days import day_of, purchase_days
from api.reads.relation import Expression, Lens, Row, Table
from api.reads.rowset import worked_out_once
from api.tables.ranking import dropout_nodes

DIGITS = 6
"""Decimals that are kept of a value and of a probability."""
_SMALL = 1e-4
_LARGEST_EXPONENT, _LARGEST_ODDS = 700, 300
_UNSURE = ("ATTRITION_NOT_IDENTIFIED", "SMALL_SAMPLE")


def scored(row: Row) -> Table:
    """Return what stands beside a customer: `value`, `probability` and `band`, null where nothing can be said.

    Nothing is said of who has something agreed for a time: the database cannot tell how long that is kept, and what
    the orders alone bring would pass for all.

    value        numeric, what purchases are expected to bring within `HORIZON`, discounted, in the business's currency
    probability  float, of a purchase within it
    """
    model = row.beside("scoring_model", lambda: (scoring_model(row.lens), true()))
    return row.beside("scored", lambda: (scored_by(_facts(row), model), true()))


def _facts(row: Row) -> Table:
    """Return what `purchase_days` does, with `today` and the `currency` of the business."""
    found = purchase_days(row)
    columns = [day_of(row.lens.moment).label("today"), business_currency(row).label("currency")]
    return worked_out_once(select(*found.c, *columns).select_from(found).where(~has_agreed(row)), found)


def scored_by(facts: Table, model: Table) -> Table:
    """Return what `scored` does, from one row of what is known of purchases and one of `scoring_model`."""
    return _told(_outlook(_known(facts, model)))


def scoring_model(lens: Lens) -> Table:
    """Return one row: the parameters of the model in use, of its substitute where the database cannot score by it."""
    row, newest = in_use(lens)
    chosen = case(
        (row.c.method.in_([_text(name) for name in MODELS]), row.c.parameters),
        else_=func.json_extract_path(
            row.c.report, constant("candidates"), _text(SUBSTITUTE), constant("parameters"), type_=row.c.parameters.type
        ),
    )
    of_counts = {name: _parameter(chosen, name) for name in ("r", "alpha", "a", "b")}
    of_spend = {name: _parameter(row.c.spend_parameters, name) for name in ("p", "q", "gamma")}
    columns = {
        "model_id": row.c.model_id,
        "model_currency": row.c.currency,
        "chances": case((row.c.method == _text(MODELS[0]), number(0)), else_=number(1)),
        "goes_by_silence": or_(*[_text(flag) == func.any(row.c.flags) for flag in _UNSURE]),
    }
    told = [value.label(name) for name, value in (columns | of_counts | of_spend).items()]
    return newest(told).subquery("scoring_model")


def _parameter(parameters: Expression, name: str) -> Expression:
    return cast(func.json_extract_path_text(parameters, constant(name)), Double)


def _known(facts: Table, model: Table) -> Table:
    """Return one row of what the formulas are about, none where nothing can be said of a customer.

    returns  the model's columns; repeats, and weeks to the last purchase (`last`) and to the moment (`observed`);
             shape, rate and b of what is known of who is alive; order_value, what a purchase is worth in the mean
    """
    s, m = facts.c, model.c
    repeats, weeks = s.days - number(1), literal_column(f"{DAYS_IN_WEEK}::float8", Double)
    observed, last = ((day - s.first_day) / weeks for day in (s.today, s.last_day))
    paid = m.p * (m.gamma + cast(s.value, Double)) / (m.p * s.value_days + m.q - number(1))
    columns = {
        "repeats": repeats,
        "last": last,
        "observed": observed,
        "shape": m.r + repeats,
        "rate": m.alpha + observed,
        "later": m.b + repeats + m.chances,
        "order_value": paid,
    }
    own = ("model_id", "r", "alpha", "a", "chances", "goes_by_silence")
    sound = [s.days > number(0), s.last_day <= s.today, m.model_currency == s.currency]
    found = select(*[m[name] for name in own], *[value.label(name) for name, value in columns.items()])
    return worked_out_once(found.select_from(facts).where(*sound), facts)


def _outlook(known: Table) -> Table:
    """Return one row: alive, the chance of not being lost; active, of a purchase while alive; discounted purchases."""
    k, weeks = known.c, _number(in_weeks(HORIZON))
    silent = func.ln((k.alpha + k.observed) / (k.alpha + k.last))
    odds = func.ln(k.a) - func.ln(k.later - number(1)) + k.shape * silent
    bounded = func.least(func.greatest(odds, number(-_LARGEST_ODDS)), number(_LARGEST_ODDS))
    possible = k.repeats + k.chances > number(0)
    columns = {
        "alive": case(
            (possible, _number(1.0) / (_number(1.0) + func.exp(bounded, type_=Double()))), else_=_number(1.0)
        ),
        "exponent": k.shape * _log_of_one_and(weeks / k.rate),
        "discounted": _discounted_purchases(known),
    }
    found = select(*known.c, *_labelled(columns)).select_from(known)
    return worked_out_once(found, known)


def _discounted_purchases(known: Table) -> Expression:
    """Return the expected purchases of who is alive, each discounted; null where a model has no nodes."""
    nodes, horizons = dropout_nodes.alias(), discounting()
    parts = [_numbers([part[place] for part in horizons]) for place in (0, 1)]
    horizon = func.unnest(*parts).table_valued("weeks", "factor").render_derived("horizon")
    each = func.unnest(nodes.c.nodes, nodes.c.weights).table_valued("node", "weight").render_derived("each")
    of_model = and_(nodes.c.model_id == known.c.model_id, nodes.c.repeats == known.c.repeats)
    node, factor = _double(each.c.node), _double(horizon.c.factor)
    terms = {
        "share": node * _double(horizon.c.weeks) / known.c.rate,
        "weight": _double(each.c.weight) * factor / node,
    }
    joined = nodes.join(each, true()).join(horizon, true())
    shares = _inside(select(*_labelled(terms)).select_from(joined).where(of_model), nodes, each, horizon)
    exponent = (known.c.shape * _log_of_one_and(shares.c.share)).label("exponent")
    exponents = _inside(select(exponent, shares.c.weight).select_from(shares), shares)
    total = func.sum(exponents.c.weight * _at_least_once(exponents.c.exponent), type_=Double())
    return select(total).select_from(exponents).correlate_except(exponents).scalar_subquery()


def _inside(selected: Any, *tables: Table) -> Any:
    # Kept apart, or PostgreSQL would copy an expression into each of the places that read it.
    return selected.correlate_except(*tables).offset(number(0)).lateral()


def _told(outlook: Table) -> Table:
    o = outlook.c
    probability = o.alive * _at_least_once(o.exponent)
    value = func.round(cast(o.alive * o.discounted * o.order_value, Numeric), number(DIGITS), type_=Numeric())
    columns = {"value": value, "probability": _rounded(probability), "band": _band(outlook, probability)}
    return worked_out_once(select(*_labelled(columns)).select_from(outlook), outlook)


def _band(outlook: Table, probability: Expression) -> Expression:
    """Return how likely it is that nothing more comes: by the chance of a purchase, or by silence."""
    o = outlook.c
    gap = case((o.shape > number(1), o.rate / (o.shape - number(1))), else_=o.alpha / o.r)
    longest = func.greatest(_number(SHORTEST_SILENCE), _number(GAPS) * gap)
    silent = case((o.observed - o.last > longest, constant("HIGH")), else_=constant("LOW"))
    likely = [(probability >= _number(LIKELY), constant("LOW")), (probability >= _number(POSSIBLE), constant("MEDIUM"))]
    return cast(case((o.goes_by_silence, silent), *likely, else_=constant("HIGH")), Text)


def _rounded(probability: Expression) -> Expression:
    return cast(func.round(cast(probability, Numeric), number(DIGITS)), Double)


def _log_of_one_and(share: Expression) -> Expression:
    """Return ln(1 + share), to all digits also where a share is small."""
    series = share * (_number(1.0) - share * (_number(0.5) - share * (_number(1 / 3) - share * _number(0.25))))
    return case((share < _number(_SMALL), series), else_=func.ln(_number(1.0) + share, type_=Double()))


def _at_least_once(exponent: Expression) -> Expression:
    """Return 1 - exp(-exponent), to all digits also where an exponent is small."""
    small = exponent * (_number(1 / 6) - exponent * _number(1 / 24))
    series = exponent * (_number(1.0) - exponent * (_number(0.5) - small))
    bounded = func.greatest(-exponent, number(-_LARGEST_EXPONENT))
    return case((exponent < _number(_SMALL), series), else_=_number(1.0) - func.exp(bounded, type_=Double()))


def _labelled(columns: dict[str, Any]) -> list[Expression]:
    return [value.label(name) for name, value in columns.items()]


def _double(column: Any) -> Expression:
    return cast(column, Double)


def _number(value: float) -> Expression:
    return literal_column(f"'{value!r}'::float8", Double)


def _numbers(values: list[float]) -> Expression:
    return literal_column("'{" + ",".join(map(repr, values)) + "}'::float8[]")


def _text(name: str) -> Expression:
    return literal_column(f"'{name}'", Text)
