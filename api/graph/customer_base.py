"""All customers at once, in the schema."""

from datetime import date, datetime

import strawberry

from api.graph.active_policies import ActiveReasonCode
from api.graph.arguments import argument
from api.graph.declare import column, derived, gathered, listed, member
from api.graph.lifecycle import LifecycleStage
from api.graph.ranking import PredictedTotal
from api.graph.satisfaction import BASE_WINDOW, BaseSatisfaction, of_base
from api.graph.sources import Member
from api.reads import customer_base as reads
from api.reads import loyalty_standing, ranking
from api.reads.json import constant
from api.reads.relation import Expression, Row
from api.reads.satisfaction import base_answers
from api.tables.standing import REASONS


@strawberry.type(description="How many customers are active for one reason.")
class ReasonCount:
    code: ActiveReasonCode = column("Why they are active.")
    customers: int = column("How many are; one who is active for two reasons counts for both.")


@strawberry.type(description="How many customers are in one stage.")
class StageCount:
    stage: LifecycleStage = column("How far they have come.")
    customers: int = column("How many are in that stage; each customer is in one.")


@strawberry.type(
    description=(
        "How the active customers of one moment became those of another: before plus new plus returned less lapsed is "
        "after."
    )
)
class CustomerMovement:
    active_before: int = column("How many were active at the first moment.")
    active_after: int = column("How many were active at the second moment.")
    new: int = column("How many are active at the second moment, and became so in between for the first time ever.")
    returned: int = column("How many were inactive at the first moment, had been active before, and are again.")
    lapsed: int = column("How many were active at the first moment and are not at the second.")


@strawberry.type(description="Customers who became active for the first time in one month, and how many of them stay.")
class RetentionCohort:
    month: date = column("First day of the month in which they came.")
    customers: int = column("How many came in that month.")
    active: list[int] = column(
        "How many of them were active at the end of that month, of the next one and so on, as far as those are over."
    )


@strawberry.type(description="How many customers have an account at one tier of the points program.")
class TierCount:
    code: str = column("Short name of the tier, such as gold.")
    customers: int = column("How many have an account that is at this tier.")


def _because(reason: str) -> Member:
    def count(row: Row) -> Expression:
        return reads.active_because(row, reason)

    return member({"code": lambda row: constant(reason.upper()), "customers": count})


def _in_stage(stage: LifecycleStage) -> Member:
    def count(row: Row) -> Expression:
        return reads.in_stage(row, stage.name)

    return member({"stage": lambda row: constant(stage.name), "customers": count})


@strawberry.type(description="All customers, or those that meet conditions, in numbers.")
class CustomerBase:
    as_of: datetime = column("The moment the numbers describe: the asOf you asked for, or now.", reads.moment)
    total: int = column("How many customers there are.", reads.customers)
    active: int = column("How many of them count as active.", reads.active)
    by_reason: list[ReasonCount] = listed(
        "How many are active for each reason.", *[_because(reason) for reason in REASONS]
    )
    by_stage: list[StageCount] = listed(
        "How many customers have come how far.", *[_in_stage(stage) for stage in LifecycleStage]
    )
    by_tier: list[TierCount] = gathered(
        "How many have an account for points at each tier of the program, lowest first.",
        loyalty_standing.members_by_tier,
        cost=20,
        many=True,
    )
    predicted_value: PredictedTotal | None = gathered(
        "What they are expected to bring within twelve months, all together; null before the first ranking, and with "
        "asOf or knownAt.",
        ranking.predicted_total,
        cost=20,
    )
    satisfaction: BaseSatisfaction = derived(
        "How content they are, by what they answered within a window, in all and month by month.",
        base_answers,
        of_base,
        [BASE_WINDOW],
        cost=50,
    )
    movement: CustomerMovement = gathered(
        "Who came, came back and went between two moments, as judged by the rules in force at asOf.",
        reads.movement,
        [
            argument("from", datetime, "The first moment."),
            argument("to", datetime, "The second moment, after the first; not after asOf, or it is a forecast."),
        ],
        cost=50,
    )
    retention: list[RetentionCohort] = gathered(
        "How many of those who came in each month stay, earliest first; months in which nobody came are left out.",
        reads.retention,
        [argument("months", int, "How many months to look back, 1 to 36.", 12)],
        cost=50,
        many=True,
        multiplied_by="months",
    )
