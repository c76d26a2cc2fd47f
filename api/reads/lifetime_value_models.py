"""Fitted models of what customers will bring, with how they did on time that they had not seen."""

from __future__ import annotations

from sqlalchemy import Text, cast, func, literal_column, select

from api.reads.relation import Expression, Lens, Link, Relation, Row, Term, rows
from api.tables import lifetime_value_models as tables

_MODEL = ("model_id", "model_id")

models = Relation(
    "lifetime_value_models",
    tables.lifetime_value_models,
    "model_id",
    "lvm",
    happened="trained_until",
    recorded="recorded_at",
    order=(Term("version", descending=True),),
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
    "recorded_at",
)


def model_in_use(lens: Lens) -> Expression:
    """Return the newest model at the moment of a lens as a JSON object, as text; null without any."""
    row = Row(models, lens)
    newest = rows(row, [row.c[name] for name in _TOLD], row.visible()).order_by(row.c.version.desc())
    found = newest.limit(literal_column("1")).subquery("model")
    return select(cast(func.row_to_json(literal_column("model")), Text)).select_from(found).scalar_subquery()
