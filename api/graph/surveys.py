"""One-time links to surveys in the schema: the link, how it is made, and how it is answered."""

from collections.abc import Sequence
from datetime import datetime

import strawberry

from api.domain import survey as domain
from api.domain.feedback import SUBJECTS, Subject
from api.graph.arguments import optional
from api.graph.customers import Customer
from api.graph.declare import column, derived, identifier, one, one_of
from api.graph.feedback import Feedback, FeedbackKind, subjects_of
from api.graph.feedback_changes import words
from api.graph.finding_customers import CustomerIdentifierInput
from api.graph.naming import customer_name, or_none
from api.graph.outcomes import Caller, ChangeInput, Payload, idempotency, perform, reference, user_errors
from api.graph.shared import Node
from api.graph.sources import Columns
from api.reads import feedback as reads
from api.writes.surveys import answer_survey, create_survey_link

_COLUMNS = {"ord": "order_id", "pro": "product_id", "sub": "subscription_id"}
_COLUMNS |= {"sup": "support_plan_id", "con": "contract_id"}


def _tokens(parts: Columns) -> Sequence[str]:
    """Return the tokens of links."""
    found = []
    for place, key in enumerate(parts["business_key"]):
        row = {name: values[place] for name, values in parts.items()}
        about = [Subject(prefix, row[_COLUMNS[prefix]]) for prefix in SUBJECTS if row[_COLUMNS[prefix]]]
        asked = {name: row[name] for name in ("survey_id", "customer_id", "kind", "expires_at")}
        found.append(domain.Survey(about=about[0] if about else None, **asked).token(key))
    return found


@strawberry.type(description="A link that asks a customer one question and takes one answer.")
class SurveyLink(Node):
    id: strawberry.ID = identifier()
    token: str = derived(
        "What to put into the address you send; whoever has it can answer, once.", reads.signed_parts, _tokens
    )
    kind: FeedbackKind = column("What is asked for.")
    about: Node | None = one_of(
        "What is asked about, such as an order or a product; null for the business in general.",
        "about",
        subjects_of(reads.survey_links),
    )
    created_at: datetime = column("When the link was made.")
    expires_at: datetime = column("The first moment at which it takes no answer.")
    customer: Customer = one(reads.customer_of_survey, "Who is asked.")
    answer: Feedback | None = one(reads.answer_of_survey, "The answer it brought; null where there is none yet.")


@strawberry.input(description="Whom a link asks what.")
class SurveyInput:
    customer: CustomerIdentifierInput = strawberry.field(description="Who is asked, and whose answer it will be.")
    kind: FeedbackKind = strawberry.field(description="What is asked for; a complaint or comment cannot be.")
    about_id: strawberry.ID | None = optional(
        "The id of what is asked about: any product, or an order, subscription, support plan or contract of theirs."
    )
    expires_at: datetime | None = optional("When the link runs out, within a year; left out, in 30 days.")


@strawberry.input(description="A link to make, and the key that makes it count once.")
class CreateSurveyLinkInput(ChangeInput):
    survey: SurveyInput = strawberry.field(description="Whom it asks what, and until when.")


@strawberry.input(description="An answer to a survey, and the key that makes it count once.")
class AnswerSurveyInput(ChangeInput):
    token: str = strawberry.field(description="The token of the link, exactly as it was sent.")
    score: int | None = optional("The score on the scale of what is asked; it is needed.")
    comment: str | None = optional("What the customer adds in words, at most 2,000 characters.")
    reason_codes: list[str] | None = optional("Reasons picked from a list, such as FAST_DELIVERY; 20 at most.")


@strawberry.type(description="What became of a link that was to be made.")
class CreateSurveyLinkPayload(Payload):
    survey_link: SurveyLink | None = strawberry.field(
        description="The link; null when something was wrong. On a dry run its token leads nowhere."
    )
    customer: Customer | None = strawberry.field(description="Who is asked.")


@strawberry.type(description="What became of an answer to a survey.")
class AnswerSurveyPayload(Payload):
    feedback: Feedback | None = strawberry.field(
        description="The answer, for who may see what this customer says; null for others, or when something was wrong."
    )


async def create(caller: Caller, given: CreateSurveyLinkInput) -> CreateSurveyLinkPayload:
    """Make a link."""
    asked = given.survey
    until = or_none(asked.expires_at)
    new = domain.NewSurvey(customer_name(asked.customer), asked.kind.name, or_none(asked.about_id), until)
    recorded = await perform(caller, "createSurveyLink", given, lambda change: create_survey_link(change, new))
    outcome = recorded.outcomes[0]
    return CreateSurveyLinkPayload(
        survey_link=reference(SurveyLink, outcome, "survey", recorded),
        customer=reference(Customer, outcome, "customer", recorded),
        user_errors=user_errors(outcome.errors),
        idempotency=idempotency(given.idempotency_key, recorded),
    )


async def answer(caller: Caller, given: AnswerSurveyInput) -> AnswerSurveyPayload:
    """Answer a survey through its link."""
    new = domain.Answer(given.token, words(given))
    recorded = await perform(caller, "answerSurvey", given, lambda change: answer_survey(change, new))
    outcome = recorded.outcomes[0]
    return AnswerSurveyPayload(
        feedback=reference(Feedback, outcome, "feedback", recorded),
        user_errors=user_errors(outcome.errors),
        idempotency=idempotency(given.idempotency_key, recorded),
    )
