"""What customers are expected to bring, in the schema."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from enum import Enum
from functools import cache
from importlib import import_module
from typing import Annotated, Any

import strawberry

from api.domain.calendar import Duration
from api.graph.arguments import argument
from api.graph.lifetime_value_models import LifetimeValueModel, ModelFlag
from api.graph.shared import Money
from api.graph.sources import Columns
from api.graph.value_streams import StreamForecast

ARGUMENTS = [
    argument("horizon", Duration, "How far to look ahead, at most P10Y.", Duration(12)),
    argument(
        "annual_discount_rate",
        Decimal,
        'By how much less money counts for each year that it comes later, such as "0.10" for a tenth.',
        Decimal("0.10"),
    ),
]


@strawberry.enum(description="Why nothing is predicted.")
class PredictionUnavailableCode(Enum):
    NO_PURCHASES = strawberry.enum_value(
        "NO_PURCHASES", description="The customer has not bought anything that was kept."
    )
    MODEL_NOT_FITTED = strawberry.enum_value(
        "MODEL_NOT_FITTED", description="No model had been fitted to purchases up to that moment."
    )
    OTHER_CURRENCY = strawberry.enum_value(
        "OTHER_CURRENCY",
        description="The model was fitted in another currency than the one asked for, or that of the business by now.",
    )
    DATA_INVALID = strawberry.enum_value("DATA_INVALID", description="The purchases on record cannot be right.")


@strawberry.type(description="Why nothing is predicted of a customer, and what it would take.")
class PredictionUnavailable:
    code: PredictionUnavailableCode = strawberry.field(description="The reason.")
    message: str = strawberry.field(description="The reason in one sentence, to show on a screen.")
    need: str = strawberry.field(description="What would make a prediction possible.")


@strawberry.enum(description="How a range of money was worked out.")
class IntervalMethod(Enum):
    EXACT = strawberry.enum_value(
        "EXACT", description="From the probability of every number of purchases; for one customer."
    )
    APPROXIMATE = strawberry.enum_value(
        "APPROXIMATE",
        description="From the chance of nothing, the mean and the variance, by a log-normal distribution; for lists.",
    )
    COMBINED = strawberry.enum_value(
        "COMBINED",
        description="The same for orders and terms together, where the customer has a subscription, plan or contract.",
    )


@strawberry.type(description="A range in which the value lies with a probability, missed as often below as above.")
class ValueInterval:
    low: Money = strawberry.field(description="Lower end.")
    high: Money = strawberry.field(description="Upper end.")
    level: float = strawberry.field(description="Probability that the value lies in the range.")
    method: IntervalMethod = strawberry.field(description="How the range was worked out.")


@strawberry.enum(description="How likely it is that nothing more comes of a customer within the horizon.")
class RiskBand(Enum):
    LOW = strawberry.enum_value("LOW", description="A purchase or renewal is at least as likely as none.")
    MEDIUM = strawberry.enum_value("MEDIUM", description="A purchase or renewal has a chance of 20 % to 50 %.")
    HIGH = strawberry.enum_value("HIGH", description="A purchase or renewal has a chance below 20 %.")


@strawberry.enum(description="What a band of risk rests on.")
class RiskBasis(Enum):
    MODEL = strawberry.enum_value("MODEL", description="The chance that the model gives.")
    SILENCE = strawberry.enum_value(
        "SILENCE",
        description=(
            "How long the customer is silent, because the model cannot tell who left from who pauses: HIGH after half "
            "a year and three usual gaps between purchases, else LOW."
        ),
    )


@strawberry.type(
    description="How likely it is that nothing more comes; a forecast, which says nothing about being active."
)
class ChurnRisk:
    probability: float = strawberry.field(
        description="Probability that nothing more comes within the horizon: no purchase, no renewal."
    )
    band: RiskBand = strawberry.field(description="The risk as a coarse band.")
    basis: RiskBasis = strawberry.field(description="What the band rests on.")


@strawberry.type(description="When a customer is due to buy again, counted from the last purchase, if they still do.")
class NextPurchase:
    expected_on: date = strawberry.field(description="Day by which it is as likely to have come as not.")
    earliest_on: date = strawberry.field(description="Early end of the range.")
    latest_on: date = strawberry.field(description="Late end of the range.")
    level: float = strawberry.field(description="Probability that it falls in the range.")
    overdue: bool = strawberry.field(description="Whether the late end has passed.")


@strawberry.enum(description="What makes a customer worth more or less than one of whom nothing is known.")
class ValueDriverName(Enum):
    FREQUENCY = strawberry.enum_value("FREQUENCY", description="How often the customer buys.")
    SILENCE = strawberry.enum_value("SILENCE", description="How long the customer has not bought.")
    SPEND = strawberry.enum_value("SPEND", description="What a purchase of the customer is worth.")
    TERMS = strawberry.enum_value(
        "TERMS", description="What subscriptions, support plans and contracts are expected to bring."
    )


@strawberry.type(description="What makes a predicted value higher or lower.")
class ValueDriver:
    name: ValueDriverName = strawberry.field(
        description="Which of four: how often, how lately, how much, or what was agreed for a time."
    )
    explanation: str = strawberry.field(description="What was seen of it, in one sentence.")
    effect: Money = strawberry.field(
        description="By how much the value is higher for it, or lower, than that of a customer who has just come."
    )


@strawberry.type(
    description=(
        "What a customer is expected to bring within a horizon, with its range, what speaks for it, and the model with "
        "how well it did before."
    )
)
class PredictedValue:
    horizon: Duration = strawberry.field(description="How far ahead is looked.")
    annual_discount_rate: Decimal = strawberry.field(description="By how much less later money counts, per year.")
    expected: Money = strawberry.field(description="Mean of the predicted value, discounted to the moment asked for.")
    by_stream: list[StreamForecast] = strawberry.field(
        description="The same by where it comes from: always all five; the parts add up to expected, to the cent."
    )
    in_other_currencies: list[Money] = strawberry.field(
        description="What renewals in other currencies are to bring, one amount for each; it is counted nowhere else."
    )
    expected_purchases: float = strawberry.field(description="Mean number of days with a purchase.")
    expected_order_value: Money = strawberry.field(description="Mean value of a day with a purchase.")
    probability_active: float = strawberry.field(
        description=(
            "Probability of at least one purchase, renewal or other payment; 1 where what was agreed runs on to the "
            "end of the horizon."
        )
    )
    churn_risk: ChurnRisk = strawberry.field(description="How likely it is that nothing more comes.")
    next_purchase: NextPurchase | None = strawberry.field(
        description="When the customer is due to buy again; null without orders, or where that is over ten years away."
    )
    drivers: list[ValueDriver] = strawberry.field(
        description="What makes the value more or less than that of a customer who has just come, strongest first."
    )
    flags: list[ModelFlag] = strawberry.field(description="What to be careful about in this forecast.")
    model: LifetimeValueModel = strawberry.field(description="The model, with how it did on time it had not seen.")

    @strawberry.field(description="The range that holds the value with a probability.")
    def interval(
        self,
        level: Annotated[
            float, strawberry.argument(description="The probability, above 0 and below 1; 0.99 at most.")
        ] = 0.8,
    ) -> ValueInterval:
        raise AssertionError("the value's own method answers")


PredictedValueResult = Annotated[
    PredictedValue | PredictionUnavailable,
    strawberry.union("PredictedValueResult", description="A prediction, or the reason why there is none."),
]


def predicted(columns: Columns) -> Sequence[object]:
    """Return what customers are expected to bring, from `prediction_facts`."""
    found: Sequence[object] = scoring().predicted(columns)
    return found


def total(predicted: object, historic_net: Decimal) -> object:
    """Return what a customer has brought and is expected to bring, None where nothing is predicted."""
    return scoring().total(predicted, historic_net)


@cache
def scoring() -> Any:
    """Return the module that scores, loaded when first needed: numpy and scipy would take a quarter of a start."""
    return import_module("api.graph.scoring")
