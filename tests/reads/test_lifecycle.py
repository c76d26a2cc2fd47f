"""The stage a customer is in: each rule by an example, and all of them together on random customers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.domain.calendar import Duration
from tests.asking import Ask
from tests.given import Given, Made

pytestmark = pytest.mark.anyio

ASK = """query Stage($id: ID!, $asOf: DateTime, $knownAt: DateTime, $first: Int = 100, $before: DateTime) {
  customer(by: { id: $id }, asOf: $asOf, knownAt: $knownAt) {
    lifecycle {
      stage since because
      history(first: $first, before: $before) { stage interval { startAt endAt } }
    }
  }
}"""


def day(month: int, of: int = 1, hour: int = 12) -> datetime:
    return datetime(2026, month, of, hour, tzinfo=UTC)


def wire(moment: datetime | None) -> str | None:
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Stages:
    """Asks for the stages of one customer."""

    def __init__(self, ask: Ask, customer: Made) -> None:
        self.ask, self.customer = ask, customer

    async def __call__(self, at: datetime | None = None, **variables: Any) -> Any:
        answer = await self.ask(ASK, id=self.customer.id, asOf=at and at.isoformat(), **variables)
        assert len(self.ask.statements) == 1
        return answer["customer"]["lifecycle"]

    async def history(self, at: datetime | None = None) -> list[tuple[str, str | None]]:
        """Return each stage with its start, the first one first."""
        found = await self(at)
        return [(each["stage"], each["interval"]["startAt"]) for each in reversed(found["history"])]


@pytest.fixture
async def customer(given: Given) -> Made:
    return await given.customer(created_at=day(1))


@pytest.fixture
def stages(ask: Ask, customer: Made) -> Stages:
    ask.now = datetime(2026, 12, 1, tzinfo=UTC)
    return Stages(ask, customer)


async def test_who_is_known_and_no_more_is_aware(stages):
    assert await stages() == {
        "stage": "AWARENESS",
        "since": wire(day(1)),
        "because": ["Known since 1 January 2026."],
        "history": [{"stage": "AWARENESS", "interval": {"startAt": wire(day(1)), "endAt": None}}],
    }


async def test_purchases_lead_from_the_first_to_coming_back(stages, given, customer):
    await given.order(customer, 10, placed_at=day(3, 3))
    await given.order(customer, 10, placed_at=day(6, 5))
    await given.order(customer, 10, placed_at=day(7, 5))
    found = await stages()
    assert (found["stage"], found["since"]) == ("RETENTION", wire(day(6, 5)))
    assert found["because"] == ["First purchase on 3 March 2026.", "Came back on 5 June 2026."]
    assert await stages.history() == [
        ("AWARENESS", wire(day(1))),
        ("PURCHASE", wire(day(3, 3))),
        ("RETENTION", wire(day(6, 5))),
    ]
    earlier = await stages(day(4))
    assert (earlier["stage"], earlier["because"]) == ("PURCHASE", ["First purchase on 3 March 2026."])
    assert earlier["history"][0]["interval"] == {"startAt": wire(day(3, 3)), "endAt": None}


async def test_what_is_paid_back_in_full_counts_no_longer(stages, given, customer):
    first = await given.order(customer, 10, placed_at=day(2))
    await given.order(customer, 10, placed_at=day(3))
    await given.refund(customer, 4, first, refunded_at=day(4))
    assert (await stages())["stage"] == "RETENTION"
    await given.refund(customer, 6, first, refunded_at=day(5))
    found = await stages()
    assert (found["stage"], found["since"]) == ("PURCHASE", wire(day(5)))
    assert found["because"] == ["First purchase on 1 March 2026."]
    assert (await stages(day(5) - timedelta(microseconds=1)))["stage"] == "RETENTION"
    assert (await stages(knownAt=day(4, 20).isoformat()))["stage"] == "RETENTION"


async def test_where_all_is_paid_back_the_customer_is_known_only(stages, given, customer):
    order = await given.order(customer, 10, placed_at=day(2))
    await given.refund(customer, 10, order, refunded_at=day(5))
    found = await stages()
    assert (found["stage"], found["since"]) == ("AWARENESS", wire(day(5)))
    assert found["because"] == ["Known since 1 January 2026.", "All that was bought was paid back by 1 May 2026."]
    assert [stage for stage, _ in await stages.history()] == ["AWARENESS", "PURCHASE", "AWARENESS"]


async def test_a_trial_is_a_try_and_its_end_a_first_payment(stages, given, customer):
    ends = day(3, 15)
    await given.subscription(customer, started_at=day(3), trial_ends_at=ends, period_end=ends, plan_name="Gold")
    assert await stages.history() == [
        ("AWARENESS", wire(day(1))),
        ("CONSIDERATION", wire(day(3))),
        ("PURCHASE", wire(ends)),
    ]
    trying = await stages(day(3, 2))
    assert trying["because"] == ["Free trial of Gold began on 1 March 2026."]
    assert trying["history"][0]["interval"]["endAt"] == wire(ends), "what is known to come ends the stage"
    assert (await stages())["because"] == ["First paid period of subscription Gold began on 15 March 2026."]


async def test_a_trial_that_was_cancelled_stays_a_try(stages, given, customer):
    ends, changed = day(3, 15), day(3, 10)
    cancelled = {"change": "CANCELLED", "changed_at": changed, "cancel_at": changed, "cancellation_reason": "OTHER"}
    await given.subscription(customer, cancelled, started_at=day(3), trial_ends_at=ends, period_end=ends)
    assert [stage for stage, _ in await stages.history()] == ["AWARENESS", "CONSIDERATION"]


async def test_the_payment_after_a_trial_is_no_renewal_and_the_next_one_is(stages, given, customer):
    ends = day(3, 15)
    first = {"change": "RENEWED", "changed_at": day(3, 16), "period_start": ends, "period_end": day(4, 15)}
    second = {"change": "RENEWED", "changed_at": day(4, 14), "period_start": day(4, 15), "period_end": day(5, 15)}
    trial = {"started_at": day(3), "trial_ends_at": ends, "period_end": ends, "plan_name": "Gold"}
    await given.subscription(customer, first, second, **trial)
    assert (await stages.history())[2:] == [("PURCHASE", wire(ends)), ("RETENTION", wire(day(4, 14)))]
    assert (await stages())["because"][1] == "Subscription Gold renewed on 14 April 2026."


async def test_renewals_that_were_paid_during_a_trial_count_from_its_end(stages, given, customer):
    ends = day(3, 15)
    later = [
        {"change": "RENEWED", "changed_at": day(3, 2), "period_start": ends, "period_end": day(4, 15)},
        {"change": "RENEWED", "changed_at": day(3, 3), "period_start": day(4, 15), "period_end": day(5, 15)},
    ]
    await given.subscription(customer, *later, started_at=day(3), trial_ends_at=ends, period_end=ends)
    assert (await stages.history())[1:] == [("CONSIDERATION", wire(day(3))), ("RETENTION", wire(ends))]


async def test_support_plans_free_and_paid(stages, given, customer):
    await given.support_plan(customer, starts_at=day(2), plan_name="Basic")
    assert (await stages())["because"] == ["Free support plan Basic began on 1 February 2026."]
    price = {"paid": True, "price": 5, "currency": "EUR"}
    await given.support_plan(customer, starts_at=day(4), plan_name="Plus", **price)
    found = await stages()
    assert (found["stage"], found["because"]) == ("PURCHASE", ["Paid support plan Plus began on 1 April 2026."])


async def test_a_support_plan_that_came_with_an_order_is_part_of_that_purchase(stages, given, customer):
    order = await given.order(customer, 10, placed_at=day(2))
    line = await given.connection.fetchval("SELECT line_id FROM order_lines")
    of_order = {"order_id": order.key, "line_id": line}
    await given.support_plan(customer, starts_at=day(2), paid=True, price=5, currency="EUR", **of_order)
    await given.support_plan(customer, starts_at=day(2), **of_order)
    assert (await stages())["stage"] == "PURCHASE"


async def test_a_contract_counts_from_its_start_and_again_from_its_renewal(stages, given, customer):
    term = {"signed_at": day(2), "changed_at": day(2), "starts_at": day(4), "term_ends_at": day(6)}
    renewed = {"change": "RENEWED", "changed_at": day(5), "term_starts_at": day(6), "term_ends_at": day(8)}
    await given.contract(customer, renewed, number="C-1", **term)
    assert (await stages(day(3)))["stage"] == "AWARENESS"
    assert await stages.history() == [
        ("AWARENESS", wire(day(1))),
        ("PURCHASE", wire(day(4))),
        ("RETENTION", wire(day(5))),
    ]
    assert (await stages())["because"] == ["Contract C-1 began on 1 April 2026.", "Contract C-1 renewed on 1 May 2026."]


@pytest.mark.parametrize(("auto_renew", "stage"), [(True, "RETENTION"), (False, "PURCHASE")])
async def test_a_contract_that_renews_by_itself_is_renewed_where_it_runs_on(stages, given, customer, auto_renew, stage):
    term = {"starts_at": day(4), "term_ends_at": day(6), "renewal_interval": Duration(2)}
    await given.contract(customer, auto_renew=auto_renew, **term)
    assert (await stages())["stage"] == stage
    assert (await stages(day(5)))["stage"] == "PURCHASE"


async def test_a_contract_terminated_for_the_end_of_its_term_was_not_renewed(stages, given, customer):
    ended = {"terminate_at": day(6), "termination_reason": "Moved", "changed_at": day(5), "change": "TERMINATED"}
    await given.contract(customer, ended, starts_at=day(4), term_ends_at=day(6), auto_renew=True)
    assert (await stages())["stage"] == "PURCHASE"


async def test_facts_before_the_customer_was_entered_are_when_they_became_known(stages, given, customer):
    await given.order(customer, 10, placed_at=day(1) - timedelta(days=365))
    assert await stages.history() == [("PURCHASE", wire(day(1) - timedelta(days=365)))]


async def test_days_are_those_of_the_policys_zone(stages, given, customer):
    await given.order(customer, 10, placed_at=day(3, 3, 23))
    assert (await stages())["because"] == ["First purchase on 4 March 2026."]
    await given.policy(day(2), zone="America/New_York", recorded_at=day(2))
    assert (await stages())["because"] == ["First purchase on 3 March 2026."]


async def test_a_history_is_read_in_parts(stages, given, customer):
    for month in range(2, 6):
        order = await given.order(customer, 10, placed_at=day(month))
        await given.refund(customer, 10, order, refunded_at=day(month, 10))
    whole = (await stages())["history"]
    assert len(whole) == 9
    assert (await stages(first=2))["history"] == whole[:2]
    before = whole[3]["interval"]["startAt"]
    assert (await stages(first=2, before=before))["history"] == whole[3:5]


@pytest.mark.parametrize("first", [0, 101, -1])
async def test_a_history_of_another_length_is_refused(ask, customer, first):
    await ask(ASK, id=customer.id, first=first, fails=True)
    assert ask.codes == ["BAD_USER_INPUT"]
