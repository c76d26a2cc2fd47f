"""Upselling: a bigger support plan for whoever has nearly used up what theirs covers."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, Text, func

from api.domain.recommendations import NEARLY_USED_PERCENT
from api.reads.agreed_terms import seconds_of
from api.reads.json import number
from api.reads.recommended import basis, recommendation
from api.reads.relation import Condition, Row, rows
from api.reads.support_plans import support_plans_of_customer
from api.reads.words import text


def upsells(row: Row) -> Select[Any]:
    """Return a recommendation for each support plan in force of which little is left, those that began first at first.

    Nobody needs a bigger one who has help without limit, or who cancelled the one there is.
    """
    plan, joined = row.joined(support_plans_of_customer)
    used, included = plan["used"], plan.c.included_incidents
    is_nearly_used = used * number(100) >= included * number(NEARLY_USED_PERCENT)
    columns = recommendation(
        "UPSELL",
        place_within=seconds_of(plan.c.starts_at),
        title=func.concat(text("Offer more than "), plan.c.plan_name, type_=Text),
        reason=func.concat(used, text(" of the "), included, text(" incidents that it covers are used."), type_=Text),
        **basis(plan),
    )
    limited = [included > number(0), plan.c.cancel_at.is_(None), is_nearly_used]
    return rows(plan, columns, [*joined, _is_in_force(plan), *limited, ~_has_no_limit(row)])


def _has_no_limit(row: Row) -> Condition:
    plan, joined = row.joined(support_plans_of_customer)
    # What came with an order covers that alone.
    unlimited = [plan.c.included_incidents.is_(None), plan.c.order_id.is_(None)]
    return rows(plan, [number(1)], [*joined, _is_in_force(plan), *unlimited]).exists()


def _is_in_force(plan: Row) -> Condition:
    return plan.c.held.op("@>", is_comparison=True)(plan.lens.moment)
