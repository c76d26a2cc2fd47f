"""What `regulars score` cannot use is said in one line, with nothing left behind; no other command waits for it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from contextlib import chdir
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from api.cli import app
from api.errors import BadUserInput
from tests.cli.purchase_files import bought, scored, written
from tests.repository import ROOT

REGULARS = [sys.executable, "-c", "from api.cli import main; main()"]
ENVIRONMENT = {"PYTHONPATH": str(ROOT)}
HEADER = ("customer", "date", "amount")
LATE = "--until"


def refusal(folder: Path, *words: str) -> str:
    """Run the command in a folder of its own, and return the one line that it says; the folder stays as it was."""
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with chdir(folder):
        done = CliRunner().invoke(app, ["score", *words])
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert isinstance(done.exception, BadUserInput), done.output
    assert (done.stdout, "\n" in str(done.exception)) == ("", False)
    return str(done.exception)


WRONG: dict[str, tuple[Sequence[str], Sequence[object], tuple[str, ...], str]] = {
    "no customer column": (
        ("who", "date", "amount"),
        (),
        (),
        "No column is called customer, customer_id, id; say which one holds the customer with --customer,"
        " of: who, date, amount.",
    ),
    "two of a kind": (("customer", "date", "date"), (), (), "There are 2 columns called date."),
    "two that could be": (
        ("customer", "date", "amount", "total"),
        (),
        (),
        "The amount could be in amount or total; say in which with --amount COLUMN.",
    ),
    "a column that is not there": (
        HEADER,
        (),
        ("--date", "when"),
        "There is no column when; there are: customer, date, amount.",
    ),
    "one column twice": (
        HEADER,
        (),
        ("--date", "amount"),
        "Customer, date and amount are in three columns, not in one.",
    ),
    "no rows": (HEADER, (), (), "bought.csv has no purchases."),
    "a date in words": (
        HEADER,
        ("a", "yesterday", "1"),
        (),
        "Row 3 (below the column names) has no date that can be read, such as 2026-01-31.",
    ),
    "a day of no calendar": (
        HEADER,
        ("a", "2025-02-30", "1"),
        (),
        "Row 3 (below the column names) has no date that can be read, such as 2026-01-31.",
    ),
    "no date": (
        HEADER,
        ("a", "", "1"),
        (),
        "Row 3 (below the column names) has no date that can be read, such as 2026-01-31.",
    ),
    "an amount in words": (
        HEADER,
        ("a", "2025-02-28", "few"),
        (),
        "Row 3 (below the column names) has no amount that is a number, such as 12.50.",
    ),
    "an amount with a comma": (
        HEADER,
        ("a", "2025-02-28", "1,50"),
        (),
        "Row 3 (below the column names) has no amount that is a number, such as 12.50.",
    ),
    "an amount beyond all numbers": (
        HEADER,
        ("a", "2025-02-28", "1e999"),
        (),
        "Row 3 (below the column names) has no amount that is a number, such as 12.50.",
    ),
    "a negative amount": (
        HEADER,
        ("a", "2025-02-28", "-1"),
        (),
        "Row 3 (below the column names) has an amount below 0; leave refunds out, or take them off their purchases.",
    ),
    "no customer": (HEADER, ("", "2025-02-28", "1"), (), "Row 3 (below the column names) has no customer."),
    "a row that is too short": (
        HEADER,
        ("a", "2025-02-28"),
        (),
        "Row 3 (below the column names) has not as many cells as there are columns.",
    ),
    "few customers": (
        HEADER,
        ("a", "2025-02-28", "1"),
        (),
        "3 customers are too few to learn from; it takes 50 or more.",
    ),
}


@pytest.mark.parametrize(
    ("header", "row", "words", "said"), [pytest.param(*case, id=name) for name, case in WRONG.items()]
)
def test_a_file_that_cannot_be_used_is_refused(
    tmp_path, header: Sequence[str], row: Sequence[object], words: tuple[str, ...], said: str
):
    sound = [("b", "2025-01-01", "1", "")[: len(header)], ("c", "2025-01-02", "2", "")[: len(header)]]
    written(tmp_path / "bought.csv", [*sound, row] if row else [], header)
    assert refusal(tmp_path, "bought.csv", *words) == said


SAID: dict[str, tuple[tuple[str, ...], str]] = {
    "before the first purchase": (
        (LATE, "2023-12-31"),
        "--until 2023-12-31 is before the first purchase, on 2024-01-",
    ),
    "far after the last": (
        (LATE, "2028-01-01"),
        "--until 2028-01-01 is over a year after the last purchase, on 2026-01-",
    ),
    "no day": ((LATE, "soon"), "--until takes a day such as 2026-01-31."),
    "no length of time": (("--horizon", "a year"), "--horizon takes a length of time such as P12M."),
    "no time at all": (("--horizon", "P0D"), "--horizon takes a length of time above 0."),
    "an ending of its own": (("--output", "scored.xlsx"), "scored.xlsx ends neither in .parquet nor in .csv."),
    "no such folder": (("--output", "there/scored.csv"), "There is no folder there."),
    "the file itself": (("--output", "bought.csv", "--force"), "bought.csv is a folder, or the file that is read."),
    "what is there": (("--output", "other.csv"), "other.csv is there already; --force replaces it."),
}


@pytest.mark.parametrize(("words", "said"), [pytest.param(*case, id=name) for name, case in SAID.items()])
def test_what_cannot_be_asked_is_refused(tmp_path, words: tuple[str, ...], said: str):
    written(tmp_path / "bought.csv", bought())
    (tmp_path / "other.csv").write_text("mine")
    assert said in refusal(tmp_path, "bought.csv", *words)


def test_a_refusal_is_one_line_and_an_exit_code(tmp_path):
    done = subprocess.run([*REGULARS, "score", "nothing.csv"], cwd=tmp_path, env=ENVIRONMENT, capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (1, b"", b"There is no file nothing.csv.\n")


def test_customers_who_never_come_back_teach_nothing(tmp_path):
    written(tmp_path / "bought.csv", [(f"c{number}", "2025-01-01", "1") for number in range(60)])
    assert refusal(tmp_path, "bought.csv") == (
        "No customer bought on a second day, so nothing is known of when customers come back."
    )


def test_purchases_for_nothing_are_worth_nothing(tmp_path):
    written(tmp_path / "bought.csv", [(name, when, "0") for name, when, _ in bought()])
    assert refusal(tmp_path, "bought.csv") == "No purchase was worth anything."


@pytest.mark.parametrize(
    "content", [b"PAR1 is not all", b"\xff\xfe\x00\x01\n\xff,\xff", b""], ids=["Parquet", "no text", "nothing"]
)
def test_what_is_neither_parquet_nor_csv_is_refused(tmp_path, content: bytes):
    (tmp_path / "bought.csv").write_bytes(content)
    assert refusal(tmp_path, "bought.csv")
    assert refusal(tmp_path, "nothing.csv") == "There is no file nothing.csv."


def test_a_column_of_another_kind_is_refused(tmp_path):
    table = pa.table({"customer": ["a"], "date": [[1]], "amount": [1.0]})
    pq.write_table(table, tmp_path / "bought.parquet")
    assert refusal(tmp_path, "bought.parquet").startswith("The column of the date holds list<")


def test_nothing_is_left_of_a_file_that_could_not_be_written_to_its_end(tmp_path, monkeypatch):
    def full(_: pa.Table, beside: str) -> None:
        Path(beside).write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pq, "write_table", full)
    written(tmp_path / "bought.csv", bought())
    (tmp_path / "there.parquet").write_text("mine")
    said = refusal(tmp_path, "bought.csv", "--output", "there.parquet", "--force")
    assert said == "there.parquet cannot be written: No space left on device."


def test_force_replaces_what_is_there(tmp_path):
    file = written(tmp_path / "bought.csv", bought())
    (tmp_path / "bought.scored.csv").write_text("mine")
    scored(file, "--force")
    assert (tmp_path / "bought.scored.csv").read_text().startswith('"customer","purchase_days"')
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bought.csv", "bought.scored.csv"]


def test_the_verdict_names_the_models_how_they_did_and_what_to_beware_of(tmp_path):
    told = scored(written(tmp_path / "bought.csv", bought()))
    for words in ("120 customers", "MBG/NBD ", "Gamma-Gamma ", "Held out: 2025-", "bias", "MAE", "SMALL_SAMPLE: "):
        assert words in told
    for line in ("purchases, by the model", "purchases, last period repeated", "value, last period repeated"):
        assert line in told
    assert "Expected of all: " in told


def test_a_short_history_is_not_tried(tmp_path):
    rows = [(name, when, amount) for name, when, amount in bought() if when.year == 2024]
    assert "Not tried: too short a history" in scored(written(tmp_path / "bought.csv", rows), LATE, "2024-12-20")


@pytest.mark.parametrize("module", ["numpy", "scipy", "pyarrow"])
def test_no_other_command_waits_for_what_scores(module: str):
    code = f"import sys, api.cli; sys.exit({module!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], env=ENVIRONMENT).returncode == 0
