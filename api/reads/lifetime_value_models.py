"""Fitted models of what customers will bring, with how they did on time that they had not seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import (
    Boolean,
    Double,
    Integer,
    Interval,
    Numeric,
    Select,
    Text,
    case,
    cast,
    func,
    literal_column,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import array

from api.domain.lifetime_value.segments import SegmentBasis
from api.reads.identity import Given
from api.reads.json import constant, money_amount
from api.reads.relation import Expression, Lens, Link, Relation, Row, Table, Term, rows
from api.reads.rowset import worked_out_once
from api.tables import lifetime_value_models as tables

_MODEL = ("model_id", "model_id")
_ONE: Expression = literal_column("1")
_FIRST, _SECOND = literal_column("'0'", Text), literal_column("'1'", Text)

models = Relation(
    "lifetime_value_models",
    tables.lifetime_value_models,
    "model_id",
    "lvm",
    happened="trained_until",
    recorded="recorded_at",
    order=(Term("trained_until", descending=True), Term("version", descending=True)),
)
"""A model has happened when the last purchase that it has seen had: nobody is scored with what came later."""

tests = Relation(
    "lifetime_value_tests",
    tables.lifetime_value_tests,
    "model_id",
    "lvt",
    within=lambda: model_of_test,
    order=(Term("position"),),
)
tests_of_model = Link(models, tests, (_MODEL,), order=(Term("position"),), total=True)
model_of_test: Link = Link(tests, models, (_MODEL,))


@tests.expression
def currency(row: Row) -> Expression:
    """Return the currency of the model's values."""
    model, joined = row.joined(model_of_test)
    return rows(model, [model.c.currency], joined).scalar_subquery()


_TOLD = (
    "model_id",
    "version",
    "method",
    "parameters",
    "spend_parameters",
    "currency",
    "trained_from",
    "trained_until",
    "flags",
    "renewals",
    "recorded_at",
)


def in_use(lens: Lens) -> tuple[Row, Callable[[Sequence[Expression]], Select[Any]]]:
    """Return the model of all customers that has seen the latest purchases, and how to select columns of it."""
    row = Row(models, lens)
    latest = (row.c.trained_until.desc(), row.c.version.desc())
    conditions = [*row.visible(), row.c.segment_value.is_(None)]
    return row, lambda columns: rows(row, columns, conditions).order_by(*latest).limit(_ONE)


def told_of_model(customer: Row, told: Callable[[Expression], Expression]) -> Expression:
    """Return what is told of the model that a customer is scored by: that of their own part, or else that of all.

    Where no part has a model it is worked out once, for all customers of a statement.

    told  text from a model as JSON, which is null without any
    """
    return func.coalesce(_of_all(customer.lens, told), _of_part(customer, told), type_=Text)


def _of_all(lens: Lens, told: Callable[[Expression], Expression]) -> Expression:
    """Return what is told of the newest model, null where there are models of parts beside it."""
    row, newest = in_use(lens)
    # Nothing that is read is called that: the name of a column would come before that of the rows.
    found = newest([row.c[name] for name in (*_TOLD, "segment_by")]).subquery("newest_fit")
    nothing: Any = select(_ONE.label("one")).subquery("nothing")
    either = nothing.join(found, true(), isouter=True)
    text = told(func.row_to_json(literal_column("newest_fit")))
    return (
        select(text)
        .select_from(either)
        .where(found.c.segment_by.is_(None))
        .correlate_except(found, nothing)
        .scalar_subquery()
    )


def _of_part(customer: Row, told: Callable[[Expression], Expression]) -> Expression:
    """Return what is told of the model of a customer's part; of several parts, of the one with the fewest customers."""
    row, (whole, newest) = Row(models, customer.lens), in_use(customer.lens)
    is_theirs = row.c.segment_value == func.any(segments_of(customer, row.c.segment_by))
    conditions = [row.c.version == newest([whole.c.version]).scalar_subquery(), *row.visible()]
    columns = [row.c[name] for name in (*_TOLD, "segment_value")]
    best = rows(row, columns, [*conditions, or_(row.c.segment_value.is_(None), is_theirs)])
    nearest = best.order_by(row.c.segment_value.is_(None), row.c.customers, row.c.segment_value).limit(_ONE)
    found = nearest.subquery("own_fit")
    return (
        select(told(func.row_to_json(literal_column("own_fit"))))
        .select_from(found)
        .correlate_except(found)
        .scalar_subquery()
    )


def segments_of(customer: Row, by: Expression) -> Expression:
    """Return what a customer has in common with others, as texts: by what that is asked, see `SegmentBasis`."""
    known = customer.c
    texts = {
        SegmentBasis.KIND: array([known.kind]),
        SegmentBasis.COUNTRY: array([known.country]),
        SegmentBasis.TAG: known.tags,
    }
    return case(*[(by == constant(basis), values) for basis, values in texts.items()])


def renewals(row: Row, given: Given) -> Table:
    """Return rows beside a model, one for each kind of thing with a term, as `domain.renewal_models` tells it.

    returns  stream and term (null for all), method, seen, rests_on_prior; first, second and third, the share that is
             renewed at the end of that term; place
    """
    told = func.json_array_elements(row.c.renewals).table_valued("value", with_ordinality="place", name="kind")
    each = told.render_derived("kind")

    def part(*path: str) -> Expression:
        return func.json_extract_path_text(each.c.value, *(constant(step) for step in path))

    shares = {name: cast(part("renewed", str(at)), Double) for at, name in enumerate(("first", "second", "third"))}
    plain = {
        "stream": part("stream"),
        "term": cast(part("term"), Interval),
        "method": part("method"),
        "seen": cast(part("seen"), Integer),
        "rests_on_prior": cast(part("rests_on_prior"), Boolean),
    }
    columns = [value.label(name) for name, value in (plain | shares).items()]
    return worked_out_once(select(each.c.place, *columns), each)


def deciles(row: Row, given: Given) -> Table:
    """Return rows beside a test, one for each tenth of the customers: decile, predicted, observed (texts), currency."""
    pair = func.json_array_elements(row.c.deciles).table_valued("value", with_ordinality="place", name="pair")
    each = pair.render_derived("pair")
    predicted, observed = (cast(func.json_extract_path_text(each.c.value, text), Numeric) for text in (_FIRST, _SECOND))
    columns = [
        cast(each.c.place, Integer).label("decile"),
        money_amount(predicted, row["currency"]).label("predicted"),
        money_amount(observed, row["currency"]).label("observed"),
        row["currency"].label("currency"),
    ]
    return worked_out_once(select(each.c.place, *columns), each)
