"""The page about imports names what there is."""

import re

from api.domain.file_rows import Reason
from api.writes.importing.table import OPTIONAL, REQUIRED
from tests.repository import ROOT

PAGE = (ROOT / "docs" / "importing.md").read_text()


def test_every_reason_is_documented_as_the_rejects_file_says_it():
    assert dict(re.findall(r"^\| `([A-Z_]+)` \| (.+) \|$", PAGE, re.MULTILINE)) == {
        reason.name: reason.value for reason in Reason
    }


def test_every_field_of_a_table_is_documented_as_needed_or_not():
    rows = re.findall(r"^\| ((?:`[a-z_]+`(?:, )?)+) \| (yes|no) \|", PAGE, re.MULTILINE)
    fields = [(name, needed) for names, needed in rows for name in re.findall(r"`([a-z_]+)`", names)]
    assert sorted(fields) == sorted([(name, "yes") for name in REQUIRED] + [(name, "no") for name in OPTIONAL])
