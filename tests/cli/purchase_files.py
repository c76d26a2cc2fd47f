"""Files of purchases, and what `regulars score` makes of them."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from typer.testing import CliRunner

from api.cli import app

Row = tuple[str, date, str]
BEGIN, END = date(2024, 1, 1), date(2026, 1, 31)


def bought(customers: int = 120, seed: int = 1) -> list[Row]:
    """Return purchases over two years: some customers come back often, some never, and many stop."""
    draw, rows = np.random.default_rng(seed), []
    for number in range(customers):
        when, rate = draw.uniform(0, 500), draw.gamma(0.6, 1 / 50)
        while when < 761:
            day_of = BEGIN + timedelta(days=int(when))
            rows.append((f"c{number}", day_of, f"{draw.gamma(4, 8):.2f}"))
            if draw.random() < 0.1:
                break
            when += draw.exponential(1 / rate)
    return rows


def written(
    path: Path, rows: Sequence[Sequence[object]], header: Sequence[str] = ("customer", "date", "amount")
) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def scored(file: Path, *words: str) -> str:
    """Run the command, and return what it prints."""
    done = CliRunner().invoke(app, ["score", str(file), *words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def answers(file: Path, *words: str) -> list[dict[str, Any]]:
    """Return the rows of a scored file."""
    into = file.with_name("answers.parquet")
    scored(file, "--output", str(into), "--force", *words)
    return list(pq.read_table(into).to_pylist())
