"""Our models of lifetime value beside the package `lifetimes`: the same customers, one thread, in the same run."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from api.domain.lifetime_value.quadrature import Array
from benchmarks.answers import AnswersDiffer
from benchmarks.cohorts import CDNOW, cdnow, day, missing
from benchmarks.holdout import CUT
from benchmarks.servers import ROOT

LIFETIMES = ROOT / "benchmarks" / "lifetimes"
CUSTOMERS = 23_570
MILLION, FEWER = 1_000_000, 200_000
REQUIRED: Mapping[str, tuple[str, float]] = {
    "fit": (f"fit of BG/NBD to {CUSTOMERS:,} customers", 5.0),
    "score": (f"P(alive), purchases and order value of {MILLION:,}", 2.0),
    "spread": (f"the same of {MILLION:,} who first bought on any day of ten years", 2.0),
    "value": (f"discounted value of 12 months of {FEWER:,}", 8.0),
}
_MODEL, _VALUES = (0.2786, 4.6547, 0.8415, 3.3407), (6.25, 3.74, 15.45)
_RUNS, _FEW_RUNS = 5, 2
_SEED = 23_570
_COHORT, _TEN_YEARS = (27 * 7, 39 * 7), (1, 3_653)
"""Days for which customers have been known: those of CDNOW, and those of a business that has been there for long."""
# They discount to the ends of months, we from moment to moment, and fits end where they are told to.
_CLOSE, _CLOSE_FITS = (*(1e-6,) * 6, 0.01), 0.01


@dataclass(frozen=True, slots=True)
class ModelSpeed:
    """What some work took both, in seconds of processor time, and how many times faster ours has to be."""

    work: str
    ours: float
    theirs: float
    required: float

    @property
    def ratio(self) -> float:
        """How many times faster ours is."""
        return self.theirs / self.ours

    @property
    def verdict(self) -> str:
        """The ratio beside what is required and a mark, such as `7.1× (≥ 5×) ✓`."""
        return f"{self.ratio:.3g}× (≥ {self.required:g}×) {'✓' if self.ratio >= self.required else '✗'}"


@dataclass(frozen=True, slots=True)
class Told:
    """What a program took and found: seconds by kind of work, the fitted parameters, and totals over all customers."""

    seconds: Mapping[str, float]
    parameters: Sequence[float]
    totals: Sequence[float]


def lifetimes_obstacle(tell: Callable[[str], None]) -> str | None:
    """Return why `lifetimes` cannot be measured; None where it can, after installing it where it is missing."""
    folder, wanted = LIFETIMES / ".venv", LIFETIMES / "requirements.txt"
    installed = folder / "installed.txt"
    if installed.exists() and installed.read_text() == wanted.read_text():
        return None
    tell("Installing lifetimes into an environment of its own, once")
    venv.create(folder, clear=True, with_pip=True)
    command = [_python(), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(wanted)]
    # Where there is no wheel, building one would take an hour and fail in the end.
    command += ["--only-binary", "numpy,pandas,scipy"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return f"pip could not install it: {done.stderr.strip()[-300:]}"
    shutil.copyfile(wanted, installed)
    return None


def measured_models(tell: Callable[[str], None], *, small: bool) -> tuple[Sequence[ModelSpeed], Sequence[str]]:
    """Return what both took, and notices of what was done otherwise; raise AnswersDiffer where they disagree."""
    if obstacle := lifetimes_obstacle(tell):
        return [], [f"The package lifetimes was not measured: {obstacle}."]
    tell("Measuring: models")
    runs = str(_FEW_RUNS if small else _RUNS)
    with TemporaryDirectory() as folder:
        data = str(Path(folder) / "customers.npz")
        spread = {f"spread_{name}": column for name, column in simulated(MILLION, _TEN_YEARS).items()}
        given: dict[str, Any] = {**customers(), **spread, "model": _MODEL, "values": _VALUES, "sizes": (MILLION, FEWER)}
        np.savez(data, **given)
        ours = _told([sys.executable, "-m", "benchmarks.lifetimes.ours", data, runs])
        theirs = _told([_python(), str(LIFETIMES / "theirs.py"), data, runs])
    require_close(ours, theirs)
    notice = f"CDNOW's file is not there: {CUSTOMERS:,} simulated customers stand for its own."
    return list(_speeds(ours, theirs)), [notice] if missing(CDNOW) else []


def customers() -> dict[str, Array]:
    """Return what is known of CDNOW's customers after 39 weeks, or of simulated ones where its file is not there."""
    if missing(CDNOW):
        return simulated()
    known = cdnow(CDNOW).histories(day(CUT))
    purchases, spend = known.purchases, known.spend
    columns = purchases.repeats, purchases.last, purchases.observed, spend.purchases, spend.mean_value
    return dict(zip(("repeats", "last", "observed", "purchases", "mean"), columns, strict=True))


def simulated(count: int = CUSTOMERS, days: tuple[int, int] = _COHORT) -> dict[str, Array]:
    """Return customers who buy and are lost as BG/NBD has it; the same ones every time."""
    draw, (r, alpha, a, b) = np.random.default_rng(_SEED), _MODEL
    observed = draw.integers(*days, count) / 7
    tried = draw.poisson(draw.gamma(r, 1 / alpha, count) * observed)
    repeats = np.minimum(tried, draw.geometric(np.maximum(draw.beta(a, b, count), 1e-9)))
    place = np.maximum(repeats, 1)
    # The last of so many purchases that are spread evenly, in whole days.
    last = np.round(observed * draw.beta(place, np.maximum(tried - place, 0) + 1) * 7) / 7
    p, q, gamma = _VALUES
    mean = draw.gamma(p * (repeats + 1), 1 / draw.gamma(q, 1 / gamma, count)) / (repeats + 1)
    repeats = repeats.astype(float)
    return {
        "repeats": repeats,
        "last": np.where(repeats > 0, np.minimum(last, observed), 0.0),
        "observed": observed,
        "purchases": repeats + 1,
        "mean": mean,
    }


def require_close(ours: Told, theirs: Told) -> None:
    """Raise AnswersDiffer unless both found about the same parameters and the same totals."""
    found = {
        "parameters": (ours.parameters, theirs.parameters, (_CLOSE_FITS,) * 4),
        "totals": (ours.totals, theirs.totals, _CLOSE),
    }
    for name, columns in found.items():
        for mine, other, most in zip(*columns, strict=True):
            if not abs(mine - other) <= most * abs(other):
                raise AnswersDiffer(f"lifetimes finds other {name}: {other:.6g} for {mine:.6g}")


def _speeds(ours: Told, theirs: Told) -> Iterator[ModelSpeed]:
    for key, (work, required) in REQUIRED.items():
        yield ModelSpeed(work, ours.seconds[key], theirs.seconds[key], required)


def _python() -> str:
    return str(LIFETIMES / ".venv" / "bin" / "python")


def _told(command: Sequence[str]) -> Told:
    """Run a program in one thread, and return what it prints."""
    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **one}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise AnswersDiffer(f"{Path(command[1]).name} failed: {done.stderr.strip()[-300:]}")
    return Told(**json.loads(done.stdout))
