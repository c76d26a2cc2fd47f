"""A made-up population with a known truth: simulated purchases and spend, and everything a shop would hold of them."""

from api.domain.population.agreed import Version, worth
from api.domain.population.agreements import Agreements
from api.domain.population.catalogue import PRODUCTS, Product
from api.domain.population.companies import Company
from api.domain.population.consents import Decided
from api.domain.population.contracts import Contract
from api.domain.population.customers import Customer, Population, customer
from api.domain.population.exchange import HOME, Rate, rates
from api.domain.population.feedback import Told
from api.domain.population.identifiers import derived_id
from api.domain.population.model import DENSE, STANDARD, PopulationModel
from api.domain.population.orders import Order, Refund
from api.domain.population.policy import POLICY
from api.domain.population.segments import segments
from api.domain.population.subscriptions import Subscription, SubscriptionVersion
from api.domain.population.support_plans import SupportPlan

__all__ = [
    "DENSE",
    "HOME",
    "POLICY",
    "PRODUCTS",
    "STANDARD",
    "Agreements",
    "Company",
    "Contract",
    "Customer",
    "Decided",
    "Order",
    "Population",
    "PopulationModel",
    "Product",
    "Rate",
    "Refund",
    "Subscription",
    "SubscriptionVersion",
    "SupportPlan",
    "Told",
    "Version",
    "customer",
    "derived_id",
    "rates",
    "segments",
    "worth",
]
