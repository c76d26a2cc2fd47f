"""Asking for a recommendation: who would give one, or is loyal, and has no reason against it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ARRAY, Integer, Select, Text, Uuid, cast, func, select, union_all
from sqlalchemy.dialects.postgresql import aggregate_order_by

from api.domain.recommendations import REFERRAL_RECENT, SCORE_COUNTS
from api.domain.satisfaction import PROMOTERS_FROM
from api.reads.active_rules import LOYAL
from api.reads.active_status import explanation
from api.reads.activity import activity
from api.reads.json import constant, number
from api.reads.orders import orders_of_customer
from api.reads.recommended import is_recent, recommendation
from api.reads.recommended_returns import win_back
from api.reads.recommended_scores import in_words, last_answers
from api.reads.referrals import referrals_by_customer
from api.reads.relation import Condition, Expression, Row, rows
from api.reads.words import text


def referral_ask(row: Row) -> Select[Any]:
    """Return the recommendation to ask a promoter or a loyal customer to recommend the business.

    Who would advise against it, is to be won back first, or brought somebody lately is not asked.
    """
    ground = union_all(_would_recommend(row), _is_loyal(row)).subquery("ground")
    columns = recommendation(
        "REFERRAL_ASK",
        title=text("Ask for a recommendation"),
        reason=func.string_agg(ground.c.reason, aggregate_order_by(text(" "), ground.c.place), type_=Text),
        basis_of=_in_order(ground, "relation", Text()),
        basis_ids=_in_order(ground, "key", Uuid()),
    )
    against = [
        row["nps_band"].is_not_distinct_from(constant("DETRACTOR")),
        win_back(row).exists(),
        _has_brought_lately(row),
    ]
    found = select(*columns).select_from(ground).where(*[~each for each in against])
    return found.having(func.count() > number(0)).correlate_except(ground)


def _in_order(ground: Any, name: str, type_: Any) -> Expression:
    return func.array_agg(aggregate_order_by(ground.c[name], ground.c.place), type_=ARRAY(type_))


def _ground(place: int, reason: Expression, record: Row) -> list[Expression]:
    parts: dict[str, Expression] = {
        "place": cast(number(place), Integer),
        "reason": cast(reason, Text),
        "relation": cast(constant(record.relation.name), Text),
        "key": record.key,
    }
    return [part.label(name) for name, part in parts.items()]


def _would_recommend(row: Row) -> Select[Any]:
    """Return the last recommendation score where it is a promoter's and not too old."""
    answer, is_last = last_answers(row)
    promotes = [answer.c.kind == constant("NPS"), answer.c.score >= number(PROMOTERS_FROM)]
    counts = is_recent(answer.c.submitted_at, row.lens.moment, SCORE_COUNTS)
    return rows(answer, _ground(0, in_words(answer), answer), [*is_last, *promotes, counts])


def _is_loyal(row: Row) -> Select[Any]:
    """Return the last purchase where the customer counts as loyal."""
    order, joined = row.joined(orders_of_customer)
    is_loyal: Condition = activity(row).c[f"{LOYAL}_holds"]
    columns = _ground(1, explanation(row, LOYAL), order)
    found = rows(order, columns, [*joined, order.c.placed_at <= row.lens.moment, is_loyal])
    return found.order_by(order.c.placed_at.desc(), order.key).limit(number(1))


def _has_brought_lately(row: Row) -> Condition:
    """Return whether a customer invited or brought somebody not long ago."""
    referral, joined = row.joined(referrals_by_customer)
    is_new = is_recent(referral.c.created_at, row.lens.moment, REFERRAL_RECENT)
    return rows(referral, [number(1)], [*joined, is_new]).exists()
