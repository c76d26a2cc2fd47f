"""Whether customers with subscriptions, support plans or contracts are ranked as they should be.

The database cannot tell how long these are kept, so they are ranked again by what ranks them: it is loaded only here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt
from sqlalchemy import ARRAY, Uuid, any_, bindparam, func, literal_column, select

from api.database import Connection, prepare
from api.domain.lifetime_value.prospects import Prospects
from api.reads.all_facts import facts_with_terms
from api.reads.ranking_models import model_named
from api.tables.ranking import customer_prospects, customer_rankings

_FIGURES = ("predicted_value", "terms_value", "variance", "probability_active")
_PART, _LEAST = 1e-6, 1e-5
"""By how much a figure may differ, in parts of it and at least."""

_LAST = prepare(
    select(customer_rankings.c.scored_at, customer_rankings.c.model_id)
    .order_by(customer_rankings.c.scored_at.desc())
    .limit(literal_column("1"))
)
_KEPT = prepare(
    select(customer_prospects).where(
        customer_prospects.c.customer_id == any_(bindparam("keys", type_=ARRAY(Uuid()))),
        customer_prospects.c.scored_at == select(func.max(customer_rankings.c.scored_at)).scalar_subquery(),
    )
)


async def misranked_with_terms(connection: Connection) -> int:
    """Return how many of them are ranked otherwise than the facts said as of the last ranking, as known then.

    Customers of whom something was recorded in the hour before are passed over, as `misranked` does.
    """
    last = await connection.fetchrow(_LAST.sql, *_LAST.values({}))
    if last is None:
        return 0
    by, wrong = await model_named(connection, last["model_id"]), 0
    async for keys, known in facts_with_terms(connection, last["scored_at"]):
        kept = {row["customer_id"]: row for row in await connection.fetch(_KEPT.sql, *_KEPT.values({"keys": keys}))}
        wrong += _differing(keys, kept, by.model.prospects(known))
    return wrong


def _differing(keys: Sequence[UUID], kept: Mapping[UUID, Any], expected: Prospects) -> int:
    there = np.array([key in kept for key in keys], dtype=bool)
    rows = [kept[key] for key in keys if key in kept]
    right = np.array([expected.bands[place] for place in np.flatnonzero(there)]) == [row["churn_band"] for row in rows]
    for name, figures in zip(_FIGURES, _figures(expected), strict=True):
        stored = np.array([float(row[name]) for row in rows])
        right &= np.isclose(stored, figures[there], rtol=_PART, atol=_LEAST)
    return len(keys) - int(right.sum())


def _figures(expected: Prospects) -> tuple[npt.NDArray[np.float64], ...]:
    return expected.value, expected.terms_value, expected.variance, expected.probability_active
