"""Fitted models of what customers will bring, with how they did on time that they had not seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Boolean, Double, Integer, Interval, Numeric, Select, Text, cast, func, literal_column, select

from api.reads.identity import Given
from api.reads.json import constant, money_amount
from api.reads.relation import Expression, Lens, Link, Relation, Row, Table, Term, rows
from api.reads.rowset import worked_out_once
from api.tables import lifetime_value_models as tables

_MODEL = ("model_id", "model_id")
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


def model_in_use(lens: Lens) -> Expression:
    """Return the model that has seen the latest purchases, at the moment of a lens, as JSON text; null without any."""
    row, newest = in_use(lens)
    # Nothing that is read is called that: the name of a column would come before that of the rows.
    found = newest([row.c[name] for name in _TOLD]).subquery("newest_fit")
    return select(cast(func.row_to_json(literal_column("newest_fit")), Text)).select_from(found).scalar_subquery()


def in_use(lens: Lens) -> tuple[Row, Callable[[Sequence[Expression]], Select[Any]]]:
    """Return the model that has seen the latest purchases, and how to select columns of it."""
    row = Row(models, lens)
    latest = (row.c.trained_until.desc(), row.c.version.desc())
    return row, lambda columns: rows(row, columns, row.visible()).order_by(*latest).limit(literal_column("1"))


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
