"""Training models of parts of the customers, each drawn towards that of all, the more so the fewer are in it.

The logarithms of a part's parameters are believed to lie around those of all customers (`segment_prior`). In a test
they lie around those that all customers had before the cut: nothing has seen what came after it.
"""

from __future__ import annotations

from collections.abc import Mapping

from api.domain.lifetime_value.back_test import back_test
from api.domain.lifetime_value.candidates import MOST_SEGMENTS, SegmentModel, Segments, Trained
from api.domain.lifetime_value.purchase_days import PurchaseDays
from api.domain.lifetime_value.segments import SegmentBasis
from api.domain.lifetime_value.statistics import Integers
from api.domain.lifetime_value.training import Report, enough, trained


def trained_segments(
    days: PurchaseDays,
    by: SegmentBasis,
    members: Mapping[str, Integers],
    whole: Trained,
    *,
    complete: int,
    report: Report = lambda _step, _steps: None,
) -> Segments:
    """Return models of all parts that have purchases enough, tested as that of all customers was.

    members   by what they have in common, the numbers of customers who have bought; one may be in several parts
    whole     what was fitted to all customers
    complete  as in `trained`
    """
    sizes = {value: len(customers) for value, customers in members.items()}
    models, left = list[SegmentModel](), dict[str, int]()
    for value in sorted(sizes, key=lambda value: (-sizes[value], value)):
        own = days.of_customers(members[value])
        if len(models) < MOST_SEGMENTS and enough(own):
            report(f"Fitting {by.lower()} {value}", 0)
            found = trained(own, today=whole.until, complete=complete, whole=whole)
            models.append(SegmentModel(value, found, _score_of_all(found, whole)))
        else:
            left[value] = sizes[value]
    return Segments(by, tuple(models), left)


def _score_of_all(part: Trained, whole: Trained) -> float | None:
    """Return how the model of all customers did where the part was tested: how it would do without one of its own."""
    for trial in part.trials[:1]:
        same = whole.trial_of(trial.hold_out.length)
        if same is not None:
            model = same.candidates.counts[whole.winner].model
            return back_test(model, trial.hold_out.known, trial.hold_out.outcome).log_score
    return None
