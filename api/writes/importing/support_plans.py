"""Support plans in a table: one row per enrollment, with what was used of its allowance."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ColumnElement, DateTime, FromClause, Insert, bindparam, func, insert, select

from api.domain import file_rows, term_rows
from api.domain.file_rows import Reason
from api.domain.money import Amount
from api.domain.support_plan import NewSupportPlan, cancelled, used_so_far
from api.domain.term_rows import needed
from api.tables.support_plans import support_plans, support_usages
from api.writes.importing.expressions import new_ids
from api.writes.importing.fields import ABOUT_CUSTOMERS, NamedCells
from api.writes.importing.lines import Books
from api.writes.importing.terms import Kind, Named, Versions, cancellation, recorded_things, staged_rows, things

_FIELD = ("enrollment",)
_TERMS = (
    "plan_name",
    "paid",
    "price",
    "currency",
    "starts_at",
    "term_ends_at",
    "included_incidents",
    "response_target",
)
_FIRST = (*_TERMS, "ends_at", "change", "changed_at")
_ENDED = ("cancel_at", "cancellation_reason", "ends_at", "change", "changed_at")
_STAGED = staged_rows(
    support_plans, _FIRST, _ENDED, Column("used", BigInteger), Column("used_at", DateTime(timezone=True))
)


def _read(row: NamedCells, named: Named, books: Books) -> Versions:
    plan = _new(row, named, books).checked(books.now, _FIELD)
    first = plan.first_version(books.now)
    end = cancellation(row, books)
    newest = first | {"cancel_at": None}
    ended = None
    if end is not None:
        decided = end.decided(books.now, newest["changed_at"], (*_FIELD, "cancelledAt"))
        ended = cancelled(newest, end.ended_at, end.reason, decided)
    used = term_rows.incidents(row.of("used_incidents"))
    if not used:
        return Versions(first, ended)
    used_at = used_so_far(newest | (ended or {}), used, books.now, (*_FIELD, "incidents"))
    return Versions(first, ended, more={"used": used, "used_at": used_at})


def _new(row: NamedCells, named: Named, books: Books) -> NewSupportPlan:
    price = term_rows.amount(row.of("price"), file_rows.currency(row.of("currency")) or books.currency)
    paid = term_rows.answer(row.of("paid"))
    return NewSupportPlan(
        customer=named.customer,
        external_id=named.external_id,
        plan_name=row.required("plan", Reason.NO_NAME),
        paid=_costs(price) if paid is None else paid,
        price=price if paid or _costs(price) else None,
        starts_at=needed(term_rows.planned(row.of("starts_at"), books.zone), Reason.BAD_DATE),
        ends_at=term_rows.planned(row.of("ends_at"), books.zone),
        included_incidents=term_rows.incidents(row.of("included_incidents")),
        response_target=term_rows.length(row.of("response_target")),
        order_line=None,
    )


def _costs(price: Amount | None) -> bool:
    return price is not None and price.amount != 0


def _uses() -> Insert:
    """Return the insertion of what a chunk says was used: one use of as many incidents."""
    plan = support_plans.c
    rows = (
        select(plan.customer_id, new_ids(), plan.support_plan_id, _STAGED.c.used, _STAGED.c.used_at)
        .select_from(recorded_things(support_plans, plan.support_plan_id))
        .join(_STAGED, _STAGED.c.row == things.c.row)
        .where(things.c.chunk == bindparam("chunk"), _STAGED.c.used.is_not(None))
    )
    into = ["customer_id", "usage_id", "support_plan_id", "incidents", "used_at"]
    return insert(support_usages).from_select(into, rows)


def _fewer_uses(plan: FromClause) -> ColumnElement[bool]:
    of_plan = (
        support_usages.c.customer_id == plan.c.customer_id,
        support_usages.c.support_plan_id == plan.c.support_plan_id,
    )
    used = select(func.sum(support_usages.c.incidents)).where(*of_plan).correlate(plan).scalar_subquery()
    return func.coalesce(used, 0) < func.coalesce(_STAGED.c.used, 0)


SUPPORT_PLANS = Kind(
    counted="support_plans",
    recorded=support_plans,
    key="support_plan_id",
    identifier="enrollment",
    required=("customer", "enrollment", "plan", "starts_at"),
    optional=(
        *("paid", "price", "currency", "ends_at", "included_incidents", "used_incidents", "response_target"),
        *("cancelled_at", "ended_at", "cancellation_reason"),
        *ABOUT_CUSTOMERS,
    ),
    read=_read,
    first=_FIRST,
    ended=_ENDED,
    compared=(*_TERMS, "cancel_at", "cancellation_reason"),
    staged=_STAGED,
    more=_uses,
    lacks=_fewer_uses,
)
