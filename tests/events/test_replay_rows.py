from io import BytesIO

import pytest

from leadops.errors import PermanentError
from leadops.events.replay_rows import read_event_rows
from leadops.tabular.file_format import FileFormat
from leadops.tabular.file_row import FileRow


def rows(data: bytes, kind: str, columns: set[str] | None = None) -> list[FileRow]:
    return list(read_event_rows(BytesIO(data), kind=kind, columns=columns or set()))


def test_csv_leaves_empty_cells_out_and_goes_on_after_a_broken_row() -> None:
    data = b'\xef\xbb\xbfa,b\r\n1,\r\n"two\nlines",2\r\n1,2,3\r\n1\r\n4,5\r\n'
    assert rows(data, "csv", {"a"}) == [
        FileRow(2, {"a": "1"}),
        FileRow(3, {"a": "two\nlines", "b": "2"}),
        FileRow(5, {"a": "1", "b": "2"}, "the header has 2 cells"),
        FileRow(6, {"a": "1"}, "the header has 2 cells"),
        FileRow(7, {"a": "4", "b": "5"}),
    ]


def test_csv_goes_on_after_a_cell_that_is_too_long() -> None:
    data = b"a\n" + b"x" * 1_000_001 + b"\n1\n"
    first, second = rows(data, "csv")
    assert first.fault
    assert second == FileRow(3, {"a": "1"})


def test_a_quote_left_open_costs_its_own_row() -> None:
    data = b'a,b,c\n1,"x,y\n2,x,y\n3,"x",y\n'
    assert rows(data, "csv") == [
        FileRow(2, {"line": '1,"x,y'}, "not CSV: a quote is missing or in the wrong place"),
        FileRow(3, {"a": "2", "b": "x", "c": "y"}),
        FileRow(4, {"a": "3", "b": "x", "c": "y"}),
    ]


def test_a_csv_as_its_mapping_says_it_is_written() -> None:
    data = "Bericht\na;b\n1;ü\n".encode("cp1252")
    file = FileFormat(encoding="cp1252", delimiter=";", skip_lines=1)
    assert list(read_event_rows(BytesIO(data), kind="csv", columns={"a"}, file=file)) == [
        FileRow(3, {"a": "1", "b": "ü"})
    ]
    with pytest.raises(PermanentError, match=r"line 2 is not a header|is not utf-16"):
        list(read_event_rows(BytesIO(data), kind="csv", columns=set(), file=FileFormat(encoding="utf-16")))


def test_a_missing_column_is_named_at_once() -> None:
    with pytest.raises(PermanentError, match="no column c; it has a, b"):
        rows(b"a,b\n1,2\n", "csv", {"a", "c"})
    with pytest.raises(PermanentError, match="no header"):
        rows(b"", "csv", {"a"})


def test_jsonl_goes_on_after_a_broken_line() -> None:
    data = b'{"a": 1}\n\n{\n[1]\n' + b"[" * 100_000 + b'\n{"a": "\xff"}'
    found = rows(data, "jsonl")
    assert [(row.number, row.fault) for row in found] == [
        (1, None),
        (3, "the line is not JSON"),
        (4, "the line is not a JSON object"),
        (5, "the line is not JSON"),
        (6, None),
    ]
    assert found[-1].values == {"a": "\udcff"}
