"""Renewals: what ends soon and does not go on by itself, or may not."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, Text, and_, case, func, or_

from api.domain.recommendations import RENEWAL_AHEAD
from api.reads.agreed_terms import seconds_of
from api.reads.contracts import contracts_of_customer
from api.reads.json import constant, number
from api.reads.recommended import basis, day, later, recommendation
from api.reads.relation import Condition, Expression, Row, rows
from api.reads.subscriptions import subscriptions_of_customer
from api.reads.support_plans import support_plans_of_customer
from api.reads.words import text


def renewals(row: Row) -> list[Select[Any]]:
    """Return a recommendation for each subscription, support plan and contract to be renewed, first ends first."""
    return [_subscriptions(row), _support_plans(row), _contracts(row)]


def _subscriptions(row: Row) -> Select[Any]:
    """Return subscriptions that were cancelled and end soon, and those whose payment is overdue."""
    newest, joined = row.joined(subscriptions_of_customer)
    is_overdue = newest["status"] == constant("PAST_DUE")
    reason = case(
        (is_overdue, func.concat(text("The payment due on "), day(newest["due"]), text(" has not come."))),
        else_=_ends(newest, "was cancelled and ends"),
    )
    columns = _renewal(newest, newest.c.plan_name, reason, newest.c.price)
    is_cancelled = and_(newest.c.cancel_at.is_not(None), _is_over_soon(newest))
    return rows(newest, columns, [*joined, or_(is_overdue, is_cancelled)])


def _support_plans(row: Row) -> Select[Any]:
    """Return paid support plans that end soon, and that no other one of the same name follows."""
    newest, joined = row.joined(support_plans_of_customer)
    reason = case(
        (newest.c.cancel_at.is_not(None), _ends(newest, "was cancelled and ends")), else_=_ends(newest, "ends")
    )
    columns = _renewal(newest, newest.c.plan_name, reason, newest.c.price)
    return rows(newest, columns, [*joined, newest.c.paid, _is_over_soon(newest), ~_is_followed(row, newest)])


def _is_followed(row: Row, plan: Row) -> Condition:
    following, joined = row.joined(support_plans_of_customer)
    same = [following.c.plan_name == plan.c.plan_name, following.key != plan.key]
    outlasts = [following.c.held.op("@>", is_comparison=True)(plan.c.ends_at)]
    return rows(following, [number(1)], [*joined, *same, *outlasts]).exists()


def _contracts(row: Row) -> Select[Any]:
    newest, joined = row.joined(contracts_of_customer)
    reason = case(
        (newest.c.terminate_at.is_not(None), _ends(newest, "was given notice of and ends")),
        else_=_ends(newest, "does not renew by itself and ends"),
    )
    columns = _renewal(newest, newest.c.name, reason, newest.c.value)
    return rows(newest, columns, [*joined, _is_over_soon(newest)])


def _ends(newest: Row, how: str) -> Expression:
    return func.concat(text(f"It {how} on "), day(newest.c.ends_at), text("."), type_=Text)


def _is_over_soon(newest: Row) -> Condition:
    """Return whether something is in force, and over before long if nothing else happens."""
    moment = newest.lens.moment
    runs = newest.c.held.op("@>", is_comparison=True)(moment)
    return and_(runs, newest.c.ends_at < later(moment, RENEWAL_AHEAD))


def _renewal(newest: Row, name: Expression, reason: Expression, price: Expression) -> list[Expression]:
    """Return the columns of a renewal: another term, or period, brings the price of the present one."""
    return recommendation(
        "RENEWAL",
        place_within=seconds_of(newest.c.ends_at),
        title=func.concat(text("Renew "), name, type_=Text),
        reason=reason,
        value_low=price,
        value_high=price,
        currency=newest.c.currency,
        **basis(newest),
    )
