"""Customers, companies, and identifiers in other systems."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Text, func, literal_column

from api.reads.relation import Expression, Link, Relation, Row, Term, public_id, rows
from api.reads.search import relevance
from api.tables import customers as tables


def _has_visible_customer(row: Row) -> ColumnElement[bool]:
    return row.has(customers_of_company)


companies = Relation(
    "companies",
    tables.companies,
    "company_id",
    "com",
    recorded="recorded_at",
    order=(Term("name"),),
    owned=_has_visible_customer,
)
companies_of_parent = Link(companies, companies, (("parent_id", "company_id"),))

customers = Relation(
    "customers",
    tables.customers,
    "customer_id",
    "cus",
    owner="customer_id",
    happened="created_at",
    recorded="recorded_at",
    order=(Term("created_at"),),
)
customers.expression(relevance)
merged_into = Link(customers, customers, (("merged_into", "customer_id"),))
company = Link(customers, companies, (("company_id", "company_id"),))
customers_of_company: Link = Link(companies, customers, (("company_id", "company_id"),), order=(Term("created_at"),))

external_ids = Relation(
    "external_ids",
    tables.customer_external_ids,
    "customer_id",
    "ext",
    owner="customer_id",
    recorded="recorded_at",
    superseded="superseded_at",
)
external_ids_of_customer = Link(
    customers, external_ids, (("customer_id", "customer_id"),), order=(Term("source"), Term("value")), total=True
)


@customers.expression
def display_name(row: Row) -> Expression:
    """Return a name to show that is never empty: the person, the company, the e-mail or an identifier."""
    person = func.trim(func.concat_ws(literal_column("' '"), row.c.first_name, row.c.last_name))
    return func.coalesce(
        func.nullif(person, literal_column("''")),
        _company_name(row),
        row.c.email,
        literal_column("'Customer '").concat(_first_external_id(row)),
        literal_column("'Customer '").concat(func.right(public_id(row), literal_column("8"))),
        type_=Text,
    )


def _company_name(row: Row) -> Expression:
    behind, joined = row.joined(company)
    return rows(behind, [behind.c.name], joined).scalar_subquery()


def _first_external_id(row: Row) -> Expression:
    behind, joined = row.joined(external_ids_of_customer)
    return (
        rows(behind, [behind.c.value], joined)
        .order_by(behind.c.source, behind.c.value)
        .limit(literal_column("1"))
        .scalar_subquery()
    )


@customers.expression
def as_of(row: Row) -> Expression:
    """Return the moment the answer rests on."""
    return row.lens.moment


def has_email(row: Row, email: Expression) -> ColumnElement[bool]:
    """Return whether a customer who was not merged away has this address, in capitals or not."""
    return (func.lower(row.c.email) == func.lower(email)) & row.c.merged_into.is_(None)


def has_phone(row: Row, phone: Expression) -> ColumnElement[bool]:
    """Return whether a customer who was not merged away has this number."""
    return (row.c.phone == phone) & row.c.merged_into.is_(None)


def has_external_id(row: Row, source: Expression, value: Expression) -> ColumnElement[bool]:
    """Return whether a customer is known by an identifier of another system."""
    behind = row.other(external_ids)
    named = [behind.c.source == source, behind.c.value == value]
    return row.key == rows(behind, [behind.c.customer_id], [*named, *behind.visible()]).scalar_subquery()
