"""How long things with a term are kept: a model for each stream and length of term, and what stands in for others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from api.domain.calendar import Duration, parse_duration
from api.domain.lifetime_value.fit import RENEWAL_PRIOR
from api.domain.lifetime_value.renewals import BetaDiscreteWeibull
from api.domain.lifetime_value.streams import Stream
from api.domain.lifetime_value.weeks import DAYS_IN_WEEK, in_weeks

_SHORTEST_MONTH = 26
_MONTH = 365.25 / 12
_SHOWN = (1, 2, 3)

BELIEVED = BetaDiscreteWeibull(*RENEWAL_PRIOR.centers)
"""What is believed of terms before any were seen."""


@dataclass(frozen=True, slots=True)
class RenewalModel:
    """How long things of a kind are kept.

    stream, term    None for all of them; a term is written as `usual_length` has it
    seen            how many of them there were, and `cohorts`, in how many different periods they began
    rests_on_prior  whether they were too few, so that the figures lean on those of a larger group, or on what is
                    believed of businesses in general
    """

    stream: Stream | None
    term: str | None
    model: BetaDiscreteWeibull
    seen: int
    cohorts: int
    rests_on_prior: bool

    def told(self) -> Mapping[str, Any]:
        """Return it as plain values; `renewed` is the share that is renewed at the end of the 1st, 2nd and 3rd term."""
        return {
            "stream": self.stream,
            "term": self.term,
            "method": self.model.name,
            "parameters": {"alpha": self.model.alpha, "beta": self.model.beta, "c": self.model.c},
            "renewed": self.model.retention(_SHOWN).tolist(),
            "seen": self.seen,
            "cohorts": self.cohorts,
            "rests_on_prior": self.rests_on_prior,
        }

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> RenewalModel:
        """Return what `told` said."""
        return cls(
            told["stream"] and Stream(told["stream"]),
            told["term"],
            BetaDiscreteWeibull(**told["parameters"]),
            told["seen"],
            told["cohorts"],
            told["rests_on_prior"],
        )


class RenewalModels:
    """The models of one fit; where a kind was never seen, that of its stream, of all streams, or a belief stands in."""

    def __init__(self, models: Sequence[RenewalModel] = ()) -> None:
        self._models = {(one.stream, one.term): one for one in models}

    def of(self, stream: Stream, term: str) -> tuple[BetaDiscreteWeibull, bool]:
        """Return the model for a stream and a term as `usual_length` has it, and whether it rests on a prior."""
        for kind in ((stream, term), (stream, None), (None, None)):
            if kind in self._models:
                found = self._models[kind]
                return found.model, found.rests_on_prior or kind != (stream, term)
        return BELIEVED, True


@lru_cache(maxsize=256)
def usual_length(text: str) -> str:
    """Return about how long a term is: in months from 26 days on, else in days, one at least.

    Terms of 30 days and of a month, or of 365 days and of twelve months, are of one kind.

    >>> usual_length("P1Y"), usual_length("P365D"), usual_length("P30D"), usual_length("P2W"), usual_length("PT1H")
    ('P12M', 'P12M', 'P1M', 'P14D', 'P1D')
    """
    days = in_weeks(parse_duration(text)) * DAYS_IN_WEEK
    if days < _SHORTEST_MONTH:
        return str(Duration(days=max(round(days), 1)))
    return str(Duration(max(round(days / _MONTH), 1)))
