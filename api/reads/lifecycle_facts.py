"""What a customer's stage rests on: purchases, trials, starts and renewals of what has a term, and recommendations.

Each fact has the moment from which it counts, and what can be undone also the one from which it counts no longer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

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
    type_coerce,
    union_all,
)
from sqlalchemy.dialects.postgresql import array

from api.domain.satisfaction import PROMOTERS_FROM
from api.reads.contracts import contracts_of_customer
from api.reads.feedback import feedback_of_customer
from api.reads.json import constant, number
from api.reads.orders import orders_of_customer, refunds_of_customer
from api.reads.referrals import counts_for_good, referrals_by_customer
from api.reads.relation import Expression, Link, Row, Table, rows
from api.reads.subscriptions import subscriptions_of_customer
from api.reads.support_plans import support_plans_of_customer

_MOMENT = DateTime(timezone=True)
_PARTS = (column("at", _MOMENT), column("until", _MOMENT), column("kind", Integer()), column("name", Text()))
"""What is known of a fact; `until` is null or infinite for one that is not undone."""

_NEVER: Expression = literal_column("'infinity'::timestamptz", _MOMENT)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of fact.

    first       what is said of it, with braces where the name of the thing belongs
    again       what is said where another paying fact stood before it, None for the same
    trying      whether it shows interest without a payment
    paying      whether it is one that the customer pays for
    advocating  whether it is one by which the customer recommends the business
    """

    first: str
    again: str | None = None
    trying: bool = False
    paying: bool = False
    advocating: bool = False


KNOWN = Kind("Known")
PURCHASE = Kind("First purchase", "Came back", paying=True)
SUBSCRIPTION = Kind("First paid period of subscription {} began", paying=True)
SUPPORT_PLAN = Kind("Paid support plan {} began", paying=True)
CONTRACT = Kind("Contract {} began", paying=True)
SUBSCRIPTION_RENEWED = Kind("Subscription {} renewed", paying=True)
CONTRACT_RENEWED = Kind("Contract {} renewed", paying=True)
TRIAL = Kind("Free trial of {} began", trying=True)
FREE_PLAN = Kind("Free support plan {} began", trying=True)
PROMOTER = Kind("Gave a recommendation score of {}", advocating=True)
BROUGHT = Kind("A friend they brought counted", advocating=True)
KINDS = (
    KNOWN,
    PURCHASE,
    SUBSCRIPTION,
    SUPPORT_PLAN,
    CONTRACT,
    SUBSCRIPTION_RENEWED,
    CONTRACT_RENEWED,
    TRIAL,
    FREE_PLAN,
    PROMOTER,
    BROUGHT,
)
"""All kinds; among facts of one moment those of an earlier kind come first."""

Found: TypeAlias = Mapping[Kind, Expression]
Told: TypeAlias = Callable[[Row, Row], Found]
"""From the newest version of a thing and any of its versions to the moments of facts; null where there is none."""


def facts_of_customer(row: Row) -> Table:
    """Return one row beside a customer: lists of the facts' `at`, `until`, `kind` (a number) and `name`."""
    return row.beside("lifecycle_facts", lambda: (_gathered(row), true()))


def each_fact(facts: Table) -> Table:
    """Return the facts one by one."""
    return func.unnest(*[facts.c[part.name] for part in _PARTS]).table_valued(*_PARTS).render_derived("fact")


def is_one(kind: Expression, wanted: Callable[[Kind], bool]) -> Any:
    """Return whether the number of a kind is that of one that is wanted."""
    return kind.in_([number(place) for place, each in enumerate(KINDS) if wanted(each)])


def _gathered(row: Row) -> Table:
    row.require("lifecycle_facts")
    each = union_all(
        _of_customer(row),
        _of_orders(row),
        _of_refunds(row),
        _of_feedback(row),
        _of_referrals(row),
        _of_versions(row, subscriptions_of_customer, "plan_name", _of_subscription),
        _of_versions(row, support_plans_of_customer, "plan_name", _of_support_plan),
        _of_versions(row, contracts_of_customer, "number", _of_contract),
    ).subquery("each")
    lists = [func.array_agg(each.c[part.name], type_=ARRAY(part.type)).label(part.name) for part in _PARTS]
    gathered: Table = select(*lists).correlate_except(each).lateral()
    return gathered


def _columns(
    at: Expression, kind: Expression, name: Expression | None = None, until: Expression | None = None
) -> list[Expression]:
    parts = {
        "at": type_coerce(at, _MOMENT),
        "until": cast(null(), _MOMENT) if until is None else until,
        "kind": kind,
        "name": cast(null(), Text) if name is None else name,
    }
    return [part.label(label) for label, part in parts.items()]


def _code(kind: Kind) -> Expression:
    return number(KINDS.index(kind))


def _of_customer(row: Row) -> Select[Any]:
    # Who is visible is known: also where what they did is older than what is said of when they came.
    return select(*_columns(func.least(row.c.created_at, row.lens.moment), _code(KNOWN))).correlate(row.table)


def _of_orders(row: Row) -> Select[Any]:
    order, bought = row.joined(orders_of_customer)
    until = func.greatest(order.c.placed_at, func.coalesce(order["undone_at"], _NEVER), type_=_MOMENT)
    return rows(order, _columns(order.c.placed_at, _code(PURCHASE), until=until), bought)


def _of_refunds(row: Row) -> Select[Any]:
    refund, returned = row.joined(refunds_of_customer)
    return rows(refund, _columns(refund.c.refunded_at, _code(KNOWN)), returned)


def _of_feedback(row: Row) -> Select[Any]:
    """Return what was said; a recommendation counts until the customer is asked for another one."""
    told, said = row.joined(feedback_of_customer)
    is_nps = told.c.kind == constant("NPS")
    recommends = and_(is_nps, told.c.score >= number(PROMOTERS_FROM))
    following = func.lead(told.c.submitted_at).over(partition_by=is_nps, order_by=[told.c.submitted_at, told.key])
    kind = case((recommends, _code(PROMOTER)), else_=_code(KNOWN))
    until = case((recommends, following), else_=cast(null(), _MOMENT))
    return rows(told, _columns(told.c.submitted_at, kind, cast(told.c.score, Text), until), said)


def _of_referrals(row: Row) -> Select[Any]:
    # One that is reversed never counts for good.
    referral, made = row.joined(referrals_by_customer)
    columns = _columns(referral.c.release_at, _code(BROUGHT))
    return rows(referral, columns, [*made, *counts_for_good(referral)])


def _of_versions(row: Row, link: Link, name: str, told: Told) -> Select[Any]:
    """Return the facts of things with a term, each of whose versions tells some."""
    newest, joined = row.joined(link)
    # The versions before one that may be seen may be seen as well: they happened before, and were recorded before.
    version = row.other(link.target)
    same = [version.c[key] == newest.c[key] for key in ("customer_id", link.target.key)]
    found = {KNOWN: version.c.changed_at, **told(newest, version)}
    lists = array([_code(kind) for kind in found]), array([type_coerce(at, _MOMENT) for at in found.values()])
    parts = (column("kind", Integer), column("at", _MOMENT))
    fact = func.unnest(*lists).table_valued(*parts).render_derived("told")
    source = newest.table.join(version.table, and_(*same, version.c.version <= newest.c.version)).join(fact, true())
    return (
        select(*_columns(fact.c["at"], fact.c.kind, newest.c[name]))
        .select_from(source)
        .where(*joined, fact.c["at"].is_not(None))
        .correlate_except(newest.table, version.table, fact)
    )


def _first_held(newest: Row) -> Expression:
    """Return when something with a term first held, null where it never does."""
    return func.lower(newest.c.held, type_=_MOMENT)


def _is_newest(newest: Row, version: Row) -> Any:
    return version.c.version == newest.c.version


def _renewed(newest: Row, version: Row, term_start: str) -> Expression:
    """Return from when a renewal counts: one whose period or term lies behind the first that held."""
    later = and_(version.c.change == constant("RENEWED"), version.c[term_start] > _first_held(newest))
    return case((later, func.greatest(version.c.changed_at, _first_held(newest))))


def _of_subscription(newest: Row, version: Row) -> Found:
    ran = or_(newest.c.ends_at.is_(None), newest.c.ends_at > newest.c.started_at)
    tried = and_(_is_newest(newest, version), newest.c.trial_ends_at.is_not(None), ran)
    return {
        TRIAL: case((tried, newest.c.started_at)),
        SUBSCRIPTION: case((_is_newest(newest, version), _first_held(newest))),
        SUBSCRIPTION_RENEWED: _renewed(newest, version, "period_start"),
    }


def _of_support_plan(newest: Row, version: Row) -> Found:
    # One that came with an order is a part of that purchase.
    own = and_(_is_newest(newest, version), newest.c.order_id.is_(None))
    return {
        SUPPORT_PLAN: case((and_(own, newest.c.paid), _first_held(newest))),
        FREE_PLAN: case((and_(own, ~newest.c.paid), _first_held(newest))),
    }


def _of_contract(newest: Row, version: Row) -> Found:
    return {
        CONTRACT: case((_is_newest(newest, version), _first_held(newest))),
        CONTRACT_RENEWED: func.coalesce(_renewed(newest, version, "term_starts_at"), _rolled(newest, version)),
    }


def _rolled(newest: Row, version: Row) -> Expression:
    """Return when a contract first renewed by itself while a version was the newest, null where it did not."""
    end = version.c.term_ends_at
    was_newest = and_(version.c.changed_at <= end, or_(_is_newest(newest, version), version.c.replaced_at > end))
    ran_on = newest.c.held.op("@>", is_comparison=True)(end)
    return case((and_(version.c.auto_renew, was_newest, ran_on), end))
