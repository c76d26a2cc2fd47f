"""Fits of how long things with a term are kept: who is enough speaks for itself, who is few leans on others."""

from __future__ import annotations

import numpy as np
import pytest

from api.domain.lifetime_value.fit import RENEWAL_PRIOR
from api.domain.lifetime_value.fitting import fit_renewals
from api.domain.lifetime_value.renewal_models import BELIEVED, RenewalModel, RenewalModels
from api.domain.lifetime_value.renewals import BetaDiscreteWeibull, RenewalStatistics
from api.domain.lifetime_value.streams import Stream
from api.domain.lifetime_value.training_renewals import KeptTerms, fitted_renewals

GOODS, CONTRACTS = Stream.PRODUCT_SUBSCRIPTIONS, Stream.CONTRACTS
LOYAL, FLEETING = BetaDiscreteWeibull(0.7, 9.0), BetaDiscreteWeibull(2.0, 2.0)


def kept(model: BetaDiscreteWeibull, number: int, stream=GOODS, term="P1M", cohorts=8) -> list[KeptTerms]:
    """Return how long so many things were kept, the same number of each cohort, as the model expects it."""
    found = []
    for cohort in range(cohorts):
        alive = number / cohorts * model.survival(range(cohort + 1))
        found += [KeptTerms(stream, term, cohort, at, True, round(alive[at] - alive[at + 1])) for at in range(cohort)]
        found.append(KeptTerms(stream, term, cohort, cohort, False, round(alive[-1])))
    return [each for each in found if each.number]


def by_kind(models) -> dict[tuple[Stream | None, str | None], RenewalModel]:
    return {(one.stream, one.term): one for one in models}


def test_every_kind_has_a_model_under_that_of_its_stream_and_of_all():
    seen = kept(LOYAL, 8_000) + kept(FLEETING, 4_000, term="P12M") + kept(LOYAL, 800, CONTRACTS, "P365D")
    found = fitted_renewals(seen)
    assert [(one.stream, one.term) for one in found] == [
        (None, None),
        (GOODS, None),
        (GOODS, "P1M"),
        (GOODS, "P12M"),
        (CONTRACTS, None),
        (CONTRACTS, "P12M"),
    ]
    assert not any(one.rests_on_prior for one in found)
    assert [one.cohorts for one in found] == [8] * 6
    monthly, yearly = by_kind(found)[GOODS, "P1M"], by_kind(found)[GOODS, "P12M"]
    assert monthly.model.retention((1, 2, 3)) == pytest.approx(LOYAL.retention((1, 2, 3)), abs=0.005)
    assert yearly.model.retention((1, 2, 3)) == pytest.approx(FLEETING.retention((1, 2, 3)), abs=0.01)
    assert monthly.seen == sum(each.number for each in seen if each.term == "P1M")


@pytest.mark.parametrize(("number", "cohorts", "leans"), [(240, 5, False), (160, 5, True), (2_000, 4, True)])
def test_fewer_than_200_things_or_5_cohorts_lean_on_a_prior(number, cohorts, leans):
    assert {one.rests_on_prior for one in fitted_renewals(kept(LOYAL, number, cohorts=cohorts))} == {leans}


def test_a_small_group_lies_between_what_it_shows_and_its_stream():
    small = kept(FLEETING, 30, term="P12M", cohorts=3)
    found = by_kind(fitted_renewals(kept(LOYAL, 8_000) + small))
    stream, group = found[GOODS, None], found[GOODS, "P12M"]
    alone = fit_renewals(
        RenewalStatistics.of(
            [each.renewals + each.ended for each in small],
            [each.ended for each in small],
            [each.number for each in small],
        )
    ).model
    first = [float(model.retention(1)) for model in (alone, group.model, stream.model)]
    assert first[0] < first[1] < first[2]
    assert group.rests_on_prior


def test_one_thing_that_was_never_renewed_leaves_the_belief_as_it_is():
    (whole, stream, kind) = fitted_renewals([KeptTerms(CONTRACTS, "P12M", 0, 0, False)])
    for one in (whole, stream, kind):
        assert one.model.retention(1) == pytest.approx(BELIEVED.retention(1), rel=1e-4)
        assert (one.rests_on_prior, one.seen) == (True, 1)


def test_nothing_seen_gives_no_models_and_the_belief_for_all():
    assert fitted_renewals([]) == ()
    assert RenewalModels().of(GOODS, "P1M") == (BetaDiscreteWeibull(*RENEWAL_PRIOR.centers), True)


def test_churn_that_changes_with_age_is_told_from_churn_that_does_not():
    dipping = BetaDiscreteWeibull(0.21, 1.43, 1.72)
    names = [by_kind(fitted_renewals(kept(model, 16_000)))[GOODS, "P1M"].model.name for model in (LOYAL, dipping)]
    assert names == ["sBG", "BdW"]


def test_simulated_subscriptions_give_their_survival_back():
    draw = np.random.default_rng(11)
    left = draw.geometric(np.maximum(draw.beta(LOYAL.alpha, LOYAL.beta, 4_000), 1e-12))
    age = draw.integers(1, 25, 4_000)
    seen = [
        KeptTerms(GOODS, "P30D", int(many), int(min(gone - 1, many)), bool(gone <= many))
        for gone, many in zip(left, age, strict=True)
    ]
    model = by_kind(fitted_renewals(seen))[GOODS, "P1M"].model
    assert model.survival((1, 6, 12, 24)) == pytest.approx(LOYAL.survival((1, 6, 12, 24)), abs=0.03)


def test_the_most_frequent_lengths_have_models_of_their_own_and_rarer_ones_go_by_their_stream():
    seen = [KeptTerms(GOODS, f"P{months}M", 0, 0, ended=False, number=months) for months in range(1, 14)]
    found = fitted_renewals(seen)
    assert [one.term for one in found] == [None, None, *(f"P{months}M" for months in range(13, 3, -1))]
    assert RenewalModels(found).of(GOODS, "P1M") == (found[1].model, True)


def test_what_is_told_of_a_model_gives_it_back():
    for one in fitted_renewals(kept(LOYAL, 400)):
        told = one.told()
        assert RenewalModel.of(told) == one
        assert told["renewed"] == pytest.approx(one.model.retention((1, 2, 3)))
