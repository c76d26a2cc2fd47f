"""What can be said of a customer at a moment: per reason whether it holds, why, until when, or what is missing."""

from __future__ import annotations

from sqlalchemy import DateTime, and_, case, cast, func, null, type_coerce

from api.reads.active_policies import active_policies
from api.reads.active_policies import policy_in_force as in_force
from api.reads.active_rules import LOYAL, RECENT_PURCHASE
from api.reads.activity import activity
from api.reads.counted_purchases import is_within, loyal_until, recent_until
from api.reads.customers import customers
from api.reads.json import number
from api.reads.judging import TERMS, contains
from api.reads.orders import orders_of_customer
from api.reads.relation import Condition, Expression, Link, PlainText, Row, rows
from api.reads.words import day_in, spelled, text

_MOMENT = DateTime(timezone=True)
_UNTIL = {RECENT_PURCHASE: recent_until, LOYAL: loyal_until}
# Nothing in these words needs an escape: they are names, numbers and days.
_WORDS = PlainText()
_SENTENCE = PlainText(required=True)
_OBSERVED = {RECENT_PURCHASE: "recent_observed", LOYAL: "loyal_observed"}

policy_of_customer = Link(customers, active_policies, (("policy_in_force", "policy_id"),))
customer_itself = Link(customers, customers, (("customer_id", "customer_id"),))


@customers.expression
def policy_in_force(row: Row) -> Expression:
    """Return the key of the policy that judges, which is the same for all customers."""
    return in_force(row.lens)


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
    found: Condition = activity(row).c[f"{reason}_holds"]
    return found


def holds_until(row: Row, reason: str) -> Expression:
    """Return until when a reason holds without a break, null where it does not or has no end."""
    return activity(row).c[f"{reason}_until"]


def link(reason: str) -> Link:
    """Return the way to what a reason rests on."""
    return TERMS[reason][0] if reason in TERMS else orders_of_customer


def counted(reason: str, row: Row, target: Row) -> list[Condition]:
    """Return whether something counts for a reason at the moment: for one that does not hold, what there is of it."""
    moment = row.lens.moment
    if reason in TERMS:
        return [holds(row, reason), *TERMS[reason][1](target), contains(target.c.held, moment)]
    rules = activity(row).c
    recent = is_within(row, target, rules.longest if reason == RECENT_PURCHASE else rules.loyal_window)
    return [recent, target.c.placed_at <= moment, _UNTIL[reason](row, target, rules) > moment]


def some_counts(row: Row, reason: str) -> Condition:
    """Return whether anything counts for a reason at the moment."""
    # A rule about terms holds exactly while one counts.
    return holds(row, reason) if reason in TERMS else observed(row, reason) > number(0)


def _is_on(row: Row, reason: str) -> Condition:
    found: Condition = activity(row).c[f"{reason}_on"]
    return found


def observed(row: Row, reason: str) -> Expression:
    """Return how many purchases or terms count for a reason."""
    if reason not in TERMS:
        return activity(row).c[_OBSERVED[reason]]
    term, joined = row.joined(link(reason))
    found = rows(term, [func.count()], [*joined, *counted(reason, row, term)]).scalar_subquery()
    return case((some_counts(row, reason), found), else_=number(0))


def required(row: Row, reason: str) -> Expression:
    """Return how many it takes, null where the policy does not use the rule."""
    needed = activity(row).c.loyal_count if reason == LOYAL else number(1)
    return case((_is_on(row, reason), needed))


def window_start(row: Row, reason: str) -> Expression:
    """Return when the purchase was made that decides: for a recent one that which counts longest, for loyalty the first
    that still counts; null for rules about terms."""
    if reason in TERMS:
        return cast(null(), _MOMENT)
    return _deciding(row) if reason == RECENT_PURCHASE else activity(row).c.loyal_first[number(1)]


def window_end(row: Row, reason: str) -> Expression:
    """Return when the purchase that decides will count no longer; null for rules about terms."""
    if reason in TERMS:
        return cast(null(), _MOMENT)
    told = activity(row).c
    return told.recent_last[number(1)] if reason == RECENT_PURCHASE else told.loyal_first[number(2)]


def _deciding(row: Row) -> Expression:
    """Return when the purchase was made that counts longest as a recent one."""
    made: Expression = activity(row).c.recent_last[number(2)]
    return made


def shortfall(row: Row, reason: str) -> Expression:
    """Return what is missing, in words; null where the rule holds or is not used."""
    return type_coerce(case((and_(_is_on(row, reason), ~holds(row, reason)), _missing(row, reason))), _WORDS)


def _missing(row: Row, reason: str) -> Expression:
    if reason != LOYAL:
        return text(MISSING[reason])
    short = required(row, reason) - observed(row, reason)
    more = case((short == number(1), text("1 more purchase")), else_=func.concat(short, text(" more purchases")))
    deadline = activity(row).c.loyal_end
    by_when = case(
        (deadline.is_(None), func.concat(text(" within "), spelled(activity(row).c.loyal_window))),
        else_=func.concat(text(" before "), day(row, deadline)),
    )
    return func.concat(more, by_when)


def explanation(row: Row, reason: str) -> Expression:
    """Return in one sentence why a rule holds or does not."""
    made = {RECENT_PURCHASE: _of_recent_purchase, LOYAL: _of_loyalty}.get(reason, _of_term)
    unused = text("The policy in force does not use this rule.")
    return type_coerce(case((~_is_on(row, reason), unused), else_=made(row, reason)), _SENTENCE)


def _of_recent_purchase(row: Row, reason: str) -> Expression:
    last = activity(row).c.latest
    # What holds may rest on an earlier purchase, where the latest was paid back or has a shorter window.
    bought_on = day(row, _deciding(row))
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
