import io

from leadops.tabular.csv_reader import LARGEST_CELL, LARGEST_LINE, LONGEST_KEPT, CsvReader, CsvRow


def read(text: str, *, strict: bool = True) -> tuple[list[str], list[CsvRow]]:
    stream = io.TextIOWrapper(io.BytesIO(text.encode()), encoding="utf-8", newline="")
    reader = CsvReader(stream, strict=strict)
    return reader.read_header(), list(reader)


def test_a_row_knows_its_lines_and_blank_lines_are_skipped() -> None:
    assert read('a,b\r\n1,"two\r\nlines"\r\n\r\n2,\r\n') == (
        ["a", "b"],
        [
            CsvRow(2, 3, ["1", "two\r\nlines"], None, '1,"two'),
            CsvRow(5, 5, ["2", ""], None, "2,"),
        ],
    )


def test_an_empty_text_has_an_empty_header_and_no_rows() -> None:
    assert read("") == ([], [])


def test_a_cell_or_a_line_that_is_too_long_does_not_stop_the_next_row() -> None:
    long_cell, long_line = "x" * (LARGEST_CELL + 1), "y," * (LARGEST_LINE // 2 + 1)
    _, rows = read(f"a\n{long_cell}\n{long_line}\n1\n")
    assert [(row.first_line, row.cells, bool(row.fault)) for row in rows] == [
        (2, [], True),
        (3, [], True),
        (4, ["1"], False),
    ]
    assert [len(row.beginning) for row in rows] == [LONGEST_KEPT, LONGEST_KEPT, 1]


def test_a_quote_in_the_wrong_place_is_a_fault_only_if_strict() -> None:
    text = 'a\n"x"y\nz\n'
    assert [bool(row.fault) for row in read(text)[1]] == [True, False]
    assert [row.cells for row in read(text, strict=False)[1]] == [["xy"], ["z"]]
