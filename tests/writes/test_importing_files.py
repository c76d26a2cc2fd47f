"""What files can be imported, and how the others are refused."""

import gzip
import json
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from api.writes.importing import Counts, ImportRefused, Progress, Step
from api.writes.importing.files import open_table
from tests.writes.imports import ONLINE_RETAIL, SHOP, line, write_csv

pytestmark = pytest.mark.anyio

ROWS = [line(order=f"A{number}", name="Grüner Tee") for number in range(3)]


def csv_file(folder):
    return write_csv(folder / "lines.csv", ROWS)


def semicolons(folder):
    path = csv_file(folder)
    path.write_text("\ufeff" + path.read_text().replace(",", ";"))
    return path


def json_lines(folder):
    path = folder / "lines.jsonl"
    typed = [{**row, "quantity": 1, "unit_price": 2.5} for row in ROWS]
    path.write_text("\n".join([*map(json.dumps, typed), ""]))
    return path


def parquet(folder):
    path = folder / "lines.parquet"
    table = pa.Table.from_pylist([{**row, "quantity": 1, "unit_price": Decimal("2.50")} for row in ROWS])
    moments = pa.array(["2025-03-01T11:00:00"] * 3).cast(pa.timestamp("ns"))
    pq.write_table(table.set_column(table.column_names.index("placed_at"), "placed_at", moments), path)
    return path


def zipped(make):
    def make_zipped(folder):
        path = make(folder)
        path.write_bytes(gzip.compress(path.read_bytes()))
        return path

    make_zipped.__name__ = f"zipped_{make.__name__}"
    return make_zipped


@pytest.mark.parametrize("make", [csv_file, semicolons, json_lines, parquet, zipped(csv_file), zipped(json_lines)])
async def test_every_kind_of_file_means_the_same(imports, tmp_path, make):
    result = await imports.file(make(tmp_path), "table", business=SHOP)
    assert (result.rows_read, result.added) == (3, Counts(1, 1, 3, 3))
    assert await imports.rows("SELECT DISTINCT name, total, currency FROM order_lines") == [
        ("Grüner Tee", Decimal("2.50"), "EUR")
    ]


def cut(path):
    path.write_bytes(path.read_bytes()[:-20])
    return path


def written(content):
    def write(folder):
        path = folder / "lines.csv"
        path.write_bytes(content)
        return path

    return write


@pytest.mark.parametrize(
    ("make", "told"),
    [
        pytest.param(lambda folder: folder / "none.csv", "There is no file", id="absent"),
        pytest.param(lambda folder: folder, "is no file", id="folder"),
        pytest.param(written(b""), "is empty", id="empty"),
        pytest.param(written(b"\n \n"), "is empty", id="blank"),
        pytest.param(written(b",".join(name.encode() for name in line())), "has no rows", id="header only"),
        pytest.param(written(b"PAR1 and then nothing"), "is damaged", id="no Parquet"),
        pytest.param(written(b"\x1f\x8b and then nothing"), "is damaged", id="no gzip"),
        pytest.param(lambda folder: cut(parquet(folder)), "is damaged", id="cut Parquet"),
        pytest.param(lambda folder: cut(zipped(csv_file)(folder)), "is damaged", id="cut gzip"),
        pytest.param(written(b"PK\x03\x04..."), "is a ZIP archive or an Excel workbook", id="workbook"),
        pytest.param(written("customer,order".encode("utf-16")), "is UTF-16 text", id="UTF-16"),
        pytest.param(written(b'[{"customer": 1}]'), "is one JSON array", id="JSON array"),
        pytest.param(written(b"x" * 2_000_000), "has a line of more than", id="endless line"),
        pytest.param(written(b"\x89PNG\r\n\x1a\n\x00\x00"), "no column for customer, order", id="picture"),
    ],
)
async def test_a_file_that_cannot_be_read_is_refused_with_what_is_wrong(imports, tmp_path, make, told):
    with pytest.raises(ImportRefused, match=told) as refusal:
        await imports.file(make(tmp_path), "table", business=SHOP)
    assert refusal.value.message.isprintable() or refusal.value.message.isascii()
    assert await imports.is_empty()


@pytest.mark.parametrize("format", ["online-retail", "cdnow", "rates"])
async def test_a_file_of_another_format_is_refused_with_its_columns(imports, format):  # noqa: A002
    with pytest.raises(ImportRefused, match=r"no column .*Its columns are: "):
        await imports.file(
            write_csv(imports.folder / "lines.csv", ROWS), format, business=None if format != "rates" else SHOP
        )
    assert await imports.is_empty()


async def test_formats_with_known_columns_take_no_mapping(imports, tmp_path):
    with pytest.raises(ImportRefused, match="--map is for"):
        await imports.file(csv_file(tmp_path), "cdnow", mapping={"customer": "x"})


async def test_a_damaged_row_costs_that_row_alone(imports, tmp_path):
    path = tmp_path / "lines.csv"
    good = [",".join(map(str, line(order=f"A{number}").values())) for number in range(2)]
    rows = [good[0], "4711,A7", good[0].replace("TEA", "T\udc80"), f"{good[1]},", good[1]]
    path.write_bytes("\n".join([",".join(line()), *rows]).encode(errors="surrogateescape"))
    result = await imports.file(path, "table", business=SHOP)
    assert result.rejected == {"BAD_ROW": 2, "BAD_TEXT": 1, "INCOMPLETE_ORDER": 1}
    assert imports.rejected() == [(2, "BAD_ROW"), (3, "BAD_TEXT"), (4, "BAD_ROW"), (1, "INCOMPLETE_ORDER")]
    assert await imports.rows("SELECT number FROM orders") == [("A1",)]
    assert [row["unreadable"] for row in imports.rejected_rows()] == ["4711,A7", "", f"{good[1]},", ""]


async def test_a_row_that_cannot_be_read_is_kept_as_it_is_written_over_several_lines_too(imports, tmp_path):
    path = tmp_path / "lines.csv"
    good = ",".join(map(str, line().values()))
    path.write_text("\n".join([",".join(line()), '4711,"A\n7"', good, good + ',"', "x"]))
    await imports.file(path, "table", business=SHOP)
    kept = [(row["row"], row["unreadable"]) for row in imports.rejected_rows()]
    assert kept == [("1", '4711,"A\n7"'), ("3", f'{good},"\nx')]


async def test_rows_rejected_again_keep_their_numbers_and_columns(imports):
    await imports.table(line(), line(order="A2", quantity="x"), line(order="A3", quantity="y"))
    first = imports.rejected_rows()
    await imports.table(*first)
    assert imports.rejected_rows() == first


async def test_a_damaged_json_line_costs_that_row_alone(imports, tmp_path):
    path = tmp_path / "lines.jsonl"
    surrogate = json.dumps(line(order="A2", sku="\ud800"))
    nested = json.dumps(line(order="A3", quantity=[1]))
    path.write_text("\n".join([json.dumps(line()), "{broken", "[1]", "[" * 100_000, surrogate, nested]))
    result = await imports.file(path, "table", business=SHOP)
    assert imports.rejected() == [(2, "BAD_ROW"), (3, "BAD_ROW"), (4, "BAD_ROW"), (5, "BAD_TEXT"), (6, "BAD_QUANTITY")]
    assert [row["unreadable"] for row in imports.rejected_rows()[:2]] == ["{broken", "[1]"]
    assert result.added.orders == 1


async def test_a_column_that_the_first_json_object_lacks_is_found(imports, tmp_path):
    path = tmp_path / "lines.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in (line(), line(order="A2", name="Green tea"))))
    await imports.file(path, "table", business=SHOP)
    assert await imports.rows("SELECT name FROM order_lines ORDER BY name") == [("Green tea",), ("TEA",)]


async def test_parquet_texts_that_are_no_utf8_cost_their_row_alone(imports, tmp_path):
    path = parquet(tmp_path)
    table = pq.read_table(path)
    skus = pa.array([b"TEA", b"T\xff", None], pa.binary())
    bad = pa.Array.from_buffers(pa.string(), 3, skus.buffers())
    pq.write_table(table.set_column(table.column_names.index("sku"), "sku", bad), path)
    await imports.file(path, "table", business=SHOP)
    assert imports.rejected() == [(2, "BAD_TEXT"), (3, "NO_PRODUCT")]


async def test_rejects_that_cannot_be_written_are_told_before_anything_is_recorded(imports, tmp_path):
    imports.folder = tmp_path / "nowhere"
    path = write_csv(tmp_path / "lines.csv", [line(), line(quantity="x")])
    with pytest.raises(ImportRefused, match="rejected rows cannot be written"):
        await imports.file(path, "table", business=SHOP)
    assert await imports.is_empty()


async def test_rejects_never_overwrite_the_file_they_come_from(imports):
    write_csv(imports.rejects, [line(), line(quantity="x")])
    before = imports.rejects.read_text()
    with pytest.raises(ImportRefused, match="would overwrite"):
        await imports.file(imports.rejects, "table", business=SHOP)
    assert imports.rejects.read_text() == before


async def test_progress_tells_rows_read_and_rows_recorded(imports, tmp_path):
    told: list[Progress] = []
    await imports.file(parquet(tmp_path), "table", business=SHOP, report=told.append, lines_a_chunk=1)
    assert told == [Progress(Step.READING, 3, 3), *(Progress(Step.RECORDING, done, 3) for done in (1, 2, 3))]
    told.clear()
    await imports.file(csv_file(tmp_path), "table", report=told.append)
    assert told == [Progress(Step.READING, 3, None), Progress(Step.RECORDING, 3, 3)]


@pytest.mark.skipif(not ONLINE_RETAIL.exists(), reason="the Online Retail data set is not beside the project")
def test_a_long_file_is_read_in_little_memory():
    pool = pa.default_memory_pool()
    with open_table(ONLINE_RETAIL) as table:
        most = max(pool.bytes_allocated() for number, _ in enumerate(table.rows) if number % 50_000 == 0)
        assert table.total == 525_461
    assert most < 64 * 2**20
