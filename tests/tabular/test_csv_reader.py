import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadops.tabular.csv_reader import (
    BROKEN_QUOTE,
    LARGEST_CELL,
    LARGEST_LINE,
    LONGEST_KEPT,
    LONGEST_ROW,
    CsvReader,
    CsvRow,
)

HEADER = ["id", "name", "city", "note"]


def read(text: str, *, skip_lines: int = 0) -> tuple[list[str], list[CsvRow]]:
    data = text.encode("utf-8", "surrogateescape")
    stream = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", errors="surrogateescape", newline="")
    reader = CsvReader(stream, skip_lines=skip_lines)
    return reader.read_header(), list(reader)


def write(rows: list[list[str]]) -> list[str]:
    """Return the lines that a spreadsheet would write."""
    lines = []
    for row in rows:
        out = io.StringIO()
        csv.writer(out).writerow(row)
        lines.append(out.getvalue())
    return lines


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


@pytest.mark.parametrize(
    ("text", "faulty"),
    [
        ('id,name\n1,"x"y\n2,z\n', [2]),
        ('id,name\n1,"Acme\n2,"Beta"\n3,c\n', [2]),
        ('id,name\n1,"Acme\n2,b\n3,c\n', [2]),
        # The quote closes in the next row, or many rows later: the cells add up, but the lines are rows.
        ('id,name,city\n1,"Acme,x\n2,b,"y"\n3,c,z\n', [2]),
        ('id,name,city\n1,a,"x\n2,b,y\n3,c,z"\n4,d,w\n', [2]),
        ('id,name,city\n1,"a,x\n2,b",y\n3,c,z\n', [2]),
        ('id,name,city\n1,"a,x\n",",b,y\n3,c,z\n', [2]),
    ],
)
def test_a_broken_quote_costs_its_own_row(text: str, faulty: list[int]) -> None:
    header, rows = read(text)
    assert [row.first_line for row in rows] == list(range(2, text.count("\n") + 1))
    assert [(row.first_line, row.fault) for row in rows if row.fault] == [
        (line, f"not CSV: {BROKEN_QUOTE}") for line in faulty
    ]
    assert all(len(row.cells) == len(header) for row in rows if not row.fault)


@pytest.mark.parametrize(
    "note",
    [
        "two\r\nlines",
        'she said "yes",\nand "no"',
        "Dear Sir,\nwe need one, two, and three\n\nRegards",
        "a\rlone return",
        "\n" * (LONGEST_ROW - 1),
    ],
)
def test_line_breaks_in_quotes_are_of_the_cell(note: str) -> None:
    for columns in (["id", "name", "note"], ["id", "note", "name"]):
        rows = [columns, ["1", note, "x"], ["2", "x", note], ["3", "a", "b"]]
        text = "".join(write(rows))
        assert [row.cells for row in read(text)[1]] == rows[1:]


def test_a_quote_that_stays_open_for_too_long_was_never_closed() -> None:
    _, rows = read('id,name\n1,"' + "x\n" * (LONGEST_ROW + 5) + '"\n2,b\n')
    assert (rows[0].first_line, rows[0].last_line, bool(rows[0].fault)) == (2, 2, True)
    assert rows[-1].cells == ["2", "b"]
    assert len(rows) == LONGEST_ROW + 7


def test_lines_above_the_header_are_skipped_and_counted() -> None:
    header, rows = read('Report "July\n\nid,name\n1,a\n', skip_lines=2)
    assert (header, rows) == (["id", "name"], [CsvRow(4, 4, ["1", "a"], None, "1,a")])
    assert read("a\n", skip_lines=5) == ([], [])


def test_a_broken_quote_in_the_header_is_an_error_at_once() -> None:
    with pytest.raises(csv.Error):
        read('id,"na"me\n1,a\n')


@given(st.text(alphabet=st.sampled_from('ab1,;" \n\r\0\ufeff\udcff\u2028é'), max_size=60))
def test_every_line_is_of_exactly_one_row_whatever_stands_there(body: str) -> None:
    text = f"id,name,city\n{body}"
    lines = list(io.StringIO(text, newline=""))
    covered: list[int] = []
    for row in read(text)[1]:
        assert bool(row.fault) != bool(row.cells)
        covered += range(row.first_line, row.last_line + 1)
    filled = [number for number, line in enumerate(lines, start=1) if line.strip("\r\n")]
    assert covered == sorted(set(covered))
    assert set(filled) - {1} <= set(covered)


#: Cells without a blank in front, which would be prose, and without line breaks.
plain_cells = st.text(alphabet=st.sampled_from('ab,"é '), max_size=6).filter(lambda cell: cell[:1] != " ")


@given(
    st.lists(st.lists(plain_cells, min_size=4, max_size=4), min_size=1, max_size=8).filter(
        lambda rows: any('"' in line for line in write(rows))
    ),
    st.data(),
)
def test_one_quote_that_is_missing_costs_at_most_its_own_row(
    rows: list[list[str]], data: st.DataObject
) -> None:
    lines = write(rows)
    quoted = [number for number, line in enumerate(lines) if '"' in line]
    broken = data.draw(st.sampled_from(quoted))
    quotes = [place for place, sign in enumerate(lines[broken]) if sign == '"']
    place = data.draw(st.sampled_from(quotes))
    lines[broken] = lines[broken][:place] + lines[broken][place + 1 :]
    _, found = read(",".join(HEADER) + "\n" + "".join(lines))
    assert [row.first_line for row in found] == list(range(2, len(rows) + 2))
    others = [row.cells for number, row in enumerate(found) if number != broken]
    assert others == [row for number, row in enumerate(rows) if number != broken]
