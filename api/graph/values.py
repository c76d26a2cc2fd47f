"""What a customer has brought, in the schema."""

from datetime import datetime

import strawberry

from api.graph import predictions
from api.graph.arguments import argument
from api.graph.declare import column, derived, gathered, listed, member, money, one_of, same
from api.graph.predictions import PredictedValueResult
from api.graph.ranking import CustomerRanking
from api.graph.scalars import CurrencyCode
from api.graph.shared import Money, Node
from api.graph.sources import Finished, Member
from api.graph.value_streams import ValueStream
from api.reads import value_changes as causes
from api.reads.business import told_currency
from api.reads.json import constant
from api.reads.predictions import prediction_facts
from api.reads.values import STREAMS, historic_value, in_other_currencies

IN_CURRENCY = argument(
    "currency",
    CurrencyCode | None,
    "Count only what was charged in this currency, as it was charged; nothing is converted. Left out, or that of the "
    "business: what everything was worth in that on its day.",
)


def _of_stream(name: str) -> Member:
    return member({"stream": lambda row: constant(name.upper()), "net": name})


@strawberry.type(description="What a customer has brought from one kind of business.")
class StreamValue:
    stream: ValueStream = column("Where this part of the money came from.")
    net: Money = money("What came from there, after discounts and refunds, in whole minor units.", "net")


@strawberry.type(
    description=(
        "Sums over a customer's orders and refunds, in the currency of the business. Ask for them where one stretch of "
        "time counts, such as last year."
    )
)
class PurchaseSummary:
    order_count: int = column("How many orders the customer placed.")
    gross: Money = money("Sum of all prices, before discounts and refunds.", "gross")
    discounts: Money = money("Everything taken off by discounts, as an amount above zero.", "discounts")
    refunds: Money = money("Everything paid back to the customer, as an amount above zero.", "refunds")
    net: Money = money("What remains: gross less discounts and refunds.", "net")
    average_order_value: Money | None = money(
        "Net divided by the number of orders; null without orders.", "average", missing="first_at"
    )
    first_purchase_at: datetime | None = column(
        "When the customer bought for the first time; null without orders.", "first_at"
    )
    last_purchase_at: datetime | None = column("When the customer last bought; null without orders.", "last_at")


@strawberry.type(
    description=(
        "What a customer has brought so far. Orders, refunds and payments count when they happened, support plans and "
        "contracts when they were agreed; what points and referrals cost is taken off."
    )
)
class HistoricValue(PurchaseSummary):
    gross: Money = money("All prices, payments and values of contracts, before discounts and refunds.", "gross")
    discounts: Money = money("Everything taken off orders by discounts, as an amount above zero.", "discounts")
    costs: Money = money("What points that were spent and referrals cost, as an amount above zero.", "costs")
    net: Money = money("What remains of all streams; those of byStream add up to it, to the cent.", "net")
    average_order_value: Money | None = money(
        "Net of the orders alone divided by their number; null without orders.", "average", missing="first_at"
    )
    by_stream: list[StreamValue] = listed(
        "The net amount by where it came from: always all seven; the parts add up to net.",
        *[_of_stream(name) for name in STREAMS],
    )


@strawberry.type(description="Something that changed what a customer has brought.")
class ValueChange:
    stream: ValueStream = column("Which part of the value changed.")
    amount: Money = same(
        "By how much it changed, below zero for a loss.", {"amount": "amount", "currency_code": "currency"}
    )
    happened_at: datetime = column("When it did; of several that are summed up, when the latest of them happened.")
    changes: int = column("How many changes this is: 1, or all the earlier ones of its stream in one sum.")
    cause: Node | None = one_of(
        "What it was: an order or refund, a payment, a support plan or a contract, points that were spent or a reward; "
        "null for several in one sum.",
        "cause",
        {
            "Order": causes.ORDER,
            "Refund": causes.REFUND,
            "SubscriptionPayment": causes.PAYMENT,
            "SupportPlanEnrollment": causes.PLAN,
            "Contract": causes.CONTRACT,
            "LoyaltyEntry": causes.ENTRY,
            "Reward": causes.REWARD,
        },
    )


@strawberry.type(description="What a customer has brought to the business so far, and what they are expected to bring.")
class CustomerLifetimeValue:
    as_of: datetime = column("The moment these values describe: the asOf you asked for, or now.")
    currency_code: CurrencyCode = column(
        "Currency of every amount here: the one asked for, else that of the business.", told_currency
    )
    historic: HistoricValue = gathered("What the customer has brought so far, exact to the cent.", historic_value)
    in_other_currencies: list[Money] = gathered(
        "What support plans and contracts in other currencies brought, one amount for each currency. It is counted "
        "nowhere else: nobody recorded what it was worth in this one.",
        in_other_currencies,
        many=True,
    )
    changes: list[ValueChange] = gathered(
        "What changed historic.net since a moment, latest first; the amounts add up to the difference, to the cent.",
        causes.value_changes,
        [
            argument("since", datetime, "The moment to compare with, not later than asOf."),
            argument(
                "first",
                int,
                "How many of the latest changes stand by themselves, 1 to 100; those before are summed up behind them.",
                100,
            ),
        ],
        cost=5,
        many=True,
        multiplied_by="first",
    )
    predicted: PredictedValueResult = derived(
        "What the customer is expected to bring, with its proof; or why that cannot be said.",
        prediction_facts,
        predictions.predicted,
        predictions.ARGUMENTS,
        cost=3,
    )
    total: Money | None = derived(
        "What the customer has brought and is expected to bring, together; null where nothing is predicted.",
        prediction_facts,
        predictions.predicted,
        predictions.ARGUMENTS,
        cost=3,
        finished=Finished("historic_net", predictions.total),
    )
    ranking: CustomerRanking | None = same(
        "Where the customer stands by what they are expected to bring; null for who was not ranked yet or of whom "
        "nothing is expected, and with asOf, knownAt or another currency.",
        missing="ranked_scored_at",
    )
