"""What the six characters have agreed, at fixed distances from the reference moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from api.domain.contract import Termination
from api.domain.population.agreed import amount, changed
from api.domain.population.agreements import Agreements
from api.domain.population.contracts import KNIFE_SERVICE, TASTINGS
from api.domain.population.contracts import Course as ContractCourse
from api.domain.population.orders import Order
from api.domain.population.subscriptions import SHARPENING, TEA_OF_THE_MONTH, TEA_OF_THE_SEASON
from api.domain.population.subscriptions import Course as SubscriptionCourse
from api.domain.population.support_plans import BREAKAGE_COVER, FIRST_STEPS, TOOL_CARE, SupportPlan, Used, enrolled
from api.domain.subscription import Amendment, Cancellation
from api.domain.subscription_pauses import Pause, Resumption
from api.domain.support_plan import cancelled

_DAY = timedelta(days=1)
_SOON = timedelta(minutes=4)


def ada(morning: datetime, orders: Sequence[Order]) -> Agreements:
    """Return those of the regular: a service, tea that she no longer has sent, and cover for a teapot.

    morning  of the reference moment
    """
    tea_began, tea_ended = morning - 700 * _DAY, morning - 505 * _DAY
    tea = SubscriptionCourse(TEA_OF_THE_MONTH, "EUR", tea_began, tea_began + _SOON)
    tea.renew_until(tea_ended)
    tea.take(Cancellation("TOO_EXPENSIVE", "I drink more coffee now."), tea_ended, tea_ended + _SOON)
    began, dearer = morning - 310 * _DAY, morning - 120 * _DAY
    service = SubscriptionCourse(SHARPENING, "EUR", began, began + _SOON)
    service.renew_until(dearer)
    service.take(Amendment(price=amount(2690, "EUR")), dearer, dearer + _SOON)
    service.renew_until(morning - _DAY)
    teapot = orders[11]
    cover = enrolled(BREAKAGE_COVER, "EUR", teapot.placed_at, teapot.recorded_at)
    return Agreements((tea.done(), service.done()), (SupportPlan((cover,), order=teapot, line=1),))


def ben(morning: datetime, orders: Sequence[Order]) -> Agreements:
    """Return those of the lapsed customer: tea that he paused and then gave up, and care for a tool, which is over."""
    began, paused, resumed, ended = (morning - days * _DAY for days in (650, 610, 575, 475))
    tea = SubscriptionCourse(TEA_OF_THE_SEASON, "GBP", began, began + _SOON)
    tea.take(Pause(), paused, paused + _SOON)
    tea.take(Resumption(), resumed, resumed + _SOON)
    tea.renew_until(ended)
    tea.take(Cancellation("UNUSED", cancel_at=ended), ended, ended + _SOON)
    tool = orders[1]
    care = enrolled(TOOL_CARE, "GBP", tool.placed_at, tool.recorded_at)
    asked = tool.placed_at + 40 * _DAY
    usage = Used(1, "How to keep it from rusting", asked, asked + _SOON)
    return Agreements((tea.done(),), (SupportPlan((care,), (usage,), order=tool, line=1),))


def clara(morning: datetime, orders: Sequence[Order]) -> Agreements:
    """Return those of the new customer: help that is free, so that it makes nobody active."""
    began = orders[0].placed_at
    usage = Used(1, "How hot the water should be", morning - 4 * _DAY, morning - 4 * _DAY + _SOON)
    return Agreements(support_plans=(SupportPlan((enrolled(FIRST_STEPS, "EUR", began, began + _SOON),), (usage,)),))


def dario(morning: datetime, _orders: Sequence[Order]) -> Agreements:
    """Return those of the business customer: a contract that ends within weeks, and two that ended early."""
    signed = morning - 340 * _DAY
    service = ContractCourse(KNIFE_SERVICE, "CHF", signed_at=signed - 12 * _DAY, starts_at=signed, recorded_at=signed)
    agreed, ended = morning - 560 * _DAY, morning - 470 * _DAY
    tastings = ContractCourse(TASTINGS, "CHF", signed_at=agreed, starts_at=agreed, recorded_at=agreed + _SOON)
    penalty = amount(6000, "CHF")
    tastings.terminate(Termination(ended, "The terrace was closed", penalty), ended, ended + _SOON)
    began, given_up = morning - 590 * _DAY, morning - 400 * _DAY
    care = enrolled(replace(TOOL_CARE, plan_name="Machine care"), "CHF", began, began + _SOON)
    over = changed(care, cancelled(care.values, None, "UNUSED", given_up), given_up + _SOON)
    return Agreements((), (SupportPlan((care, over)),), (service.done(), tastings.done()))


def nothing(_morning: datetime, _orders: Sequence[Order]) -> Agreements:
    """Return those of who has agreed nothing: the one who buys seldom, and the friend who has yet to buy."""
    return Agreements()


AGREEMENTS = (ada, ben, clara, dario, nothing, nothing)
"""By the characters' numbers."""
