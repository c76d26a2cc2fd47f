"""Whether a customer is active and why, in the schema."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from typing import Annotated, Self

import strawberry

from benchmarks.idiomatic.activity import Evaluation, EvidenceRow
from benchmarks.idiomatic.orders import Money, Order
from benchmarks.idiomatic.policy import Policy
from benchmarks.idiomatic.rows import ContractRow, OrderRow, SubscriptionRow, SupportPlanRow
from benchmarks.idiomatic.spans import FOREVER, Span, around, merged


@strawberry.enum
class ActiveReasonCode(Enum):
    RECENT_PURCHASE = "RECENT_PURCHASE"
    LOYAL = "LOYAL"
    PAID_SUPPORT_PLAN = "PAID_SUPPORT_PLAN"
    PRODUCT_SUBSCRIPTION = "PRODUCT_SUBSCRIPTION"
    SERVICE_SUBSCRIPTION = "SERVICE_SUBSCRIPTION"
    CONTRACT = "CONTRACT"


@strawberry.type
class CustomerSubscription:
    id: strawberry.ID
    plan_name: str
    started_at: datetime


@strawberry.type
class SupportPlanEnrollment:
    id: strawberry.ID
    plan_name: str
    ends_at: datetime | None


@strawberry.type
class Contract:
    id: strawberry.ID
    number: str
    value: Money
    ends_at: datetime | None


Evidence = Annotated[
    Order | CustomerSubscription | SupportPlanEnrollment | Contract, strawberry.union("ActiveEvidence")
]


def _evidence(row: EvidenceRow) -> Order | CustomerSubscription | SupportPlanEnrollment | Contract:
    match row:
        case OrderRow():
            return Order.of(row)
        case SubscriptionRow():
            key = strawberry.ID(str(row.subscription_id))
            return CustomerSubscription(id=key, plan_name=row.plan_name, started_at=row.started_at)
        case SupportPlanRow():
            key = strawberry.ID(str(row.support_plan_id))
            return SupportPlanEnrollment(id=key, plan_name=row.plan_name, ends_at=row.ends_at)
        case ContractRow():
            key, value = strawberry.ID(str(row.contract_id)), Money(amount=row.value, currency_code=row.currency)
            return Contract(id=key, number=row.number, value=value, ends_at=row.ends_at)


@strawberry.type
class DateTimeInterval:
    start_at: datetime
    end_at: datetime | None

    @classmethod
    def of(cls, span: Span) -> Self:
        return cls(start_at=span.start, end_at=span.end)


@strawberry.type
class ActiveRuleEvaluation:
    found: strawberry.Private[Sequence[EvidenceRow]]
    code: ActiveReasonCode
    holds: bool
    explanation: str
    window: DateTimeInterval | None
    observed: int
    required: int | None
    shortfall: str | None
    holds_until: datetime | None

    @classmethod
    def of(cls, made: Evaluation) -> Self:
        return cls(
            found=made.evidence,
            code=ActiveReasonCode(made.code),
            holds=made.holds,
            explanation=made.explanation,
            window=DateTimeInterval.of(made.window) if made.window else None,
            observed=made.observed,
            required=made.required,
            shortfall=made.shortfall,
            holds_until=made.holds_until,
        )

    @strawberry.field
    def evidence(self, first: int = 20) -> list[Evidence]:
        return [_evidence(row) for row in self.found[:first]]


@strawberry.type
class ActivePolicy:
    version: int


@strawberry.type
class ActiveStatus:
    is_active: bool
    active_since: datetime | None
    active_until: datetime | None
    policy: ActivePolicy
    evaluations: list[ActiveRuleEvaluation]

    @classmethod
    def of(cls, policy: Policy, made: Sequence[Evaluation], now: datetime) -> Self:
        span = around(merged(span for each in made for span in each.spans), now)
        return cls(
            is_active=span is not None,
            active_since=span.start if span else None,
            active_until=span.end if span and span.end != FOREVER else None,
            policy=ActivePolicy(version=policy.version),
            evaluations=[ActiveRuleEvaluation.of(each) for each in made],
        )

    @strawberry.field
    def reasons(self) -> list[ActiveRuleEvaluation]:
        return [each for each in self.evaluations if each.holds]
