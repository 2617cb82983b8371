"""How commands write: text is never markup, and what nobody sees is written as an escape."""

import json
import sys
import traceback
from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.status import Status
from rich.text import Text

from leadops.normalization.visible_text import show_text

#: Columns of a line where no terminal says how many it has: nothing is cut in a pipe or a file.
WHOLE = 10_000


class TextConsole(Console):
    """A console on which brackets are brackets: names of campaigns, reasons and paths come from outside.

    Control characters and those that change the direction of text are written as escapes such as \\x1b; a
    line break ends a line in the cell of a table and is an escape elsewhere.
    """

    def __init__(self) -> None:
        width = None if sys.stdout.isatty() else WHOLE
        super().__init__(width=width, markup=False, emoji=False)

    def print(self, *objects: Any, **options: Any) -> None:
        """Print lines and tables; `options` are those of rich."""
        super().print(*(show_text(each) if isinstance(each, str) else each for each in objects), **options)

    def render_str(self, text: str, **options: Any) -> Text:
        """Return `text` as it is written; rich calls this for each line, cell and title."""
        shown = "\n".join(map(show_text, text.split("\n")))
        return super().render_str(shown, **options | {"markup": False, "emoji": False})

    def status(self, status: Any, **options: Any) -> Status:
        """Show `status` while a command works."""
        return super().status(style_text(str(status)), **options)


#: What stands in a cell of a table.
Cell = str | Text

console = TextConsole()


def style_text(text: str, style: str = "") -> Text:
    """Return `text` in a style of rich, for a part of a line or a cell."""
    return Text(show_text(text), style)


def print_lines(text: str) -> None:
    """Print the lines of `text` whole, without colours."""
    for line in text.splitlines():
        console.print(line, highlight=False, soft_wrap=True)


def print_json(body: object, *, default: Callable[[Any], Any] | None = None) -> None:
    """Print `body` as one line of ASCII JSON; `default` says how other types are written."""
    sys.stdout.write(json.dumps(body, default=default) + "\n")


def print_error(error: BaseException) -> None:
    """Write an error of ours to stderr, line by line."""
    _write_lines(f"leadops: {error}")


def print_warning(text: object) -> None:
    """Write to stderr what a person should know, though the command goes on."""
    _write_lines(f"leadops: warning: {text}")


def print_traceback(error: BaseException) -> None:
    """Write an error that nobody foresaw to stderr, with where it happened."""
    _write_lines("".join(traceback.format_exception(error)))


def make_progress(*columns: ProgressColumn, transient: bool = False, disable: bool = False) -> Progress:
    """Return a progress bar on the console: what is done, then `columns`, else a bar and the time left."""
    return Progress(
        TextColumn("{task.description}", markup=False),
        *(columns or (BarColumn(), TaskProgressColumn(), TimeRemainingColumn())),
        console=console,
        transient=transient,
        disable=disable,
    )


def _write_lines(text: str) -> None:
    for line in text.splitlines():
        sys.stderr.write(show_text(line) + "\n")
