"""A made-up population with a known truth: simulated purchases and spend, and everything a shop would hold of them."""

from api.domain.population.catalogue import PRODUCTS, Product
from api.domain.population.companies import Company
from api.domain.population.customers import Customer, Population, customer
from api.domain.population.exchange import HOME, Rate, rates
from api.domain.population.identifiers import derived_id
from api.domain.population.model import DENSE, STANDARD, PopulationModel
from api.domain.population.orders import Order, Refund

__all__ = [
    "DENSE",
    "HOME",
    "PRODUCTS",
    "STANDARD",
    "Company",
    "Customer",
    "Order",
    "Population",
    "PopulationModel",
    "Product",
    "Rate",
    "Refund",
    "customer",
    "derived_id",
    "rates",
]
