"""What customers told the business, what it is about, what was answered, and whether complaints are settled."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import ColumnElement, Integer, and_, case, cast, literal_column, null, select, type_coerce

from api.domain.feedback import SCALES
from api.reads.contracts import contracts
from api.reads.customers import customers
from api.reads.identity import Given
from api.reads.json import constant, number
from api.reads.orders import orders
from api.reads.products import products
from api.reads.relation import Expression, Link, PlainText, Relation, Row, Table, Term, rows
from api.reads.subscriptions import subscriptions
from api.reads.support_plans import support_plans
from api.tables import feedback as tables
from api.tables.business import business

_CUSTOMER = ("customer_id", "customer_id")
_FEEDBACK = ("feedback_id", "feedback_id")
_LATEST_FIRST = (Term("submitted_at", descending=True),)
_EARLIEST_FIRST = (Term("replied_at"),)

feedback = Relation(
    "feedback",
    tables.feedback,
    "feedback_id",
    "fbk",
    owner="customer_id",
    happened="submitted_at",
    recorded="recorded_at",
    order=_LATEST_FIRST,
)
replies = Relation(
    "feedback_replies",
    tables.feedback_replies,
    "reply_id",
    "rep",
    owner="customer_id",
    happened="replied_at",
    recorded="recorded_at",
    order=_EARLIEST_FIRST,
)
resolutions = Relation(
    "complaint_resolutions",
    tables.complaint_resolutions,
    "feedback_id",
    "res",
    owner="customer_id",
    happened="resolved_at",
    recorded="recorded_at",
)

survey_links = Relation(
    "survey_links",
    tables.survey_links,
    "survey_id",
    "svl",
    owner="customer_id",
    happened="created_at",
    recorded="recorded_at",
    planned=frozenset({"expires_at"}),
    order=(Term("created_at", descending=True),),
)

customer_of_feedback = Link(feedback, customers, (_CUSTOMER,))
feedback_of_customer = Link(customers, feedback, (_CUSTOMER,), order=_LATEST_FIRST)
replies_of_feedback = Link(feedback, replies, (_CUSTOMER, _FEEDBACK), order=_EARLIEST_FIRST)
feedback_of_reply = Link(replies, feedback, (_CUSTOMER, _FEEDBACK))
resolution_of_feedback = Link(feedback, resolutions, (_CUSTOMER, _FEEDBACK))
customers.shown_by.append(feedback_of_customer)

customer_of_survey = Link(survey_links, customers, (_CUSTOMER,))
answer_of_survey = Link(survey_links, feedback, (_CUSTOMER, ("survey_id", "survey_id")))

_OF_CUSTOMER = {"order_id": orders, "subscription_id": subscriptions}
_OF_CUSTOMER |= {"support_plan_id": support_plans, "contract_id": contracts}


def subjects(source: Relation) -> Mapping[str, Link]:
    """Return the ways to what feedback can be about, or is asked about, by the column that names it."""
    product = Link(source, products, (("product_id", "product_id"),))
    owned = {key: Link(source, relation, (_CUSTOMER, (key, key))) for key, relation in _OF_CUSTOMER.items()}
    return {"product_id": product, **owned}


@survey_links.expression
@feedback.expression
def about(row: Row) -> Expression:
    """Return the name of the relation that what it is about is in, null where it is about nothing in particular."""
    named = [(row.c[key].is_not(None), constant(link.target.name)) for key, link in subjects(row.relation).items()]
    return type_coerce(case(*named), PlainText())


def signed_parts(row: Row, given: Given) -> Table:
    """Return one row of what the token of a link is made of: its columns, and the key of the business."""
    key = select(business.c.fingerprint_key).scalar_subquery().label("business_key")
    names = ("survey_id", "customer_id", "kind", *tables.ABOUT, "expires_at")
    return select(*[row.c[name].label(name) for name in names], key).correlate(row.table).lateral()


@feedback.expression
def scale_min(row: Row) -> Expression:
    """Return the lowest score of its kind, null where the kind has none."""
    return _of_scale(row, 0)


@feedback.expression
def scale_max(row: Row) -> Expression:
    """Return the highest score of its kind, null where the kind has none."""
    return _of_scale(row, 1)


def _of_scale(row: Row, end: int) -> Expression:
    ends = {constant(kind): number(scale[end]) for kind, scale in SCALES.items()}
    return case(ends, value=row.c.kind, else_=cast(null(), Integer))


def is_complaint(row: Row) -> ColumnElement[bool]:
    """Return whether it is a complaint."""
    return row.c.kind == constant("COMPLAINT")


def is_open_complaint(row: Row) -> ColumnElement[bool]:
    """Return whether it is a complaint that is not settled."""
    return and_(is_complaint(row), ~row.has(resolution_of_feedback))


@feedback.expression
def status(row: Row) -> Expression:
    """Return how a complaint stands, null for all other feedback."""
    reply, joined = row.joined(replies_of_feedback)
    by_us = rows(reply, [literal_column("1")], [*joined, reply.c.author == constant("BUSINESS")]).exists()
    found = case(
        (~is_complaint(row), null()),
        (row.has(resolution_of_feedback), constant("RESOLVED")),
        (by_us, constant("ANSWERED")),
        else_=constant("OPEN"),
    )
    return type_coerce(found, PlainText())


@feedback.expression
def resolved_at(row: Row) -> Expression:
    """Return when a complaint was settled, null where it was not."""
    resolution, joined = row.joined(resolution_of_feedback)
    return rows(resolution, [resolution.c.resolved_at], joined).scalar_subquery()


@feedback.expression
def resolution(row: Row) -> Expression:
    """Return how a complaint was settled in words, null where nobody said or it was not."""
    settled, joined = row.joined(resolution_of_feedback)
    return rows(settled, [settled.c.note], joined).scalar_subquery()


@feedback.expression
def answers_survey(row: Row) -> Expression:
    """Return whether it came through a one-time link."""
    return row.c.survey_id.is_not(None)
