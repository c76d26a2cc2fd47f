"""What can be said of a customer at a moment: per reason whether it holds, why, until when, or what is missing."""

from __future__ import annotations

from sqlalchemy import (
    DateTime,
    Text,
    and_,
    case,
    cast,
    column,
    func,
    null,
    select,
    true,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from sqlalchemy.sql.elements import Grouping

from api.reads.active_policies import active_policies
from api.reads.active_rules import LOYAL, RECENT_PURCHASE
from api.reads.activity import activity, loyal_until, recent_until
from api.reads.customers import customers
from api.reads.json import number
from api.reads.judging import TERMS, around, contains, may_count
from api.reads.orders import orders_of_customer
from api.reads.relation import Condition, Expression, Link, Row, Table, rows
from api.reads.rowset import worked_out_once
from api.reads.words import day_in, spelled, text
from api.tables.standing import REASONS

_MOMENT = DateTime(timezone=True)
_UNTIL = {RECENT_PURCHASE: recent_until, LOYAL: loyal_until}
_ENDS = {RECENT_PURCHASE: "recent_list", LOYAL: "loyal_list"}

policy_of_customer = Link(customers, active_policies, (("policy_in_force", "policy_id"),))
customer_itself = Link(customers, customers, (("customer_id", "customer_id"),))


@customers.expression
def policy_in_force(row: Row) -> Expression:
    """Return the key of the policy that judges."""
    return activity(row).c.policy_id


@customers.expression
def active_span(row: Row) -> Expression:
    """Return the stretch of time around the moment during which the customer counts as active, null where inactive."""
    return activity(row).c.span


@customers.expression
def is_active(row: Row) -> Expression:
    """Return whether any reason holds."""
    return row["active_span"].is_not(None)


@customers.expression
def active_since(row: Row) -> Expression:
    """Return since when a reason has held without a break."""
    return func.lower(row["active_span"], type_=_MOMENT)


@customers.expression
def active_until(row: Row) -> Expression:
    """Return when no reason holds any more if nothing else happens; null where inactive or without an end."""
    return func.upper(row["active_span"], type_=_MOMENT)


def holds(row: Row, reason: str) -> Condition:
    """Return whether a reason holds at the moment."""
    return contains(activity(row).c[reason], row.lens.moment)


def holds_until(row: Row, reason: str) -> Expression:
    """Return until when a reason holds without a break, null where it does not or has no end."""

    def make() -> tuple[Table, Condition]:
        spans, moment = activity(row).c, row.lens.moment
        ends = [func.upper(around(spans[each], moment), type_=_MOMENT).label(each) for each in REASONS]
        return worked_out_once(select(*ends)), true()

    row.require("ends")
    return row.beside("ends", make).c[reason]


def link(reason: str) -> Link:
    """Return the way to what a reason rests on."""
    return TERMS[reason][0] if reason in TERMS else orders_of_customer


def counted(reason: str, row: Row, target: Row) -> list[Condition]:
    """Return whether something counts for a reason at the moment: for one that does not hold, what there is of it."""
    moment = row.lens.moment
    if reason in TERMS:
        return [_is_on(row, reason), *TERMS[reason][1](target), contains(target.c.held, moment)]
    recent = may_count(row, target, activity(row).c)
    return [recent, target.c.placed_at <= moment, _UNTIL[reason](row, target) > moment]


def _is_on(row: Row, reason: str) -> Condition:
    found: Condition = activity(row).c[f"{reason}_on"]
    return found


def _purchases(row: Row, reason: str) -> Table:
    """Return what one look at a customer's purchases tells of a reason at the moment, beside the customer.

    returns  `latest`, when the customer last bought; of those that count: `observed`, their number; `first` and `over`,
             the moment of the first one and when it counts no longer; `deciding` and `last`, the same of the one that
             counts longest; `end`, when any of them counts no longer
    """

    def make() -> tuple[Table, Condition]:
        lists, columns = activity(row).c, (column("at", _MOMENT), column("until", _MOMENT))
        each = func.unnest(lists.at_list, lists[_ENDS[reason]]).table_valued(*columns).render_derived("each")
        at, until = each.c["at"], each.c.until
        counts = until > row.lens.moment
        found = {"observed": func.count(), "first": func.min(at), "end": func.min(until), "last": func.max(until)}
        told = [made.filter(counts).label(name) for name, made in found.items()]
        told += [_first_of(at, counts, until.desc(), at.desc()).label("deciding"), func.max(at).label("latest")]
        # At the ends of months, one that was made later may be over before it.
        told.append(_first_of(until, counts, at.asc(), until.asc()).label("over"))
        bought = select(*told).select_from(each).where(at <= row.lens.moment)
        return worked_out_once(bought, each), true()

    name = f"purchases_{reason}"
    row.require(name)
    return row.beside(name, make)


def observed(row: Row, reason: str) -> Expression:
    """Return how many purchases or terms count for a reason."""
    if reason not in TERMS:
        return _purchases(row, reason).c.observed
    term, joined = row.joined(link(reason))
    return rows(term, [func.count()], [*joined, *counted(reason, row, term)]).scalar_subquery()


def _first_of(value: Expression, counts: Condition, *order: Expression) -> Expression:
    """Return the aggregate that is the first in an order among the values that count."""
    ranked = func.array_agg(aggregate_order_by(value, *order)).filter(counts)
    return type_coerce(Grouping(ranked), ARRAY(_MOMENT))[number(1)]


def required(row: Row, reason: str) -> Expression:
    """Return how many it takes, null where the policy does not use the rule."""
    needed = activity(row).c.loyal_count if reason == LOYAL else number(1)
    return case((_is_on(row, reason), needed))


def window_start(row: Row, reason: str) -> Expression:
    """Return when the purchase was made that decides: for a recent one that which counts longest, for loyalty the first
    that still counts; null for rules about terms."""
    if reason in TERMS:
        return cast(null(), _MOMENT)
    return _purchases(row, reason).c["deciding" if reason == RECENT_PURCHASE else "first"]


def window_end(row: Row, reason: str) -> Expression:
    """Return when the purchase that decides will count no longer; null for rules about terms."""
    if reason in TERMS:
        return cast(null(), _MOMENT)
    return _purchases(row, reason).c["last" if reason == RECENT_PURCHASE else "over"]


def shortfall(row: Row, reason: str) -> Expression:
    """Return what is missing, in words; null where the rule holds or is not used."""
    return case((and_(_is_on(row, reason), ~holds(row, reason)), _missing(row, reason)), else_=cast(null(), Text))


def _missing(row: Row, reason: str) -> Expression:
    if reason != LOYAL:
        return text(MISSING[reason])
    short = required(row, reason) - observed(row, reason)
    more = case((short == number(1), text("1 more purchase")), else_=func.concat(short, text(" more purchases")))
    deadline = _purchases(row, reason).c.end
    by_when = case(
        (deadline.is_(None), func.concat(text(" within "), spelled(activity(row).c.loyal_window))),
        else_=func.concat(text(" before "), day(row, deadline)),
    )
    return func.concat(more, by_when)


def explanation(row: Row, reason: str) -> Expression:
    """Return in one sentence why a rule holds or does not."""
    made = {RECENT_PURCHASE: _of_recent_purchase, LOYAL: _of_loyalty}.get(reason, _of_term)
    unused = text("The policy in force does not use this rule.")
    return case((~_is_on(row, reason), unused), else_=made(row, reason))


def _of_recent_purchase(row: Row, reason: str) -> Expression:
    last = _purchases(row, reason).c.latest
    # What holds may rest on an earlier purchase, where the latest was paid back or has a shorter window.
    bought_on = day(row, _purchases(row, reason).c.deciding)
    good = func.concat(text("Bought on "), bought_on, text(", which counts"), _until(row, reason))
    return func.concat(
        case(
            (holds(row, reason), good),
            (last.is_(None), text("Has not bought anything yet")),
            else_=func.concat(text("The last purchase, on "), day(row, last), text(", does not count now")),
        ),
        text("."),
    )


def _of_loyalty(row: Row, reason: str) -> Expression:
    count, needed = observed(row, reason), required(row, reason)
    within = func.concat(text(" within "), spelled(activity(row).c.loyal_window))
    until = func.concat(text(", "), needed, text(" are needed, which holds"), _until(row, reason))
    good = func.concat(text("Made "), count, text(" purchases"), within, until, text("."))
    bad = func.concat(text("Made "), count, text(" of the "), needed, text(" purchases needed"), within, text("."))
    return case((holds(row, reason), good), else_=bad)


def _of_term(row: Row, reason: str) -> Expression:
    thing = THINGS[reason]
    good = func.concat(text(f"Has {thing}"), _until(row, reason), text("."))
    return case((holds(row, reason), good), else_=text(f"Has no {thing.partition(' ')[2]}."))


def _until(row: Row, reason: str) -> Expression:
    """Return in words until when a rule holds that does, and whether it is another policy that ends it."""
    until = holds_until(row, reason)
    because = case((until == activity(row).c.policy_until, text(", when another policy begins")))
    ends = func.concat(text(" until "), day(row, until), because)
    return case((until.is_(None), text(" without an end")), else_=ends)


THINGS = {
    "paid_support_plan": "a paid support plan in force",
    "product_subscription": "a running subscription to a product",
    "service_subscription": "a running subscription to a service",
    "contract": "a contract in force",
}
MISSING = {RECENT_PURCHASE: "1 purchase", **{reason: thing.replace("a ", "1 ", 1) for reason, thing in THINGS.items()}}


def day(row: Row, moment: Expression) -> Expression:
    """Return a moment's day in words, such as 3 March 2026, as calendars in the policy's zone show it."""
    return day_in(activity(row).c.zone, moment)
