"""Whether a customer is active and why, judged in Python from rows that loaders have read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from uuid import UUID

from api.domain.calendar import Duration
from benchmarks.idiomatic.policy import Policy
from benchmarks.idiomatic.rows import ContractRow, Held, OrderRow, RefundRow, SubscriptionRow, SupportPlanRow
from benchmarks.idiomatic.spans import FOREVER, Span, around, at_least, merged

THINGS = {
    "PAID_SUPPORT_PLAN": "paid support plan in force",
    "PRODUCT_SUBSCRIPTION": "running subscription to a product",
    "SERVICE_SUBSCRIPTION": "running subscription to a service",
    "CONTRACT": "contract in force",
}
UNUSED = "The policy in force does not use this rule."

EvidenceRow = OrderRow | SubscriptionRow | SupportPlanRow | ContractRow


@dataclass(frozen=True, slots=True)
class Facts:
    """What was read of a customer, latest first."""

    orders: Sequence[OrderRow]
    refunds: Sequence[RefundRow]
    subscriptions: Sequence[SubscriptionRow]
    support_plans: Sequence[SupportPlanRow]
    contracts: Sequence[ContractRow]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How a customer stands by one rule."""

    code: str
    spans: Sequence[Span]
    holds: bool
    explanation: str
    observed: int
    required: int | None
    shortfall: str | None
    holds_until: datetime | None
    window: Span | None
    evidence: Sequence[EvidenceRow]


class Judge:
    """Judges one customer by a policy at a moment."""

    def __init__(self, policy: Policy, facts: Facts, now: datetime) -> None:
        self._policy = policy
        self._facts = facts
        self._now = now

    def evaluations(self) -> list[Evaluation]:
        """Return how the customer stands by each rule."""
        facts = self._facts
        products, services = (
            [term for term in facts.subscriptions if term.kind == kind] for kind in ("PRODUCT", "SERVICE")
        )
        return [
            self._recent_purchase(),
            self._loyal(),
            self._term("PAID_SUPPORT_PLAN", [plan for plan in facts.support_plans if plan.paid]),
            self._term("PRODUCT_SUBSCRIPTION", products),
            self._term("SERVICE_SUBSCRIPTION", services),
            self._term("CONTRACT", facts.contracts),
        ]

    @cached_property
    def _undone(self) -> Mapping[UUID, datetime]:
        """When orders that were paid back as a whole were."""
        if not self._facts.refunds:
            return {}
        amounts, moments = defaultdict[UUID, Decimal](Decimal), dict[UUID, datetime]()
        for refund in self._facts.refunds:
            amounts[refund.order_id] += refund.amount
            moments[refund.order_id] = max(refund.refunded_at, moments.get(refund.order_id, refund.refunded_at))
        totals = {order.order_id: order.gross - order.discount for order in self._facts.orders}
        return {order: moments[order] for order, amount in amounts.items() if amount >= totals[order]}

    def _spans_of_orders(self, window: Duration) -> list[Span]:
        """Return for each order, in their order, while it counts."""
        zone, undone = self._policy.zone, self._undone
        found = list[Span]()
        for order in self._facts.orders:
            end = window.after(order.placed_at, zone)
            back = undone.get(order.order_id)
            found.append(Span(order.placed_at, end if back is None else max(order.placed_at, min(end, back))))
        return found

    def _recent_purchase(self) -> Evaluation:
        rule = self._policy.rules["RECENT_PURCHASE"]
        each = self._spans_of_orders(rule.window)
        spans = merged(each) if rule.enabled else []
        counting = self._counting(each) if rule.enabled else []
        deciding = max((span for _, span in counting), key=lambda span: (span.end, span.start), default=None)
        if deciding:
            said = f"Bought on {self._day(deciding.start)}, which counts until {self._day(deciding.end)}."
        elif self._facts.orders:
            said = f"The last purchase, on {self._day(self._facts.orders[0].placed_at)}, does not count now."
        else:
            said = "Has not bought anything yet."
        return self._of_orders("RECENT_PURCHASE", counting, spans, said, "1 purchase", deciding)

    def _loyal(self) -> Evaluation:
        rule = self._policy.rules["LOYAL"]
        each = self._spans_of_orders(rule.window)
        spans = at_least(rule.count, each) if rule.enabled else []
        here = around(spans, self._now)
        counting = self._counting(each)
        count, within = len(counting), _spelled(rule.window)
        if here:
            needed = f"{rule.count} are needed, which holds until {self._day(here.end)}"
            said = f"Made {count} purchases within {within}, {needed}."
        else:
            said = f"Made {count} of the {rule.count} purchases needed within {within}."
        short = rule.count - count
        deadline = min((span.end for _, span in counting), default=None)
        by_when = f"before {self._day(deadline)}" if deadline else f"within {within}"
        missing = f"{short} more purchase{'' if short == 1 else 's'} {by_when}"
        first = min((span for _, span in counting), default=None)
        return self._of_orders("LOYAL", counting, spans, said, missing, first)

    def _counting(self, each: Sequence[Span]) -> list[tuple[OrderRow, Span]]:
        return [(order, span) for order, span in zip(self._facts.orders, each, strict=True) if span.contains(self._now)]

    def _of_orders(
        self,
        code: str,
        counting: Sequence[tuple[OrderRow, Span]],
        spans: Sequence[Span],
        explanation: str,
        missing: str,
        window: Span | None,
    ) -> Evaluation:
        rule, here = self._policy.rules[code], around(spans, self._now)
        if not rule.enabled:
            return Evaluation(code, (), False, UNUSED, 0, None, None, None, None, ())
        return Evaluation(
            code,
            spans,
            here is not None,
            explanation,
            len(counting),
            rule.count,
            None if here else missing,
            here.end if here else None,
            window,
            [order for order, _ in counting],
        )

    def _term(self, code: str, terms: Sequence[SubscriptionRow | SupportPlanRow | ContractRow]) -> Evaluation:
        if not self._policy.rules[code].enabled:
            return Evaluation(code, (), False, UNUSED, 0, None, None, None, None, ())
        spans = merged(span for term in terms for span in _spans(term.held))
        here, thing = around(spans, self._now), THINGS[code]
        running = [term for term in terms if around(_spans(term.held), self._now)]
        until = None if here is None or here.end == FOREVER else here.end
        if here:
            said = f"Has a {thing} {f'until {self._day(until)}' if until else 'without an end'}."
        else:
            said = f"Has no {thing}."
        missing = None if here else f"1 {thing}"
        return Evaluation(code, spans, here is not None, said, len(running), 1, missing, until, None, running)

    def _day(self, moment: datetime) -> str:
        local = moment.astimezone(self._policy.zone)
        return f"{local.day} {local:%B} {local.year}"


def _spans(held: Held) -> Iterable[Span]:
    for span in held:
        if span.lower is not None:
            yield Span(span.lower, span.upper or FOREVER)


def _spelled(length: Duration) -> str:
    parts = [(length.months, "month"), (length.days, "day")]
    return " and ".join(f"{count} {unit}{'' if count == 1 else 's'}" for count, unit in parts if count)
