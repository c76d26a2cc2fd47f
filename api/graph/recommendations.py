"""What to offer a customer, or to do next, in the schema."""

from enum import Enum

import strawberry

from api.graph.arguments import argument
from api.graph.declare import column, each_of, gathered, listed, member, same
from api.graph.products import ProductPair
from api.graph.shared import Money, Node
from api.graph.sources import Member
from api.reads import recommendations as reads
from api.reads.json import constant


@strawberry.enum(description="What sort of step is recommended.")
class RecommendationKind(Enum):
    SERVICE_RECOVERY = strawberry.enum_value("SERVICE_RECOVERY", description="Make good for a bad experience.")
    RENEWAL = strawberry.enum_value(
        "RENEWAL", description="Renew what ends within 90 days and does not go on by itself, or may not."
    )
    WIN_BACK = strawberry.enum_value(
        "WIN_BACK", description="Win back who is active no longer, or silent for longer than ever before."
    )
    UPSELL = strawberry.enum_value(
        "UPSELL", description="Offer a bigger support plan to whoever has nearly used up theirs."
    )
    REFERRAL_ASK = strawberry.enum_value(
        "REFERRAL_ASK", description="Ask whoever is loyal, or would recommend the business, to do so."
    )
    CROSS_SELL = strawberry.enum_value(
        "CROSS_SELL", description="Offer a product that goes with what the customer bought."
    )


@strawberry.enum(description="What stands in the way of a recommendation.")
class RecommendationBlockCode(Enum):
    NO_CONTACT = strawberry.enum_value("NO_CONTACT", description="Nobody knows how to reach the customer.")
    NO_CONSENT = strawberry.enum_value(
        "NO_CONSENT", description="The customer agreed to no way by which they can be reached with an offer."
    )
    OPEN_COMPLAINT = strawberry.enum_value(
        "OPEN_COMPLAINT", description="The customer complained about something that is not settled yet."
    )
    RECENT_REFUND = strawberry.enum_value(
        "RECENT_REFUND", description="The customer got money back within the last 30 days."
    )


_IN_WORDS = {
    RecommendationBlockCode.NO_CONTACT: "There is no email address, phone number or postal address.",
    RecommendationBlockCode.NO_CONSENT: "The customer has not agreed to be reached with offers: ask for that first.",
    RecommendationBlockCode.OPEN_COMPLAINT: "A complaint is not settled: settle that first.",
    RecommendationBlockCode.RECENT_REFUND: "Money was paid back within the last 30 days: make good for that first.",
}


@strawberry.type(description="Something that stands in the way of a recommendation.")
class RecommendationBlock:
    code: RecommendationBlockCode = column("Which of the known hindrances it is.")
    message: str = column("The same in one sentence, to show on a screen.")


@strawberry.type(description="A range of money, such as what an order may come to.")
class MoneyInterval:
    low: Money = same("The lower end.", {"amount": "value_low", "currency_code": "currency"})
    high: Money = same("The upper end.", {"amount": "value_high", "currency_code": "currency"})


def _block(code: RecommendationBlockCode) -> Member:
    names = {"code": lambda row: constant(code.name), "message": lambda row: constant(_IN_WORDS[code])}
    return member(names, kept=lambda row: row[code.name.lower()])


@strawberry.type(description="Something to offer a customer, or to do next, with what speaks for it.")
class Recommendation:
    kind: RecommendationKind = column("What sort of step it is.")
    title: str = column("The step in a few words, to show on a screen.")
    reason: str = column("Why it is worth doing, in one sentence.")
    expected_value: MoneyInterval | None = same(
        "What it brings if the customer takes it up: for a renewal the price of one more term, else the middle half of "
        "what is usual. Null where that cannot be said.",
        missing="value_low",
    )
    basis: list[Node] = each_of(
        "What it rests on: the products, the order, the refund, what was said, or what is to be renewed.",
        "basis_of",
        "basis_ids",
        "basis_id",
        {
            "Order": reads.ORDER,
            "Refund": reads.REFUND,
            "Product": reads.PRODUCT,
            "CustomerSubscription": reads.SUBSCRIPTION,
            "SupportPlanEnrollment": reads.SUPPORT_PLAN,
            "Contract": reads.CONTRACT,
            "Feedback": reads.FEEDBACK,
        },
    )
    blocked_by: list[RecommendationBlock] = listed(
        "What stands in the way; nothing does where it is empty.", *[_block(code) for code in RecommendationBlockCode]
    )
    bought_together: ProductPair | None = same(
        "For a product to offer: how many customers buy both; else null.", missing="support"
    )


RECOMMENDATIONS = gathered(
    "What to offer the customer, or to do next: what must not wait first, products to offer last.",
    reads.recommendations,
    [argument("first", int, "How many at most, 1 to 100.", 5)],
    cost=20,
    many=True,
    multiplied_by="first",
)
