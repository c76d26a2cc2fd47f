"""The stage a customer is in, since when, why, and which stages came before: for fields and filters.

A stage follows from whether the customer recommends the business, from how many facts stand that they pay for, and from
whether something was tried for nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    ARRAY,
    DateTime,
    Integer,
    Select,
    Text,
    and_,
    case,
    cast,
    column,
    func,
    literal_column,
    null,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from api.reads.active_policies import policy_in_force, zone_of
from api.reads.customers import customers
from api.reads.history import latest_first
from api.reads.identity import Given
from api.reads.json import constant, number
from api.reads.lifecycle_facts import KINDS, PURCHASE, Kind, each_fact, facts_of_customer, is_one
from api.reads.relation import Condition, Expression, Row, Table
from api.reads.words import day_in

_MOMENT = DateTime(timezone=True)
AWARENESS, CONSIDERATION, BOUGHT, RETENTION, ADVOCACY = (
    constant(stage) for stage in ("AWARENESS", "CONSIDERATION", "PURCHASE", "RETENTION", "ADVOCACY")
)
_COUNTED = ("trying", "paying", "advocating")
"""What of each kind of fact a stage follows from, by the names in `Kind`."""


@customers.expression
def lifecycle_stage(row: Row) -> Expression:
    """Return the stage the customer is in, by what counts at the moment alone: quicker than by all that came before."""
    return _present(row).c.stage


@customers.expression
def lifecycle_since(row: Row) -> Expression:
    """Return since when the customer has been in that stage without a break."""
    return _stages(row).c.since


@customers.expression
def lifecycle_because(row: Row) -> Expression:
    """Return the facts that put the customer in that stage, in words."""
    facts = facts_of_customer(row)
    told = select(func.array_agg(_sentences(row, facts))).scalar_subquery()
    return func.array_remove(func.array_append(told, _paid_back(row, facts)), null(), type_=ARRAY(Text))


def lifecycle_history(row: Row, given: Given) -> Table:
    """Return the customer's stages, latest first, as rows beside the customer.

    given    `first`, how many at most; `before` a moment, only those that had begun by then
    returns  stage, starts_at, ends_at (null for the one that nothing known ends), place
    """
    found = _stages(row)
    columns = (column("starts_at", _MOMENT), column("ends_at", _MOMENT), column("stage", Text))
    lists = [found.c[name] for name in ("starts", "ends", "stages")]
    each = func.unnest(*lists).table_valued(*columns).render_derived("stretch")
    latest = latest_first(row, given, each)
    stretch: Table = select(latest).correlate_except(latest).lateral()
    return stretch


def _present(row: Row) -> Table:
    """Return one row beside a customer: the `stage` at the moment."""
    facts = facts_of_customer(row)
    row.require("lifecycle_stage")
    return row.beside("lifecycle_stage", lambda: (_counted(row, facts), true()))


def _counted(row: Row, facts: Table) -> Table:
    fact = each_fact(facts)

    def standing(name: str) -> Expression:
        return func.count().filter(_stands(fact, row.lens.moment), is_one(fact.c.kind, _which(name)))

    stage = _stage(*map(standing, _COUNTED))
    counted: Table = select(stage.label("stage")).select_from(fact).lateral()
    return counted


def _which(name: str) -> Callable[[Kind], bool]:
    return lambda kind: bool(getattr(kind, name))


def _stage(trying: Expression, paying: Expression, advocating: Expression) -> Expression:
    return case(
        (advocating > number(0), ADVOCACY),
        (paying > number(1), RETENTION),
        (paying == number(1), BOUGHT),
        (trying > number(0), CONSIDERATION),
        else_=AWARENESS,
    )


def _stands(fact: Table, moment: Expression) -> Condition:
    """Return whether a fact stands at the moment."""
    return and_(fact.c["at"] <= moment, or_(fact.c.until.is_(None), fact.c.until > moment))


def _stages(row: Row) -> Table:
    """Return one row beside a customer: lists of `starts`, `ends` and `stages`, and since when the present one is."""
    facts = facts_of_customer(row)
    row.require("lifecycle")
    return row.beside("lifecycle", lambda: (_listed(row, facts), true()))


def _listed(row: Row, facts: Table) -> Table:
    each = _stretches(facts).subquery("stretches")
    at, begun = each.c.at, each.c.at <= row.lens.moment
    lists = {"starts": at, "ends": each.c.ends_at, "stages": each.c.stage}
    columns: list[Expression] = [
        func.array_agg(aggregate_order_by(of, at), type_=ARRAY(of.type)).label(name) for name, of in lists.items()
    ]
    columns.append(func.max(at, type_=_MOMENT).filter(begun).label("since"))
    listed: Table = select(*columns).correlate_except(each).lateral()
    return listed


def _stretches(facts: Table) -> Select[Any]:
    """Return the stretches of one stage each: `at`, where it begins, `ends_at` and `stage`."""
    turns = _turns(facts).subquery("turns")
    running = [func.sum(turns.c[name]).over(order_by=turns.c.at).label(name) for name in _COUNTED]
    counted = select(turns.c.at, *running).subquery("counted")
    stage = _stage(*[counted.c[name] for name in _COUNTED])
    judged = select(counted.c.at, stage.label("stage")).subquery("judged")
    before = func.lag(judged.c.stage).over(order_by=judged.c.at)
    marked = select(judged, before.label("before")).subquery("marked")
    ends_at = func.lead(marked.c.at).over(order_by=marked.c.at)
    # What happened without another stage following from it is no turn.
    is_turn = marked.c.stage.is_distinct_from(marked.c.before)
    return select(marked.c.at, marked.c.stage, ends_at.label("ends_at")).where(is_turn)


def _turns(facts: Table) -> Select[Any]:
    """Return the moments at which something counts or counts no longer, and by how many counts rise."""
    fact, over = each_fact(facts), each_fact(facts)
    begun = select(fact.c["at"].label("at"), *[_one_if(fact, name).label(name) for name in _COUNTED])
    ended = select(over.c.until, *[-_one_if(over, name) for name in _COUNTED]).where(func.isfinite(over.c.until))
    steps = union_all(begun, ended).subquery("steps")
    sums = [func.sum(steps.c[name]).label(name) for name in _COUNTED]
    return select(steps.c.at, *sums).group_by(steps.c.at)


def _one_if(fact: Table, name: str) -> Expression:
    return cast(is_one(fact.c.kind, _which(name)), Integer)


def _sentences(row: Row, facts: Table) -> Any:
    """Return, in the order of their moments, what is said of the facts that make the stage."""
    stage, fact = _present(row).c.stage, each_fact(facts)
    order = [fact.c["at"], fact.c.kind, fact.c.name.collate("C")]
    day = day_in(zone_of(policy_in_force(row.lens)), fact.c["at"])
    places = func.row_number().over(order_by=order)
    chosen = select(fact.c.kind, fact.c.name, day.label("day"), places.label("place"))
    made = chosen.where(_makes(stage, fact, row.lens.moment)).subquery("made")
    most = case((stage == RETENTION, number(2)), else_=number(1))
    said = case((stage == AWARENESS, _text("Known since ")), else_=func.concat(_of_kind(made), _text(" on ")))
    sentence = func.concat(said, made.c.day, _text("."), type_=Text)
    told = select(sentence.label("sentence")).where(made.c.place <= most).order_by(made.c.place)
    return told.correlate_except(made).subquery("told").c.sentence


def _makes(stage: Expression, fact: Table, moment: Expression) -> Condition:
    """Return whether a fact is one of those that make a stage; all that happened makes a customer known."""
    stands = _stands(fact, moment)
    tries, pays, recommends = (and_(is_one(fact.c.kind, _which(name)), stands) for name in _COUNTED)
    makes = ((stage == ADVOCACY, recommends), (stage.in_([BOUGHT, RETENTION]), pays), (stage == CONSIDERATION, tries))
    found: Condition = case(*makes, else_=fact.c["at"] <= moment)
    return found


def _of_kind(made: Any) -> Expression:
    is_first = made.c.place == number(1)

    def said(kind: Kind) -> Expression:
        again = _named(kind.again or kind.first, made.c.name)
        return case((is_first, _named(kind.first, made.c.name)), else_=again) if kind.again else again

    whens = {number(place): said(kind) for place, kind in enumerate(KINDS)}
    return case(*[(made.c.kind == place, words) for place, words in whens.items()])


def _named(words: str, name: Expression) -> Expression:
    before, braces, after = words.partition("{}")
    return func.concat(_text(before), name, _text(after), type_=Text) if braces else _text(words)


def _paid_back(row: Row, facts: Table) -> Expression:
    """Return when the last of what was bought was paid back, null where there is no such thing or something stands."""
    fact = each_fact(facts)
    is_over = and_(fact.c.kind == number(KINDS.index(PURCHASE)), fact.c.until <= row.lens.moment)
    last = select(func.max(fact.c.until, type_=_MOMENT)).where(is_over).scalar_subquery()
    day = day_in(zone_of(policy_in_force(row.lens)), last)
    sentence = _text("All that was bought was paid back by ").concat(day).concat(_text("."))
    return case((_present(row).c.stage.in_([AWARENESS, CONSIDERATION]), sentence), else_=cast(null(), Text))


def _text(words: str) -> Expression:
    return literal_column("'" + words.replace("'", "''") + "'", Text)
