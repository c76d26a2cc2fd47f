"""A made-up population with a known truth: simulated purchases and spend, and everything a shop would hold of them."""

from api.domain.population.catalogue import PRODUCTS, Product
from api.domain.population.customers import Customer, Population, customer
from api.domain.population.model import DENSE, PopulationModel

__all__ = ["DENSE", "PRODUCTS", "Customer", "Population", "PopulationModel", "Product", "customer"]
