"""Customers and companies in the schema."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

from api.domain import contact
from api.domain.purchase_summary import summaries
from api.graph.declare import argument, column, condition, derived, identifier, many, one, optional, page, same
from api.graph.orders import Order, OrderFilterInput, OrderOrderInput, Refund
from api.graph.shared import (
    Connection,
    DateTimeFilter,
    DateTimeIntervalInput,
    DecimalFilter,
    ExternalId,
    ExternalIdInput,
    IntFilter,
    Node,
    OrderDirection,
)
from api.graph.values import CustomerLifetimeValue, PurchaseSummary
from api.reads import customers as reads
from api.reads.identity import as_kept, is_this, named_elsewhere
from api.reads.orders import orders_of_customer, refunds_of_customer
from api.reads.purchases import purchase_statistic

LazyCompany = Annotated["Company", strawberry.lazy("api.graph.customers")]
LazyCustomer = Annotated["Customer", strawberry.lazy("api.graph.customers")]


@strawberry.enum(description="What sort of customer this is.")
class CustomerKind(Enum):
    CONSUMER = strawberry.enum_value("CONSUMER", description="A private person.")
    BUSINESS = strawberry.enum_value("BUSINESS", description="A person who buys for a company, or a company.")


@strawberry.enum(description="What customers can be sorted by.")
class CustomerOrderField(Enum):
    CREATED_AT = strawberry.enum_value("created_at", description="When the customer first came to us.")
    LAST_PURCHASE_AT = strawberry.enum_value("last_purchase_at", description="When the customer last bought.")
    ORDER_COUNT = strawberry.enum_value("order_count", description="How many orders the customer placed.")
    HISTORIC_NET = strawberry.enum_value("historic_net", description="Net value so far.")
    RELEVANCE = strawberry.enum_value("relevance", description="How well the customer fits the words searched for.")


@strawberry.input(description="One step of a sort order for customers.")
class CustomerOrderInput:
    field: CustomerOrderField = strawberry.field(description="What to sort by.")
    direction: OrderDirection = strawberry.field(description="Which way to sort.", default=OrderDirection.ASC)


@strawberry.input(description="Exactly one way to name a customer.", one_of=True)
class CustomerIdentifierInput:
    id: strawberry.ID | None = condition("Global identifier.", test=is_this)
    external_id: ExternalIdInput | None = condition(
        "Identifier in another system.",
        test=lambda row, given: reads.has_external_id(row, *named_elsewhere(given)),
    )
    email: str | None = condition(
        "Email address, in capitals or not.",
        test=lambda row, given: reads.has_email(row, given.parameter("text", convert=as_kept(contact.email))),
    )
    phone: str | None = condition(
        "Phone number with country code, such as +4930123456.",
        test=lambda row, given: reads.has_phone(row, given.parameter("text", convert=as_kept(contact.phone))),
    )


@strawberry.input(description="Conditions on customers; all that are given must hold.")
class CustomerFilterInput:
    and_: list[CustomerFilterInput] | None = optional("All of these must hold.", name="and")
    or_: list[CustomerFilterInput] | None = optional("At least one of these must hold.", name="or")
    not_: CustomerFilterInput | None = optional("This must not hold.", name="not")
    kind: list[CustomerKind] | None = condition("One of these kinds.")
    country: list[str] | None = condition("One of these country codes.")
    tags: list[str] | None = condition("At least one of these labels.")
    created_at: DateTimeFilter | None = condition("When the customer first came to us.")
    last_purchase_at: DateTimeFilter | None = condition("When the customer last bought.")
    order_count: IntFilter | None = condition("How many orders the customer placed.")
    historic_net: DecimalFilter | None = condition("Net value so far, in the currency of the business.")


@strawberry.type(description="An organisation that customers belong to.")
class Company(Node):
    id: strawberry.ID = identifier()
    name: str = column("Name of the company.")
    parent: LazyCompany | None = one(reads.companies_of_parent, "Company above this one, null at the top.")
    customers: Connection[LazyCustomer] = page(reads.customers_of_company, "Customers who belong to this company.")


@strawberry.type(description="A person or company we sell to.")
class Customer(Node):
    id: strawberry.ID = identifier()
    kind: CustomerKind = column("Whether this is a private person or a business.")
    display_name: str = column("Name to show on a screen, always present.")
    first_name: str | None = column("Given name.")
    last_name: str | None = column("Family name.")
    email: str | None = column("Email address.")
    phone: str | None = column("Phone number with country code.")
    country: str | None = column("Two-letter country code.")
    locale: str | None = column("Preferred language and region, such as de-CH.")
    external_ids: list[ExternalId] = many(
        reads.external_ids_of_customer, "Identifiers of this customer in other systems."
    )
    tags: list[str] = column("Free labels.")
    company: Company | None = one(reads.company, "Company the customer belongs to.")
    created_at: datetime = column("When the customer was entered, or first came to us where the source tells.")
    updated_at: datetime = column("When the customer's own data last changed.")
    recorded_at: datetime = column("When we learnt of the customer.")
    version: int = column("Number that rises with each change, for expectedVersion.")
    merged_into: LazyCustomer | None = one(
        reads.merged_into, "The customer this record was merged into; the old id keeps resolving."
    )
    as_of: datetime = column("Moment on whose facts this answer rests.")
    purchase_summary: PurchaseSummary = derived(
        "Sums over orders and refunds, in the currency of the business.",
        purchase_statistic,
        summaries,
        [argument("during", DateTimeIntervalInput | None, "Only what happened in this stretch of time.")],
        cost=3,
    )
    lifetime_value: CustomerLifetimeValue = same("What the customer has brought.", cost=3)
    orders: Connection[Order] = page(
        orders_of_customer, "Purchases of this customer, latest first.", filter=OrderFilterInput, order=OrderOrderInput
    )
    refunds: Connection[Refund] = page(refunds_of_customer, "Money paid back to this customer, latest first.")
