"""The page that `regulars plot customer` writes."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from api.cli.drawn.document import document, flags, shown, tiles
from api.cli.fitted.told import WARNINGS
from api.cli.plotted.figures import Drawn, figures
from api.domain.lifetime_value.course import LEVEL


def page(drawn: Drawn) -> str:
    """Return the page as HTML."""
    return document(drawn.about.name, _parts(drawn))


def _parts(drawn: Drawn) -> Iterator[str]:
    bought, last = drawn.about.bought, drawn.points[-1]
    span = f"bought on {len(bought):,} days since {bought[0][0]}" if bought else "has placed no order"
    yield f"<h1>{escape(drawn.about.name)}</h1>"
    yield f'<p class="lead">{drawn.customer_id} · {span} · as of {last.day} ({drawn.zone.key})</p>'
    yield tiles(_measured(drawn))
    yield f'<h2>Over time, by one model</h2><p class="lead">{_by(drawn)}</p>'
    yield f'<div class="stack">{"".join(shown(each, wide=True) for each in figures(drawn))}</div>'
    yield '<h2>Where the forecast of today must not be trusted</h2><section class="flags">'
    yield flags((flag.value, WARNINGS[flag]) for flag in drawn.course.latest.flags)
    yield "</section>"


def _by(drawn: Drawn) -> str:
    of = f" for {escape(drawn.part)}" if drawn.part else ""
    return (
        f"Each day is told from what had happened by its end. All are told by the model in use today{of}, version "
        f"{drawn.version} ({escape(drawn.method)}, fitted to everything until {drawn.fitted}): before that day, its "
        "parameters rest on what came later, too, of all its customers together. With <code>asOf</code> the API "
        "takes the model of the time instead."
    )


def _measured(drawn: Drawn) -> Iterator[tuple[str, str, str]]:
    last, currency = drawn.points[-1], drawn.currency
    yield "Comes back within 12 months", f"{last.active:.0%}", f"risk: {drawn.course.latest.churn_risk.band.lower()}"
    ends = f"{last.low.amount:,} to {last.high.amount:,}"
    yield f"Expected in 12 months, {currency}", f"{last.expected.amount:,}", f"{LEVEL:.0%} of such cases: {ends}"
    yield f"Brought so far, {currency}", f"{last.brought:,}", "after discounts and refunds"
    due = drawn.course.latest.next_purchase
    if due is not None:
        beside = "overdue" if due.overdue else f"between {due.earliest_on} and {due.latest_on}"
        yield "Next purchase due", str(due.expected_on), beside
