"""Making good: for a complaint that is not settled, for money paid back, for a bad score."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, Text, and_, func, or_

from api.domain.recommendations import BAD_SCORE_RECENT, BAD_SCORES, REFUND_RECENT
from api.reads.feedback import feedback_of_customer, is_open_complaint
from api.reads.json import constant, money_amount, number
from api.reads.orders import refunds_of_customer
from api.reads.recommended import basis, day, is_recent, recommendation
from api.reads.recommended_scores import in_words, last_answers
from api.reads.relation import Condition, Row, rows
from api.reads.words import text


def recoveries(row: Row) -> list[Select[Any]]:
    """Return a recommendation to make good for each thing that calls for it, complaints first."""
    return [_for_complaint(row), _for_refund(row), _for_score(row)]


def _for_complaint(row: Row) -> Select[Any]:
    """Return the complaint that waits longest to be settled."""
    complaint, is_open = _open_complaints(row)
    columns = recommendation(
        "SERVICE_RECOVERY",
        title=text("Settle a complaint"),
        reason=func.concat(
            text("What the customer complained about on "),
            day(complaint.c.submitted_at),
            text(" is not settled."),
            type_=Text,
        ),
        **basis(complaint),
    )
    return rows(complaint, columns, is_open).order_by(complaint.c.submitted_at, complaint.key).limit(number(1))


def has_open_complaint(row: Row) -> Condition:
    """Return whether a customer complained about something that is not settled."""
    complaint, is_open = _open_complaints(row)
    return rows(complaint, [number(1)], is_open).exists()


def _open_complaints(row: Row) -> tuple[Row, list[Condition]]:
    complaint, joined = row.joined(feedback_of_customer)
    return complaint, [*joined, complaint.c.submitted_at <= row.lens.moment, is_open_complaint(complaint)]


def _for_refund(row: Row) -> Select[Any]:
    """Return the last refund, while that is recent."""
    refund, joined = row.joined(refunds_of_customer)
    amount = func.concat(money_amount(refund.c.amount, refund.c.currency), text(" "), refund.c.currency)
    columns = recommendation(
        "SERVICE_RECOVERY",
        place_within=number(1),
        title=text("Make good for a refund"),
        reason=func.concat(amount, text(" was paid back on "), day(refund.c.refunded_at), text("."), type_=Text),
        **basis(refund),
    )
    found = rows(refund, columns, [*joined, _is_recent_refund(refund)])
    return found.order_by(refund.c.refunded_at.desc(), refund.key).limit(number(1))


def has_recent_refund(row: Row) -> Condition:
    """Return whether money was paid back to a customer not long ago."""
    refund, joined = row.joined(refunds_of_customer)
    return rows(refund, [number(1)], [*joined, _is_recent_refund(refund)]).exists()


def _is_recent_refund(refund: Row) -> Condition:
    return is_recent(refund.c.refunded_at, refund.lens.moment, REFUND_RECENT)


def _for_score(row: Row) -> Select[Any]:
    """Return the last bad score, while that is recent and no other of its kind followed."""
    answer, is_last = last_answers(row)
    columns = recommendation(
        "SERVICE_RECOVERY",
        place_within=number(2),
        title=text("Make good for a bad experience"),
        reason=in_words(answer),
        **basis(answer),
    )
    bad = [and_(answer.c.kind == constant(kind), answer.c.score <= number(most)) for kind, most in BAD_SCORES.items()]
    is_new = is_recent(answer.c.submitted_at, row.lens.moment, BAD_SCORE_RECENT)
    found = rows(answer, columns, [*is_last, or_(*bad), is_new])
    return found.order_by(answer.c.submitted_at.desc(), answer.key).limit(number(1))
