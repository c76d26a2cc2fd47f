"""What customers told the business, in the schema."""

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import strawberry

from api.graph.arguments import condition, optional
from api.graph.declare import column, identifier, one, one_of, page, same
from api.graph.shared import Connection, DateTimeFilter, ExternalId, IntFilter, Node, OrderDirection
from api.reads import feedback as reads
from api.reads.relation import Link, Relation

if TYPE_CHECKING:
    from api.graph.customers import Customer

LazyCustomer = Annotated["Customer", strawberry.lazy("api.graph.customers")]
LazyFeedback = Annotated["Feedback", strawberry.lazy("api.graph.feedback")]

_SUBJECTS = {
    "product_id": "Product",
    "order_id": "Order",
    "subscription_id": "CustomerSubscription",
    "support_plan_id": "SupportPlanEnrollment",
    "contract_id": "Contract",
}


def subjects_of(source: Relation) -> dict[str, Link]:
    """Return the ways to what something can be about, by the names of the types."""
    return {_SUBJECTS[key]: link for key, link in reads.subjects(source).items()}


@strawberry.enum(description="What sort of feedback it is.")
class FeedbackKind(Enum):
    NPS = strawberry.enum_value("NPS", description="Would you recommend us, 0 to 10.")
    CSAT = strawberry.enum_value("CSAT", description="How satisfied are you, 1 to 5.")
    CES = strawberry.enum_value("CES", description="How easy was it, 1 to 7; 7 is easiest.")
    REVIEW = strawberry.enum_value("REVIEW", description="A public review with 1 to 5 stars.")
    COMPLAINT = strawberry.enum_value("COMPLAINT", description="A complaint, without a score; it can be resolved.")
    COMMENT = strawberry.enum_value("COMMENT", description="A remark without a score.")


@strawberry.enum(description="How a complaint stands.")
class ComplaintStatus(Enum):
    OPEN = strawberry.enum_value("OPEN", description="The business has not answered yet.")
    ANSWERED = strawberry.enum_value("ANSWERED", description="The business has answered, and it is not settled.")
    RESOLVED = strawberry.enum_value("RESOLVED", description="It is settled.")


@strawberry.enum(description="Who wrote a reply.")
class ReplyAuthor(Enum):
    BUSINESS = strawberry.enum_value("BUSINESS", description="Somebody who works for the business.")
    CUSTOMER = strawberry.enum_value("CUSTOMER", description="The customer whose feedback it is.")


@strawberry.type(description="What somebody answered to feedback.")
class FeedbackReply(Node):
    id: strawberry.ID = identifier()
    author: ReplyAuthor = column("Whether the business wrote it, or the customer.")
    text: str = column("What was answered, word for word.")
    replied_at: datetime = column("When it was answered.")
    recorded_at: datetime = column("When it was entered here, which may be later than it happened.")
    feedback: LazyFeedback = one(reads.feedback_of_reply, "What it answers to.")


@strawberry.type(description="Something a customer told the business.")
class Feedback(Node):
    id: strawberry.ID = identifier()
    kind: FeedbackKind = column("What sort of feedback it is.")
    score: int | None = column("The score, null where its kind has none.")
    scale_min: int | None = column("Lowest score of its kind, null where that has none.")
    scale_max: int | None = column("Highest score of its kind, null where that has none.")
    reason_codes: list[str] = column("Reasons picked from a list, such as LATE_DELIVERY.")
    comment: str | None = column("What the customer wrote.")
    about: Node | None = one_of(
        "What it is about, such as an order or a product; null for the business in general.",
        "about",
        subjects_of(reads.feedback),
    )
    external_id: ExternalId | None = same(
        "What the system it came from calls this feedback; null where it has no name there.",
        {"source": "source", "value": "external_id"},
        "source",
    )
    answers_survey: bool = column("Whether it came through a link made with createSurveyLink.")
    submitted_at: datetime = column("When the customer said it.")
    recorded_at: datetime = column("When it was entered here, which may be later than it happened.")
    status: ComplaintStatus | None = column("How a complaint stands; null for all other feedback.")
    resolved_at: datetime | None = column("When a complaint was settled; null where it was not.")
    resolution: str | None = column("How a complaint was settled, in words; null where nobody said.")
    replies: Connection[FeedbackReply] = page(reads.replies_of_feedback, "What was answered, earliest first.")
    customer: LazyCustomer = one(reads.customer_of_feedback, "Who said it.")


@strawberry.input(description="Conditions on feedback; all that are given must hold.")
class FeedbackFilterInput:
    and_: "list[FeedbackFilterInput] | None" = optional("All of these must hold.", name="and")
    or_: "list[FeedbackFilterInput] | None" = optional("At least one of these must hold.", name="or")
    not_: "FeedbackFilterInput | None" = optional("This must not hold.", name="not")
    kind: list[FeedbackKind] | None = condition("It is of one of these kinds.")
    score: IntFilter | None = condition("The score, on the scale of its kind.")
    reason_codes: list[str] | None = condition("At least one of these reasons was picked.")
    status: list[ComplaintStatus] | None = condition("It is a complaint in one of these states.")
    submitted_at: DateTimeFilter | None = condition("When the customer said it.")


@strawberry.enum(description="What feedback can be sorted by.")
class FeedbackOrderField(Enum):
    SUBMITTED_AT = strawberry.enum_value("submitted_at", description="When the customer said it.")
    SCORE = strawberry.enum_value("score", description="The score; feedback without one comes last.")


@strawberry.input(description="What to sort feedback by, and which way.")
class FeedbackOrderInput:
    field: FeedbackOrderField = strawberry.field(description="What to sort by.")
    direction: OrderDirection = strawberry.field(description="Which way to sort.", default=OrderDirection.DESC)
