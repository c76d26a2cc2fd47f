"""The models behind predicted values, in the schema."""

from datetime import date, datetime
from enum import Enum

import strawberry

from api.domain.calendar import Duration
from api.graph.declare import column, gathered, identifier, many, money, same
from api.graph.scalars import CurrencyCode
from api.graph.shared import Money, Node
from api.graph.value_streams import ValueStream
from api.reads import lifetime_value_models as reads


@strawberry.enum(description="What a reader of a forecast has to know before they trust it.")
class ModelFlag(Enum):
    ATTRITION_NOT_IDENTIFIED = strawberry.enum_value(
        "ATTRITION_NOT_IDENTIFIED",
        description="The purchases cannot tell customers who left from those who pause; go by how long each is silent.",
    )
    SMALL_SAMPLE = strawberry.enum_value(
        "SMALL_SAMPLE", description="There are fewer than 500 customers, or fewer than 100 who bought again."
    )
    STALE = strawberry.enum_value(
        "STALE", description="The model was fitted more than 60 days before, or has seen nothing of the 60 days before."
    )
    PRIOR = strawberry.enum_value(
        "PRIOR", description="Nothing was fitted yet: these are the figures of businesses in general."
    )
    SEASON_RISK = strawberry.enum_value(
        "SEASON_RISK",
        description="The purchases end in a peak, or span less than 18 months, so that a season may pass for a trend.",
    )
    EXTRAPOLATED = strawberry.enum_value(
        "EXTRAPOLATED", description="The horizon is more than three times as long as the customers were observed."
    )
    LOW_CONFIDENCE = strawberry.enum_value(
        "LOW_CONFIDENCE", description="On held-out time, repeating each customer's last period did clearly better."
    )
    ORDERS_UNKNOWN = strawberry.enum_value(
        "ORDERS_UNKNOWN",
        description="The customer has placed no order yet, so nothing is known, or expected, of orders.",
    )
    RENEWALS_UNKNOWN = strawberry.enum_value(
        "RENEWALS_UNKNOWN",
        description="Few terms like the customer's were seen; larger groups, or businesses in general, stand in.",
    )


@strawberry.type(description="A tenth of the customers of a test, by what was predicted of them.")
class CalibrationDecile:
    decile: int = column("Number of the tenth, 1 for the lowest predictions.")
    predicted: Money = same("Mean predicted value.", {"amount": "predicted", "currency_code": "currency"})
    observed: Money = same("Mean true value.", {"amount": "observed", "currency_code": "currency"})


@strawberry.type(
    description=(
        "How a model did on purchases it had not seen: fitted to those before, it was compared with those that came. "
        "A naive forecast stands beside it, also where that did better."
    )
)
class ModelCalibration:
    days: int = column("How many days were held out.")
    held_out_from: date = column("First day that was held out.")
    held_out_until: date = column("The day after the last one.")
    customers: int = column("How many customers were compared.")
    interval_level: float = column("Probability that the intervals were meant to have.", "level")
    interval_coverage: float = column("Share of true values in their interval.", "coverage")
    total_bias: float = column("Predicted total over true total, less one.")
    mean_absolute_error: Money = money("Mean error of a customer's predicted value.", "mean_absolute_error")
    naive_total_bias: float = column("The same bias of repeating what each customer brought in the last such period.")
    naive_mean_absolute_error: Money = money(
        "The same error of repeating the last period.", "naive_mean_absolute_error"
    )
    purchases_bias: float = column("Predicted number of purchases over the true one, less one.")
    rank_correlation: float = column("How well the model ranked customers, from -1 to 1 (Spearman).")
    brier_score: float = column(
        "Mean squared error of the probability of any purchase; 0 is perfect, 0.25 is a coin.", "brier"
    )
    deciles: list[CalibrationDecile] = gathered(
        "Predicted and true value in ten groups, lowest prediction first.", reads.deciles, many=True
    )


@strawberry.type(
    description=(
        "How long subscriptions, support plans or contracts of one kind are kept: the share that is renewed at the end "
        "of each term."
    )
)
class RenewalPattern:
    stream: ValueStream | None = column("Which kind of business it is about; null for all together.")
    term_length: Duration | None = column("About how long a term is; null for every length.", "term")
    renewed_first: float = column("Share that is renewed at the end of the 1st term.", "first")
    renewed_second: float = column("Share of these that is renewed at the end of the 2nd term.", "second")
    renewed_third: float = column("Share of those that is renewed at the end of the 3rd term.", "third")
    method: str = column("The statistical method: sBG, or BdW where the chance of leaving changes with age.")
    seen: int = column("How many of them were looked at.")
    rests_on_prior: bool = column(
        "Whether they were too few, so that the shares lean on those of larger groups or of businesses in general.",
    )


@strawberry.enum(description="What a part of the customers has in common.")
class SegmentBasis(Enum):
    KIND = strawberry.enum_value("KIND", description="They buy privately, or they buy for a business.")
    COUNTRY = strawberry.enum_value("COUNTRY", description="They are from the same country.")
    TAG = strawberry.enum_value("TAG", description="The business has given them the same label.")


@strawberry.type(description="A part of the customers that has a model of its own.")
class ModelSegment:
    by: SegmentBasis = column("By what customers were divided.", "segment_by")
    value: str = column("What these have in common, such as DE or BUSINESS.", "segment_value")


@strawberry.type(description="A fitted model of what customers will bring: a version is never changed, only followed.")
class LifetimeValueModel(Node):
    id: strawberry.ID = identifier()
    version: int = column("Number of the fit, counted from 1; models of parts of the customers share it with all.")
    segment: ModelSegment | None = same(
        "The part of the customers it was fitted to and is used for; null where it is of all.", missing="segment_value"
    )
    method: str = column("Name of the statistical method, such as MBG/NBD; spending is always modelled by Gamma-Gamma.")
    fitted_at: datetime = column("When this version was worked out from the purchases.", "recorded_at")
    trained_from: datetime = column("First purchase that the model has seen.")
    trained_until: datetime = column("Nothing later was seen; answers about earlier moments use earlier models.")
    customers: int = column("How many customers the model has seen.")
    repeaters: int = column("How many of them bought on more than one day.")
    currency_code: CurrencyCode = column(
        "What the amounts are in: the currency the business reported in then.", "currency"
    )
    flags: list[ModelFlag] = column("What to be careful about, as far as it was known when the model was fitted.")
    calibrations: list[ModelCalibration] = many(
        reads.tests_of_model, "How the model did on time that was held out; none where the history is too short."
    )
    renewals: list[RenewalPattern] = gathered(
        "How long what is agreed for a time is kept, the largest groups first; none where nothing was.",
        reads.renewals,
        many=True,
    )
