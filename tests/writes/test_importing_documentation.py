"""The page about imports names what there is."""

import re
from typing import get_args

import pytest

from api.domain.file_rows import Reason
from api.writes.importing import Format
from api.writes.importing.fields import ABOUT_CUSTOMERS
from api.writes.importing.run import BROUGHT, KINDS
from api.writes.importing.table import OPTIONAL, REQUIRED
from tests.repository import ROOT

PAGE = (ROOT / "docs" / "importing.md").read_text()


def test_every_reason_is_documented_as_the_rejects_file_says_it():
    assert dict(re.findall(r"^\| `([A-Z_]+)` \| (.+) \|$", PAGE, re.MULTILINE)) == {
        reason.name: reason.value for reason in Reason
    }


@pytest.mark.parametrize(
    ("heading", "required", "optional"),
    [
        ("## A table of order lines", REQUIRED, OPTIONAL),
        *(
            (f"`--format {name}`:", kind.required, tuple(set(kind.optional) - set(ABOUT_CUSTOMERS)))
            for name, kind in KINDS.items()
        ),
        *(
            (f"`--format {name}`:", kind.people + kind.required, tuple(set(kind.optional) - set(ABOUT_CUSTOMERS)))
            for name, kind in BROUGHT.items()
        ),
    ],
)
def test_every_field_of_a_table_is_documented_as_needed_or_not(heading, required, optional):
    table = PAGE.split(f"{heading}\n")[1].split("|---|---|---|\n")[1].split("\n\n")[0]
    rows = re.findall(r"^\| ((?:`[a-z_]+`(?:, )?)+) \| (yes|no) \|", table, re.MULTILINE)
    fields = [(name, needed) for names, needed in rows for name in re.findall(r"`([a-z_]+)`", names)]
    assert sorted(fields) == sorted([(name, "yes") for name in required] + [(name, "no") for name in optional])


def test_every_format_is_documented():
    formats = PAGE.split("| format |")[1].split("\n\n")[0]
    assert set(re.findall(r"^\| `([a-z-]+)` \|", formats, re.MULTILINE)) == set(get_args(Format))
