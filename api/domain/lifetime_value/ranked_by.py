"""What customers are ranked by, in numbers that the database needs too: nothing here loads numpy.

Where it is worked out by hand is said beside it; everything else is a choice of this project.
"""

from __future__ import annotations

from decimal import Decimal
from math import exp, log1p, sqrt

from api.domain.calendar import Duration
from api.domain.lifetime_value.weeks import WEEKS_IN_YEAR, in_weeks

HORIZON = Duration(12)
ANNUAL_DISCOUNT_RATE = Decimal("0.10")
"""How far ahead is looked, and how much less later money counts: what a prediction takes if nothing else is asked."""

NODES = 32
"""Nodes of the probability of being lost after a purchase. With 8 of them the value of a customer who came this week
can be off by some per cent where customers buy often; with 32 it is right to a millionth."""

SMALLEST_NODE, SMALLEST_WEIGHT = 1e-30, 1e-100
"""Below these PostgreSQL could not multiply any more, and nothing would change."""

MODELS = ("BG/NBD", "MBG/NBD")
"""The models that the database can score by."""
SUBSTITUTE = "MBG/NBD"
"""The one of them that stands in for any other; it is always fitted beside the others."""

LIKELY, POSSIBLE = 0.5, 0.2
"""From which chance of a purchase on the risk that none comes is low, and medium."""
SHORTEST_SILENCE, GAPS = 26.0, 3.0
"""Who is silent for more weeks than this, and for more usual gaps between purchases, is taken for lost."""


def discounting() -> list[tuple[float, float]]:
    """Return horizons in weeks, and the factors by which the purchases expected within each make the discounted ones.

    It is by parts, as `BetaGeometric.purchases_while_alive` does it: the integral by the five nodes of Gauss-Legendre,
    which are known in roots (Abramowitz & Stegun 1964, "Handbook of Mathematical Functions", table 25.4), and the end.
    """
    weeks, rate = in_weeks(HORIZON), log1p(float(ANNUAL_DISCOUNT_RATE)) / WEEKS_IN_YEAR
    inner, outer = (sqrt(5 + side * 2 * sqrt(10 / 7)) / 3 for side in (-1, 1))
    heavy, light = ((322 + side * 13 * sqrt(70)) / 900 for side in (1, -1))
    places = [(-outer, light), (-inner, heavy), (0.0, 128 / 225), (inner, heavy), (outer, light)]
    parts = [((1 + place) / 2 * weeks, weight / 2 * rate * weeks) for place, weight in places]
    return [(within, factor * exp(-rate * within)) for within, factor in [*parts, (weeks, 1.0)]]
