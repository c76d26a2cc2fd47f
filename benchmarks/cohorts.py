"""Public data on which models of lifetime value are judged: who bought on which day, and for how much.

The files lie beside the repository and are never shipped; `missing` says which are not there.
"""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from api.domain.lifetime_value.purchase_days import PurchaseDays

DATA = Path(__file__).parents[2] / "shared" / "data"
CDNOW = DATA / "cdnow" / "CDNOW_master.txt"
CDNOW_SAMPLE = DATA / "cdnow" / "CDNOW_sample.txt"
ONLINE_RETAIL = DATA / "online_retail" / "online_retail_II_year2009_2010.parquet"
SURVIVAL = DATA / "sbg_contractual" / "fader_hardie_2007_table1_survival_pct.csv"

_DAY = np.timedelta64(1, "D")


def missing(*files: Path) -> str | None:
    """Return why nothing can be said without some files, or None where all of them are there."""
    absent = [str(file) for file in files if not file.exists()]
    return f"Not there: {', '.join(absent)}" if absent else None


def day(moment: date) -> int:
    """Return the number of a day, as the data has it."""
    return moment.toordinal()


def cdnow(file: Path) -> PurchaseDays:
    """Return the purchases of CDNOW's customers of early 1997, of all of them or of the sample of one in ten.

    A row ends in a customer (numbered within the sample there), a day, a number of discs, and dollars.
    """
    lines = file.read_text().splitlines()
    rows = [line.split() for line in lines if not line.strip().startswith("customer_id")]
    days = [date(int(row[-3][:4]), int(row[-3][4:6]), int(row[-3][6:])) for row in rows]
    return PurchaseDays.of([int(row[-4]) for row in rows], list(map(day, days)), [float(row[-1]) for row in rows])


def online_retail(file: Path) -> PurchaseDays:
    """Return the purchases of Online Retail's known customers, cancellations and gifts left out (gross value)."""
    columns = ["Invoice", "Quantity", "InvoiceDate", "Price", "Customer ID"]
    table = pq.read_table(file, columns=columns)
    quantity, price = (np.array(table[name].to_numpy(), dtype=float) for name in ("Quantity", "Price"))
    customer = np.array(table["Customer ID"].to_numpy(), dtype=float)
    cancelled = np.char.startswith(np.array(table["Invoice"].to_pylist(), dtype=str), "C")
    bought = ~cancelled & (quantity > 0) & (price > 0) & np.isfinite(customer)
    moments = np.array(table["InvoiceDate"].to_pylist(), dtype="datetime64[D]")
    days = (moments - np.datetime64("0001-01-01")) // _DAY + 1
    return PurchaseDays.of(customer[bought], days[bought], (quantity * price)[bought])


def survival(file: Path) -> dict[str, list[float]]:
    """Return the share of customers who were left after 0, 1, 2, … years, by kind of contract."""
    with file.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    return {kind: [float(row[kind]) / 100 for row in rows] for kind in ("regular", "highend")}
