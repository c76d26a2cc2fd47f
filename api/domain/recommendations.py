"""What it takes to recommend something: how far two products go together, and how much must be known to say so."""

from __future__ import annotations

from typing import Any

from api.domain.calendar import Duration
from api.domain.satisfaction import PASSIVES_FROM

MINIMUM_SUPPORT = 5
"""How many customers must have done the same: of fewer, such a test says nothing (Cochran 1954, "Some methods for
strengthening the common χ² tests", Biometrics 10(4))."""

SIGNIFICANT = 10.83
"""The χ² of one degree of freedom that one pair in a thousand exceeds by chance. Many pairs are looked at: one in
twenty would let through more chance than knowledge."""

STRONGEST = 50
"""How many products are kept for each that they go with."""

LATEST_PRODUCTS = 10
"""How many of the products that a customer bought last are looked at for what goes with them."""

RENEWAL_AHEAD = Duration(days=90)
"""How long before its end a renewal is recommended."""

REFUND_RECENT = Duration(days=30)
"""For how long after money was paid back a customer is to be won over again before anything else is asked of them."""

BAD_SCORES = {"NPS": PASSIVES_FROM - 1, "CSAT": 2}
"""The highest score that is to be made good for, by kind: that of detractors, and of the unsatisfied."""

BAD_SCORE_RECENT = Duration(days=90)
"""For how long a bad score is to be made good for."""

SCORE_COUNTS = Duration(12)
"""For how long a recommendation score says whether somebody would recommend the business."""

REFERRAL_RECENT = Duration(days=90)
"""For how long who invited or brought somebody is not asked for more."""

NEARLY_USED_PERCENT = 80
"""How much of what a support plan covers is used when a bigger one is offered."""

MINIMUM_PAUSES = 4
"""How many pauses between purchases make a rhythm. If the next one is drawn like those before, it is the longest of all
with one chance in five, and less with more of them."""

MINIMUM_PRICES = 5
"""How many amounts must be known before a range of them says what another one may be."""


def confidence(both: Any, bought: Any) -> Any:
    """Return the share of the buyers of one product who have bought another as well: P(B | A).

    Agrawal, Imieliński & Swami (1993), "Mining association rules between sets of items", SIGMOD. Counts may be
    floating-point numbers or expressions of the database.

    >>> confidence(30.0, 40.0)
    0.75
    """
    return both / bought


def lift(both: Any, bought: Any, other: Any, buyers: Any) -> Any:
    """Return how many times as many customers have bought both products as would by chance: P(A ∧ B) / (P(A) P(B)).

    Brin, Motwani, Ullman & Tsur (1997), "Dynamic itemset counting and implication rules for market basket data",
    SIGMOD, where it is called interest.

    both    customers who have bought both products
    bought  those who have bought the one, other those who have bought the other
    buyers  those who have bought anything

    >>> lift(30.0, 40.0, 60.0, 120.0)
    1.5
    """
    return both * buyers / (bought * other)


def expected_both(bought: Any, other: Any, held: Any, held_twice: Any) -> Any:
    """Return how many customers would have bought both products by chance, if each bought as many products as they did.

    Who buys much has bought both of nearly any two products, so that lift alone is above 1 for most. Here products are
    dealt out anew, to as many customers each, and to each customer as many (the configuration model of a graph of two
    kinds of nodes: Newman, Strogatz & Watts 2001, "Random graphs with arbitrary degree distributions and their
    applications", Physical Review E 64).

    bought, other  customers who have bought the one, or the other
    held           sum over customers of k, how many products each has bought
    held_twice     sum over customers of k (k − 1)

    >>> expected_both(40.0, 60.0, 400.0, 1600.0)
    24.0
    """
    return bought * other * held_twice / (held * held)


def surprise(both: Any, expected: Any) -> Any:
    """Return by how much more or fewer customers have bought both than expected, as Pearson's χ²: (O − E)² / E.

    >>> surprise(30.0, 24.0)
    1.5
    """
    return (both - expected) * (both - expected) / expected
