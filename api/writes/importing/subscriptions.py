"""Subscriptions in a table: one row per subscription, as it stands in another system."""

from __future__ import annotations

from api.domain import file_rows, term_rows
from api.domain.file_rows import Reason
from api.domain.subscription import USUAL_GRACE, Cancellation, NewSubscription
from api.domain.subscription_import import FIELD, KeptSubscription
from api.domain.subscription_timeline import Timeline
from api.domain.term import EarlyEnd
from api.domain.term_rows import needed
from api.tables.subscriptions import subscriptions
from api.writes.importing.fields import ABOUT_CUSTOMERS, NamedCells
from api.writes.importing.lines import Books
from api.writes.importing.terms import Kind, Named, Versions, cancellation, staged_rows
from api.writes.subscriptions import columns_of, first_version

_TERMS = ("kind", "plan_name", "price", "currency", "billing_interval", "grace", "started_at", "trial_ends_at")
_FIRST = (*_TERMS, "anchored_at", "period_start", "period_end", "ends_at", "change", "changed_at")
_ENDED = ("cancel_at", "cancellation_reason", "comment", "ends_at", "change", "changed_at")


def _read(row: NamedCells, named: Named, books: Books) -> Versions:
    end = cancellation(row, books)
    period_end = term_rows.planned(row.of("period_end"), books.zone)
    kept = KeptSubscription(_new(row, named, books).checked(books.now, FIELD), period_end, end)
    begun = kept.begun(books.now, books.zone)
    ended = kept.ended(begun, books.now)
    told = {"period_end": period_end, "grace": row.text("grace")}
    return Versions(
        first=first_version(kept.new, begun),
        ended=_ended(ended, end) if ended and end else None,
        derived=frozenset(name for name, value in told.items() if value is None),
    )


def _ended(timeline: Timeline, end: EarlyEnd) -> dict[str, object]:
    made = {"change": Cancellation.made, "cancellation_reason": end.reason, "comment": end.comment}
    return columns_of(timeline) | made


def _new(row: NamedCells, named: Named, books: Books) -> NewSubscription:
    currency = file_rows.currency(row.of("currency")) or books.currency
    grace = term_rows.length(row.of("grace"))
    return NewSubscription(
        customer=named.customer,
        external_id=named.external_id,
        kind=term_rows.kind(row.of("kind")),
        plan_name=row.required("plan", Reason.NO_NAME),
        price=needed(term_rows.amount(row.of("price"), currency), Reason.BAD_PRICE),
        interval=needed(term_rows.length(row.of("interval")), Reason.BAD_LENGTH),
        grace=USUAL_GRACE if grace is None else grace,
        started_at=needed(term_rows.planned(row.of("started_at"), books.zone), Reason.BAD_DATE),
        trial_ends_at=term_rows.planned(row.of("trial_ends_at"), books.zone),
    )


SUBSCRIPTIONS = Kind(
    counted="subscriptions",
    recorded=subscriptions,
    key="subscription_id",
    identifier="subscription",
    required=("customer", "subscription", "kind", "plan", "price", "interval", "started_at"),
    optional=(
        *(
            "currency",
            "grace",
            "trial_ends_at",
            "period_end",
            "cancelled_at",
            "ended_at",
            "cancellation_reason",
            "comment",
        ),
        *ABOUT_CUSTOMERS,
    ),
    read=_read,
    first=_FIRST,
    ended=_ENDED,
    compared=(*_TERMS, "period_end", "cancel_at", "cancellation_reason"),
    staged=staged_rows(subscriptions, _FIRST, _ENDED),
)
