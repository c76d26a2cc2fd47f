"""The rows of a made-up population, as they are copied into the tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import orjson
from sqlalchemy import Table

from api.domain.population import (
    POLICY,
    PRODUCTS,
    Company,
    Customer,
    Order,
    Population,
    PopulationModel,
    Refund,
    derived_id,
    rates,
)
from api.domain.population import segments as saved_by
from api.domain.population.points import Collector, drawn_points, program
from api.domain.postal_address import PostalAddress
from api.tables import active_policies, business, customers, demo, orders, products, segments
from api.writes.demo_agreements import AGREED_COLUMNS, Row, Rows, add_agreements, minor_units
from api.writes.demo_consents import CONSENT_COLUMNS, add_consents
from api.writes.demo_feedback import TOLD_COLUMNS, add_feedback
from api.writes.demo_points import POINTS_COLUMNS, add_points
from api.writes.demo_referrals import REFERRAL_COLUMNS, add_referral

SOURCE = "shop"
_SECOND = timedelta(seconds=1)

COLUMNS: Mapping[Table, tuple[str, ...]] = {
    business.exchange_rates: ("currency", "effective_on", "rate", "recorded_at"),
    products.products: ("product_id", "sku", "name", "category", "durable", "recorded_at"),
    active_policies.active_policies: ("policy_id", "version", "effective_from", "recorded_at"),
    active_policies.active_rules: (
        *("policy_id", "position", "code", "enabled", "customer_kind", "category", "window", "minimum_count"),
    ),
    segments.segments: ("segment_id", "version", "name", "filter", "created_at", "changed_at", "recorded_at"),
    demo.demo_population: ("seed", "until", "model"),
    customers.companies: ("company_id", "name", "parent_id", "recorded_at"),
    customers.customers: (
        *("customer_id", "kind", "first_name", "last_name", "email", "phone", "country", "locale", "company_id"),
        *("tags", "address1", "address2", "city", "province_code", "postal_code", "postal_country"),
        *("created_at", "updated_at", "recorded_at"),
    ),
    customers.customer_external_ids: ("customer_id", "source", "value", "recorded_at"),
    orders.orders: (
        *("customer_id", "order_id", "number", "source", "external_id", "placed_at", "recorded_at", "currency"),
        *("gross", "discount", "business_gross", "business_discount"),
    ),
    orders.order_lines: (
        *("customer_id", "order_id", "position", "line_id", "product_id", "sku", "name", "quantity"),
        *("unit_price", "currency"),
    ),
    orders.refunds: (
        *("customer_id", "refund_id", "order_id", "source", "external_id", "amount", "currency"),
        *("business_amount", "reason", "refunded_at", "recorded_at"),
    ),
    **AGREED_COLUMNS,
    **TOLD_COLUMNS,
    **CONSENT_COLUMNS,
    **REFERRAL_COLUMNS,
    **POINTS_COLUMNS,
    demo.demo_truth: (
        *("customer_id", "number", "scripted", "purchase_rate", "dropout_probability", "mean_spend"),
        *("first_purchase_at", "dropped_out_at", "spends", "next_purchases", "next_spend"),
    ),
}


def shop_rows(population: Population) -> Rows:
    """Return the rows that do not depend on how many customers there are."""
    opened = population.opened_at
    ids = product_ids(population)
    return {
        business.exchange_rates: [
            (rate.currency, rate.effective_on, Decimal(rate.ten_thousandths).scaleb(-4), opened)
            for rate in rates(opened.date(), population.until.date())
        ],
        products.products: [
            (ids[each.sku], each.sku, each.name, each.category, each.durable, opened) for each in PRODUCTS
        ],
        demo.demo_population: [(population.seed, population.until, model_as_json(population.model))],
    }


def policy_rows(population: Population) -> Rows:
    """Return the rows of the policy that the shop has had since it opened."""
    opened = population.opened_at
    key = derived_id(opened, "policy/2")
    return {
        active_policies.active_policies: [(key, 2, opened, opened)],
        active_policies.active_rules: [
            (key, place, rule.code, rule.enabled, rule.customer_kind, rule.category, rule.window, rule.minimum_count)
            for place, rule in enumerate(POLICY.rules, start=1)
        ],
    }


def segment_rows(population: Population) -> Rows:
    """Return the rows of the segments that the shop has had since it opened."""
    opened = population.opened_at
    saved = [
        (key, 1, name, orjson.dumps(conditions).decode(), opened, opened, opened)
        for key, name, conditions in saved_by(population)
    ]
    return {segments.segments: saved}


def customer_rows(population: Population, made: Iterable[Customer], *, with_points: bool, with_friends: bool) -> Rows:
    """Return the rows of customers and of the companies they buy for; a company may be there from earlier customers.

    with_points   whether they collect points by the shop's own program
    with_friends  whether they come by each other, by the shop's own program
    """
    ids = product_ids(population)
    rows: Rows = defaultdict(list)
    for customer in made:
        name = population.name_of(customer.number)
        customer_id = derived_id(customer.created_at, f"{name}/customer")
        rows[customers.companies] += _companies(population, customer.profile.company)
        rows[customers.customers].append(_customer(population, customer_id, customer))
        external = str(1000 + customer.number)
        rows[customers.customer_external_ids].append((customer_id, SOURCE, external, customer.created_at + _SECOND))
        for order in customer.orders:
            _add_order(rows, (customer_id, name, f"D-{external}-{order.position}"), order, ids)
        add_agreements(rows, (customer_id, name, external), customer.agreements)
        add_feedback(rows, (customer_id, name, external), customer.told)
        add_consents(rows, (customer_id, name, external), customer.decided)
        if with_friends:
            add_referral(rows, population, customer, customer_id)
        if with_points:
            _add_points(rows, population, Collector(customer_id, name, customer.profile.kind), customer)
        rows[demo.demo_truth].append(_truth(customer_id, customer))
    return rows


def _add_points(rows: Rows, population: Population, who: Collector, customer: Customer) -> None:
    came_at = customer.created_at if customer.behaviour.traits is None else None
    member = drawn_points(who, customer.orders, program(population.opened_at), population.until, came_at=came_at)
    if member:
        add_points(rows, who, member)


def product_ids(population: Population) -> dict[str, UUID]:
    """Return the products' identifiers by stock keeping unit."""
    return {each.sku: derived_id(population.opened_at, f"product/{each.sku}") for each in PRODUCTS}


def model_as_json(model: PopulationModel) -> str:
    """Return the parameters as they are kept."""
    return orjson.dumps(asdict(model)).decode()


def _companies(population: Population, company: Company | None) -> list[Row]:
    """Return a company after the one it belongs to."""
    if company is None:
        return []
    parent = company.parent
    row = (_company_id(population, company), company.name, _company_id(population, parent), population.opened_at)
    return [*_companies(population, parent), row]


def _company_id(population: Population, company: Company | None) -> UUID | None:
    return derived_id(population.opened_at, f"company/{company.key}") if company else None


def _customer(population: Population, customer_id: UUID, customer: Customer) -> Row:
    known, created = customer.profile, customer.created_at
    return (
        *(customer_id, known.kind, known.first_name, known.last_name, known.email, known.phone),
        *(known.country, known.locale, _company_id(population, known.company), known.tags),
        *_address(customer.address),
        *(created, created, created + _SECOND),
    )


def _address(address: PostalAddress | None) -> Row:
    if address is None:
        return (None,) * 6
    lines = address.address1, address.address2, address.city
    return (*lines, address.province_code, address.postal_code, address.country_code)


def _add_order(rows: Rows, belongs: tuple[UUID, str, str], order: Order, products_by_sku: Mapping[str, UUID]) -> None:
    customer_id, name, number = belongs
    key = customer_id, order.key(name)
    rows[orders.orders].append(
        (
            *(*key, number, SOURCE, number, order.placed_at, order.recorded_at, order.currency),
            *(minor_units(order.gross), minor_units(order.discount)),
            *(minor_units(order.business_gross), minor_units(order.business_discount)),
        )
    )
    for position, item in enumerate(order.items, start=1):
        line_id, product = order.line_key(name, position), item.product
        described = product.sku, product.name, item.quantity, minor_units(item.unit_price), order.currency
        rows[orders.order_lines].append((*key, position, line_id, products_by_sku[product.sku], *described))
    if order.refund:
        rows[orders.refunds].append(_refund(key, order.name_in(name), f"{number}-R", order.currency, order.refund))


def _refund(key: tuple[UUID, UUID], name: str, number: str, currency: str, refund: Refund) -> Row:
    customer_id, order_id = key
    return (
        *(customer_id, derived_id(refund.refunded_at, f"{name}/refund"), order_id, SOURCE, number),
        *(minor_units(refund.amount), currency, minor_units(refund.business_amount)),
        *(refund.reason, refund.refunded_at, refund.recorded_at),
    )


def _truth(customer_id: UUID, customer: Customer) -> Row:
    truth, traits = customer.behaviour, customer.behaviour.traits
    rates_of = (traits.purchase_rate, traits.dropout_probability, traits.mean_spend) if traits else (None, None, None)
    first: datetime | None = truth.purchases[0].placed_at if truth.purchases else None
    return (
        *(customer_id, customer.number, traits is None, *rates_of, first, truth.dropped_out_at),
        *([minor_units(order.spend) for order in customer.orders], truth.next_purchases, minor_units(truth.next_spend)),
    )
