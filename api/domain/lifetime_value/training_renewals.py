"""Fitting how long things with a term are kept, by stream and length of term; small groups lean on larger ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from api.domain.lifetime_value.fit import RENEWAL_PRIOR, Prior, renewal_prior
from api.domain.lifetime_value.fitting import fit_renewals
from api.domain.lifetime_value.renewal_models import BELIEVED, RenewalModel, usual_length
from api.domain.lifetime_value.renewals import BetaDiscreteWeibull, RenewalStatistics
from api.domain.lifetime_value.streams import Stream

FEWEST_COHORTS, FEWEST_TERMS = 5, 200
MOST_LENGTHS = 10
"""Of a stream that have a model of their own; rarer ones go by the stream."""

_GAIN = 3.0


@dataclass(frozen=True, slots=True)
class KeptTerms:
    """Things with a term that were kept alike.

    term      length in ISO 8601
    cohort    how many terms ago they began
    renewals  how often they were renewed
    ended     whether they were not renewed after that, at the end of a term that is over
    number    of how many this is true
    """

    stream: Stream
    term: str
    cohort: int
    renewals: int
    ended: bool
    number: int = 1


def fitted_renewals(seen: Sequence[KeptTerms]) -> tuple[RenewalModel, ...]:
    """Return models for all things with a term, for each stream, and for the most frequent lengths of term in it.

    A group that is large enough speaks for itself, with a weak prior. Any other is drawn towards the group that it is
    part of, and all of them towards what is believed of businesses in general.
    """
    if not seen:
        return ()
    whole = _fitted(None, None, seen, BELIEVED, RENEWAL_PRIOR)
    return (whole, *_by_stream(seen, whole))


def _by_stream(seen: Sequence[KeptTerms], whole: RenewalModel) -> Iterator[RenewalModel]:
    for stream in Stream:
        inside = [each for each in seen if each.stream is stream]
        if not inside:
            continue
        parent = _fitted(stream, None, inside, whole.model)
        yield parent
        for term in _in_order(inside)[:MOST_LENGTHS]:
            alike = [each for each in inside if usual_length(each.term) == term]
            yield _fitted(stream, term, alike, parent.model)


def _in_order(seen: Sequence[KeptTerms]) -> list[str]:
    """Return the lengths of terms, each once, the most frequent first."""
    counts = dict[str, int]()
    for each in seen:
        counts[usual_length(each.term)] = counts.get(usual_length(each.term), 0) + each.number
    return sorted(counts, key=lambda term: (-counts[term], term))


def _fitted(
    stream: Stream | None,
    term: str | None,
    seen: Sequence[KeptTerms],
    parent: BetaDiscreteWeibull,
    prior: Prior | None = None,
) -> RenewalModel:
    cohorts, number = len({each.cohort for each in seen}), sum(each.number for each in seen)
    enough = cohorts >= FEWEST_COHORTS and number >= FEWEST_TERMS
    kept = RenewalStatistics.of(
        [each.renewals + each.ended for each in seen], [each.ended for each in seen], [each.number for each in seen]
    )
    model = _best(kept) if enough else _drawn(kept, parent, prior or renewal_prior(parent))
    return RenewalModel(stream, term, model, number, cohorts, rests_on_prior=not enough)


def _best(kept: RenewalStatistics) -> BetaDiscreteWeibull:
    """Return sBG, or BdW where that makes what was seen far more likely."""
    steady, changing = (fit_renewals(kept, changing=each, prior=RENEWAL_PRIOR) for each in (False, True))
    gain = changing.log_likelihood - steady.log_likelihood
    return changing.model if gain > _GAIN else steady.model


def _drawn(kept: RenewalStatistics, parent: BetaDiscreteWeibull, prior: Prior) -> BetaDiscreteWeibull:
    """Return a model of the parent's kind, near to it as far as what was seen does not tell otherwise."""
    return fit_renewals(kept, changing=parent.c != 1, prior=prior).model
