"""Files that somebody's tool has written, badly: each is read, or refused in one line."""

import codecs
from pathlib import Path

import pytest

from leadops.errors import PermanentError
from leadops.history.file_rows import read_rows
from leadops.tabular.csv_reader import LARGEST_CELL, LARGEST_LINE, LONGEST_KEPT
from leadops.tabular.file_format import FileFormat
from leadops.tabular.file_row import FileRow


def read(path: Path, *columns: str, **file: str) -> list[FileRow]:
    return list(
        read_rows(path, file=FileFormat(**file), columns=list(columns or ("id", "name")), tell=lambda _: None)
    )


def put(folder: Path, content: bytes | str, name: str = "export.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_rows_know_the_line_on_which_they_begin(tmp_path: Path) -> None:
    path = put(tmp_path, 'id,name\r\n1,"two\r\nlines"\r\n\r\n2,b\r\n')
    assert read(path) == [
        FileRow(2, {"id": "1", "name": "two\r\nlines"}),
        FileRow(5, {"id": "2", "name": "b"}),
    ]


@pytest.mark.parametrize(
    ("content", "file"),
    [
        (codecs.BOM_UTF8 + "id,name\n1,é\n".encode(), {}),
        ("id,name\n1,é\n".encode("utf-16"), {}),
        ("id,name\n1,é\n".encode("cp1252"), {"encoding": "cp1252"}),
        ("id;name\n1;é\n".encode(), {"delimiter": ";"}),
        ("id\tname\n1\té\n".encode(), {"delimiter": "\t"}),
    ],
)
def test_encodings_marks_and_delimiters(tmp_path: Path, content: bytes, file: dict[str, str]) -> None:
    assert read(put(tmp_path, content), **file) == [FileRow(2, {"id": "1", "name": "é"})]


def test_japanese(tmp_path: Path) -> None:
    path = put(tmp_path, "番号,名前\n1,山田\n".encode("cp932"))
    assert read(path, "番号", "名前", encoding="cp932") == [FileRow(2, {"番号": "1", "名前": "山田"})]


def test_an_empty_trailing_column_is_none(tmp_path: Path) -> None:
    path = put(tmp_path, "id,name,\n1,a,\n2,b\n3,c,d\n4,e,,\n")
    assert [row.values["id"] for row in read(path)] == ["1", "2", "3", "4"]


def test_ragged_rows_are_told_and_the_next_ones_read(tmp_path: Path) -> None:
    path = put(tmp_path, "id,name\n1\n2,b,c\n3,c\n")
    assert read(path) == [
        FileRow(2, {"line": "1"}, fault="has 1 cell, the header 2"),
        FileRow(3, {"line": "2,b,c"}, fault="has 3 cells, the header 2"),
        FileRow(4, {"id": "3", "name": "c"}),
    ]


def test_a_field_of_ten_megabytes(tmp_path: Path) -> None:
    path = put(tmp_path, f"id,name\n1,{'x' * 10_000_000}\n2,b\n3,{'y ' * LARGEST_CELL}\n4,d\n")
    rows = read(path)
    assert [(row.number, row.values.get("id")) for row in rows] == [(2, None), (3, "2"), (4, None), (5, "4")]
    bad = [row for row in rows if row.fault]
    assert all("field larger" in str(row.fault) for row in bad)
    assert [len(row.values["line"]) for row in bad] == [LONGEST_KEPT] * 2


def test_a_line_longer_than_any_row(tmp_path: Path) -> None:
    cells = ",".join("x" * 1000 for _ in range(LARGEST_LINE // 1000))
    path = put(tmp_path, f"id,name\n1,b,{cells}\n2,b\n")
    assert [(row.number, bool(row.fault)) for row in read(path)] == [(2, True), (3, False)]


def test_a_quote_left_open_is_told_with_its_line(tmp_path: Path) -> None:
    (first, bad, last) = read(put(tmp_path, 'id,name\r\n1,a\r\n2,"b\r\n3,c\r\n'))
    assert (first.values["id"], bad.number, bad.values) == ("1", 3, {"line": '2,"b'})
    assert bad.fault == "not CSV: a quote is missing or in the wrong place"
    assert last == FileRow(4, {"id": "3", "name": "c"})


def test_title_lines_above_the_header_are_skipped(tmp_path: Path) -> None:
    path = put(tmp_path, 'Leads, "July 2026"\n\nid,name\n1,a\n')
    assert read(path, skip_lines=2) == [FileRow(4, {"id": "1", "name": "a"})]
    with pytest.raises(PermanentError, match=r"no column id, name; .*; does the header stand further down\?"):
        read(path)
    with pytest.raises(PermanentError, match=r"it has no names in line 10"):
        read(path, skip_lines=9)


def test_bytes_of_another_encoding_do_not_stop_the_others(tmp_path: Path) -> None:
    rows = read(put(tmp_path, b"id,name\n1,\xe9\n2,b\n"))
    assert [row.values["id"] for row in rows] == ["1", "2"]


def test_parquet(tmp_path: Path) -> None:
    import pyarrow
    import pyarrow.parquet

    path = tmp_path / "export.parquet"
    table = pyarrow.table({"id": [1, 2], "name": ["a", None], "other": [0.5, 1.5]})
    pyarrow.parquet.write_table(table, path)
    assert read(path) == [FileRow(1, {"id": 1, "name": "a"}), FileRow(2, {"id": 2, "name": None})]
    with pytest.raises(PermanentError, match=r"has no column size; it has id, name, other$"):
        read(path, "id", "size")
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(PermanentError, match=r"is not a readable Parquet file$"):
        read(path)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("export.csv", "", "is empty; an export has at least a header"),
        ("export.xlsx", "id,name\n", "give a .csv or a .parquet file"),
        ("export.csv", "PK\x03\x04...", "is an Excel workbook or another archive; save it as CSV"),
        ("export.csv", b"\x1f\x8b...", "is compressed; unpack it first"),
        ("export.csv", "PAR1....", "is Parquet; call it .parquet"),
        ("export.parquet", "id,name\n", "is not Parquet, whatever its name says"),
        ("export.csv", "id;name\n1;2\n", "has no column id, name; it has id;name; is the delimiter ';'?"),
        ("export.csv", "id,number\n", "has no column name; it has id, number$"),
        ("export.csv", "id,name,id\n", "has the column id twice; rename one of them"),
        ("export.csv", "\n\n", "has no column id, name; it has no names in its first line"),
    ],
)
def test_a_wrong_file_is_refused_in_one_line(
    tmp_path: Path, name: str, content: str | bytes, words: str
) -> None:
    with pytest.raises(PermanentError, match=words.replace("?", r"\?")) as caught:
        read(put(tmp_path, content, name))
    assert "\n" not in str(caught.value)


def test_a_folder_and_a_missing_file(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(PermanentError, match="is a folder; give a file"):
        read(tmp_path / "folder.csv")
    with pytest.raises(PermanentError, match="cannot be read: No such file"):
        read(tmp_path / "missing.csv")


def test_a_header_alone_has_no_rows(tmp_path: Path) -> None:
    assert read(put(tmp_path, "id,name\n")) == []
