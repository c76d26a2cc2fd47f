"""What customers are expected to bring, as they were last ranked, in the schema."""

from datetime import datetime

import strawberry

from api.graph.arguments import argument
from api.graph.declare import column, gathered, money
from api.graph.predictions import RiskBand
from api.graph.shared import Money
from api.reads import ranking as reads


@strawberry.type(
    description=(
        "Where a customer stood among all when they were last ranked by what orders, subscriptions, support plans and "
        "contracts are expected to bring within twelve months, all by one model."
    )
)
class CustomerRanking:
    predicted_value: Money = money(
        "What the customer was expected to bring within twelve months, discounted by a tenth a year.",
        "ranked_predicted_value",
        "ranked_currency",
    )
    probability_active: float = column(
        "Probability that something comes within twelve months: a purchase, a renewal, or a term that runs on for all "
        "of them.",
        "ranked_probability_active",
    )
    churn_band: RiskBand = column("The risk that nothing more comes within twelve months.", "ranked_churn_band")
    top_percent: int = column(
        "Among how many of a hundred who are expected to bring most: 1 for the top hundredth of all who were ranked.",
        "ranked_top_percent",
    )
    scored_at: datetime = column(
        "When all customers were ranked; what happened since is not in these figures.", "ranked_scored_at"
    )


@strawberry.type(description="Between which a total lies with a probability, by a normal distribution.")
class TotalInterval:
    low: Money = money("Lower end, never below nothing.", "low")
    high: Money = money("Upper end.", "high")
    level: float = column("Probability that the total lies in between.")


@strawberry.type(
    description=(
        "What customers are expected to bring within twelve months, all together, as of when they were last ranked by "
        "the model of all customers; "
        "with how far off that may be, and for which reasons."
    )
)
class PredictedTotal:
    scored_at: datetime = column("When the customers were ranked; what happened since is not in it.")
    customers: int = column("Of how many something is expected: those who had bought, or agreed to something, by then.")
    expected: Money = money("Sum of what each is expected to bring, discounted by a tenth a year.", "expected")
    interval: TotalInterval = gathered(
        "The range that holds the total with a probability, all the reasons below counted in.",
        reads.total_interval,
        [argument("level", float, "The probability, above 0 and at most 0.99.", 0.8)],
    )
    standard_deviation: Money = money(
        "How far off the total may be (one standard deviation): the three parts below, squared and added.",
        "standard_deviation",
    )
    chance: Money = money(
        "The part that is chance: what customers do, and which terms they renew, differs from what is expected.",
        "chance",
    )
    parameters: Money = money(
        "The part that comes from how well the model of orders is known: worked out for all customers, taken as a "
        "share here. How well renewals are known is not in it.",
        "parameters",
    )
    model_error: Money = money(
        "The part that comes from what the model of orders does not know: how far off its totals were in tests, or "
        "20 %. Models of renewals are not tested, and their error is not in it.",
        "model_error",
    )
