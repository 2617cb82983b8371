"""Cells of a spreadsheet that nobody can turn into a formula."""

import csv
import io
from decimal import Decimal

import pytest

from leadops.dashboard.safe_csv import make_safe, write_csv


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        " =1",
        "\u3000=1",
        "\x00=1",
        "＝1",
        "＋1",
        "＠x",
        '=HYPERLINK("http://evil.example","x")',
        "=cmd|' /C calc'!A0",
    ],
)
def test_a_text_that_would_run_gets_an_apostrophe(text: str) -> None:
    assert make_safe(text).startswith("'")
    assert make_safe(text)[1:] == text


@pytest.mark.parametrize("text", ["spring", "a=b", "春-1", "1-2", "", "'=1"])
def test_other_texts_stay(text: str) -> None:
    assert make_safe(text) == text


def test_numbers_stay_numbers() -> None:
    assert [make_safe(cell) for cell in (-1, Decimal("-2.50"), 0.25, None)] == ["-1", "-2.50", "0.25", ""]


def test_a_file_is_read_back_as_it_was_written() -> None:
    names = ["a,b", 'say "x"', "two\nlines", "=1", "日本", "\ud800"]
    body = write_csv(["name", "n"], [[name, number] for number, name in enumerate(names)])
    assert body.startswith(b"\xef\xbb\xbf")  # for Excel
    rows = list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline="")))
    assert rows[0] == ["name", "n"]
    assert [row[0] for row in rows[1:]] == ["a,b", 'say "x"', "two\nlines", "'=1", "日本", "?"]
