"""What made-up customers say: scores and reviews after orders, and complaints, mostly of those who then stay away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from api.domain.population.identifiers import generator, one_of
from api.domain.population.orders import Order

COMPLAINT_SHARE, LOST_COMPLAINT_SHARE = 0.02, 0.3
"""Share of orders that are complained of: by who buys again or may, and of the last one by who is lost."""

_ASKED = (("NPS", 0.1), ("CSAT", 0.08), ("CES", 0.04), ("REVIEW", 0.05), ("COMMENT", 0.01))
"""Shares of orders after which something of a kind is said."""

_CONTENT = {"NPS": (7, 8, 8, 9, 9, 9, 10, 10), "CSAT": (4, 4, 5, 5, 5), "CES": (5, 6, 6, 7), "REVIEW": (4, 5, 5)}
_DISAPPOINTED = {"NPS": (0, 2, 3, 5, 6, 7), "CSAT": (1, 2, 2, 3), "CES": (1, 2, 3, 4), "REVIEW": (1, 2, 3)}
_PRAISE = ("Lovely tea", "Arrived sooner than promised", "Beautifully wrapped", None, None, None)
_GRIEF = ("Not what I had hoped for", "Nobody answered my letter", "Too dear for what it is", None)
_COMPLAINTS = (
    ("The parcel came two weeks late.", "LATE_DELIVERY"),
    ("The lid was broken when it arrived.", "DAMAGED"),
    ("The tea tastes stale.", "QUALITY"),
    ("I was charged twice.", "BILLING"),
)
_REASONS = {"Damaged in transit": 1, "Arrived late": 0, "Not as expected": 2}
_ANSWER = "We are sorry. Please tell us what would put it right."
_NOTES = ("Sent a new one", "Paid back in part", "Apologised by telephone")
_DAY, _MINUTE = timedelta(days=1), timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Told:
    """Something said; `order` is what it is about, None for the shop in general.

    replied_at   when the shop answered, None where it did not
    resolved_at  when a complaint was settled with a note, None where it was not
    """

    kind: str
    submitted_at: datetime
    recorded_at: datetime
    score: int | None = None
    comment: str | None = None
    reasons: tuple[str, ...] = ()
    order: Order | None = None
    reply: str | None = None
    replied_at: datetime | None = None
    note: str | None = None
    resolved_at: datetime | None = None

    def name_in(self, owner: str, number: int) -> str:
        """Return what its identifiers follow from, for the customer of a name whose `number`th it is."""
        return f"{owner}/feedback/{number}"


def drawn_feedback(name: str, orders: Sequence[Order], until: datetime, *, lost: bool) -> tuple[Told, ...]:
    """Return what a customer says of orders before `until`; who is lost was mostly disappointed by the last one."""
    draw = generator(f"{name}/feedback")
    found = [told for order in orders for told in _of_order(draw, order, disappoints=lost and order is orders[-1])]
    return tuple(_until(told, until) for told in found if told.recorded_at < until)


def _of_order(draw: Random, order: Order, *, disappoints: bool) -> Iterator[Told]:
    upset = disappoints and draw.random() < 0.7
    for kind, share in _ASKED:
        # Who is disappointed says so more often.
        if draw.random() < (2 * share if upset else share):
            yield _said(draw, kind, order, upset=upset)
    share = LOST_COMPLAINT_SHARE if disappoints else COMPLAINT_SHARE
    if draw.random() < share:
        yield _complaint(draw, order)


def _said(draw: Random, kind: str, order: Order, *, upset: bool) -> Told:
    scores = _DISAPPOINTED if upset else _CONTENT
    words = one_of(draw, _GRIEF if upset else _PRAISE)
    at = order.recorded_at + _days(draw, 3, 12)
    return Told(
        kind=kind,
        submitted_at=at,
        recorded_at=at + _MINUTE,
        score=one_of(draw, scores[kind]) if kind in scores else None,
        comment=words or ("As always" if kind == "COMMENT" else None),
        order=order if kind != "NPS" else None,
    )


def _complaint(draw: Random, order: Order) -> Told:
    at = order.recorded_at + _days(draw, 2, 9)
    reason = _REASONS.get(order.refund.reason) if order.refund else None
    words, code = one_of(draw, _COMPLAINTS) if reason is None else _COMPLAINTS[reason]
    replied_at = at + _days(draw, 1, 4)
    answered, settled = draw.random() < 0.8, draw.random() < 0.7
    return Told(
        kind="COMPLAINT",
        submitted_at=at,
        recorded_at=at + _MINUTE,
        comment=words,
        reasons=(code,),
        order=order,
        reply=_ANSWER if answered else None,
        replied_at=replied_at if answered else None,
        note=one_of(draw, _NOTES) if answered and settled else None,
        resolved_at=replied_at + _days(draw, 2, 20) if answered and settled else None,
    )


def _days(draw: Random, fewest: int, most: int) -> timedelta:
    return _DAY * fewest + _MINUTE * int(draw.random() * (most - fewest) * 24 * 60)


def _until(told: Told, until: datetime) -> Told:
    """Return what was said without what follows on it only after a moment."""
    answered = told.replied_at is not None and told.replied_at < until
    settled = told.resolved_at is not None and told.resolved_at < until
    return replace(
        told,
        reply=told.reply if answered else None,
        replied_at=told.replied_at if answered else None,
        note=told.note if settled else None,
        resolved_at=told.resolved_at if settled else None,
    )


def _ada(morning: datetime, orders: Sequence[Order]) -> tuple[Told, ...]:
    asked, rated = (morning - _DAY * days for days in (190, 60))
    return (
        Told("NPS", asked, asked + _MINUTE, score=8, comment="Good tea, slow post"),
        Told("CSAT", rated, rated + _MINUTE, score=5, order=orders[13]),
    )


def _ben(morning: datetime, orders: Sequence[Order]) -> tuple[Told, ...]:
    complained, asked = (morning - _DAY * days for days in (425, 400))
    return (
        Told(
            *("COMPLAINT", complained, complained + _MINUTE),
            comment="It is not what the picture showed.",
            reasons=("QUALITY",),
            order=orders[-1],
            reply=_ANSWER,
            replied_at=complained + _DAY * 9,
        ),
        Told("NPS", asked, asked + _MINUTE, score=3, comment="Nobody put it right"),
    )


def _clara(morning: datetime, orders: Sequence[Order]) -> tuple[Told, ...]:
    return ()


def _dario(morning: datetime, orders: Sequence[Order]) -> tuple[Told, ...]:
    asked = morning - _DAY * 40
    complained = morning - _DAY * 220
    return (
        Told("NPS", asked, asked + _MINUTE, score=9),
        Told(
            *("COMPLAINT", complained, complained + _MINUTE),
            comment="A quarter of the cups was broken.",
            reasons=("DAMAGED",),
            order=orders[4],
            reply=_ANSWER,
            replied_at=complained + _DAY,
            note="Paid back in part",
            resolved_at=complained + _DAY * 3,
        ),
    )


def _nothing(morning: datetime, orders: Sequence[Order]) -> tuple[Told, ...]:
    return ()


SCRIPTED = (_ada, _ben, _clara, _dario, _nothing, _nothing)
"""What the six characters say, from the morning of the reference moment and their orders."""
