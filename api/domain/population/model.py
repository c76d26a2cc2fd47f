"""What a made-up population behaves like: every parameter, in one place."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PopulationModel:
    """Parameters of MBG/NBD purchases and Gamma-Gamma spend, and of what surrounds them.

    Purchases: a customer buys at λ per week, λ ~ Gamma(rate_shape, rate_scale), and is lost after each purchase, the
    first one too, with probability p ~ Beta(dropout_a, dropout_b). Batislam, Denizel & Filiztekin (2007), "Empirical
    validation and comparison of models for customer base analysis", Int. J. Research in Marketing 24(3).

    Spend: a purchase is worth Gamma(spend_shape, ν), ν ~ Gamma(spend_rate_shape, spend_rate_scale), in the currency of
    the business. Fader & Hardie (2013), "The Gamma-Gamma model of monetary value".

    rate_scale         weeks (the α of the literature; the mean rate is rate_shape / rate_scale purchases a week)
    spend_rate_scale   currency units (γ; the mean spend is spend_shape · spend_rate_scale / (spend_rate_shape − 1))
    weeks              how long before the reference moment the first customers register; registrations are uniform
    wait_share         share of customers who register some time before their first purchase
    wait_weeks         mean of that time, exponential; who still waits at the reference moment has bought nothing
    line_weights       relative frequency of orders that aim at 1, 2, 3, … lines; small orders end up with fewer
    home_share         share of orders that a customer abroad places in their own currency
    discount_share, refund_share, late_share
                       share of orders with a discount, with a refund, and recorded only weeks after they were placed
    """

    rate_shape: float = 0.9
    rate_scale: float = 7.5
    dropout_a: float = 0.8
    dropout_b: float = 4.2
    spend_shape: float = 6.0
    spend_rate_shape: float = 4.0
    spend_rate_scale: float = 24.0
    weeks: int = 156
    wait_share: float = 0.1
    wait_weeks: float = 40.0
    line_weights: tuple[float, ...] = (0.2, 0.25, 0.25, 0.17, 0.13)
    home_share: float = 0.5
    discount_share: float = 0.15
    refund_share: float = 0.05
    late_share: float = 0.03


STANDARD = PopulationModel()
"""Four to five orders a customer over three years."""

DENSE = PopulationModel(rate_shape=1.2, rate_scale=5.0, dropout_a=0.8, dropout_b=9.0)
"""About ten orders a customer, for measuring speed at size."""
