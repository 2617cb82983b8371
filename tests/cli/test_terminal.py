"""Tables are whole in a pipe and fit a terminal, and text is written as it is, with visible escapes."""

import os
import re
import subprocess
import sys
import termios

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.table import Table

from leadops.cli.terminal import TextConsole, print_error, print_lines, print_traceback, style_text

LONG = "because " * 40
PRINT = (
    "from rich.table import Table; from leadops.cli.terminal import console;"
    f" table = Table('reason'); table.add_row({LONG.strip()!r}); console.print(table)"
)


def test_a_pipe_gets_every_row_in_one_line() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PRINT], capture_output=True, text=True, timeout=60, check=True
    )
    assert LONG.strip() in done.stdout
    assert len(done.stdout.splitlines()) == 5


def test_a_terminal_gets_no_longer_lines_than_it_has_room_for() -> None:
    ours, theirs = os.openpty()
    termios.tcsetwinsize(theirs, (24, 60))
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"} | {"TERM": "xterm"}
    with open(ours, "rb", buffering=0) as screen:
        subprocess.run(
            [sys.executable, "-c", PRINT],
            stdin=theirs,
            stdout=theirs,
            env=environment,
            timeout=60,
            check=True,
        )
        os.close(theirs)
        shown = re.sub(r"\x1b\[[0-9;]*m", "", screen.read(20_000).decode())
    assert "because" in shown
    assert max(len(line.rstrip("\r")) for line in shown.split("\n")) <= 60


def written(*objects: object) -> str:
    """Return what a terminal with colours gets for `objects`."""
    console = TextConsole()
    with console.capture() as capture:
        console.print(*objects)
    return capture.get()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[/summer]", "[/summer]"),
        ("[red]x[/red]", "[red]x[/red]"),
        ("[link=http://evil.example]", "[link=http://evil.example]"),
        (":smile:", ":smile:"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("\u202eevil", r"\u202eevil"),
        ("a\rb\tc", r"a\x0db\x09c"),
    ],
)
def test_text_is_no_markup_and_sends_no_control_character(text: str, shown: str) -> None:
    assert written(text) == f"{shown}\n"
    assert written(style_text(text, "bold"), ": ", text).count(shown) == 2
    table = Table(text, "b", title=text, caption=text)
    table.add_column(text, footer=text)
    table.add_row(text, style_text(text), text)
    drawn = written(table)
    assert drawn.count(shown) >= 5
    assert "\x1b" not in drawn


def test_a_line_break_ends_a_line_of_a_cell_and_no_other() -> None:
    table = Table("a")
    table.add_row("one\ntwo")
    assert len(written(table).splitlines()) == 6
    assert written("first\nlead 7: forged") == "first\\x0alead 7: forged\n"


@given(st.text(alphabet=st.characters(), max_size=30))
def test_whatever_is_printed_only_line_ends_control_the_terminal(text: str) -> None:
    table = Table(text, title=text)
    table.add_row(text)
    for out in (written(text), written(table), written(style_text(text))):
        out.encode("utf-8")
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]", out)


def test_errors_show_control_characters(capsys: pytest.CaptureFixture[str]) -> None:
    print_error(ValueError("no campaign [/x] \x1b[2J\nsecond"))
    assert capsys.readouterr().err == "leadops: no campaign [/x] \\x1b[2J\nsecond\n"
    try:
        int("\x1b[2J\u202e")
    except ValueError as error:
        print_traceback(ValueError("\x1b[2J\u202e").with_traceback(error.__traceback__))
    shown = capsys.readouterr().err
    assert shown.startswith("Traceback")
    assert shown.endswith("ValueError: \\x1b[2J\\u202e\n")


def test_lines_are_whole(capsys: pytest.CaptureFixture[str]) -> None:
    print_lines("create table a (\n    b text\n)")
    assert capsys.readouterr().out == "create table a (\n    b text\n)\n"
