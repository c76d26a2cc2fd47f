"""Recommendation, satisfaction and effort, worked out by hand."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from api.domain.satisfaction import LEVEL, Tally, base_satisfaction, net_promoter_score


def test_the_score_and_its_range_are_those_worked_out_by_hand():
    """n' = 39, p' = 15.75/39, d' = 5.75/39: middle 25.641 %, variance 0.485536, half the range 21.869 %."""
    found = net_promoter_score(promoters=15, passives=16, detractors=5)
    assert found is not None
    assert found.score == pytest.approx(100 * 10 / 36)
    assert found.low == pytest.approx(3.772, abs=5e-4)
    assert found.high == pytest.approx(47.510, abs=5e-4)
    assert (found.responses, found.promoters, found.passives, found.detractors, found.level) == (36, 15, 16, 5, LEVEL)


def test_the_range_is_the_published_formula_in_exact_fractions():
    for promoters, passives, detractors in ((1, 0, 0), (0, 0, 3), (7, 2, 1), (40, 30, 30), (500, 0, 500)):
        n = promoters + passives + detractors + 3
        p, d = (Fraction(count) + Fraction(3, 4) for count in (promoters, detractors))
        middle, variance = (p - d) / n, (p + d) / n - ((p - d) / n) ** 2
        found = net_promoter_score(promoters=promoters, passives=passives, detractors=detractors)
        assert found is not None
        for end, sign in ((found.low, -1), (found.high, 1)):
            away = sign * 1.959963984540054 * float(variance / n) ** 0.5
            assert end == pytest.approx(100 * max(-1, min(1, float(middle) + away)))
        assert -100 <= found.low <= found.high <= 100


def test_more_answers_make_the_range_narrower_and_none_make_nothing():
    few, many = (net_promoter_score(promoters=3 * n, passives=2 * n, detractors=n) for n in (1, 100))
    assert few is not None
    assert many is not None
    assert few.score == many.score
    assert few.high - few.low > 5 * (many.high - many.low)
    assert net_promoter_score(promoters=0, passives=0, detractors=0) is None


def test_months_add_up():
    january = Tally(promoters=2, detractors=1, csat_responses=3, csat_satisfied=2, csat_sum=11)
    march = Tally(passives=1, csat_responses=1, csat_sum=1, ces_responses=2, ces_sum=9)
    found = base_satisfaction([date(2025, 1, 1), date(2025, 3, 1)], [january, march], 4)
    assert found.nps is not None
    assert found.csat is not None
    assert found.ces is not None
    assert (found.nps.score, found.nps.responses) == (25.0, 4)
    assert (found.csat.satisfied, found.csat.mean, found.csat.responses) == (0.5, 3.0, 4)
    assert (found.ces.mean, found.ces.responses) == (4.5, 2)
    assert (found.responses, found.open_complaints) == (10, 4)
    first, second = found.by_month
    assert (first.month, first.responses, second.responses) == (date(2025, 1, 1), 6, 4)
    assert first.nps is not None
    assert second.nps is not None
    assert (first.nps.promoters, second.nps.passives, first.ces) == (2, 1, None)
