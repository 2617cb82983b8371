"""The day options of all commands: read one way, and refused in one line."""

from datetime import date
from typing import Annotated

import typer

from leadops.errors import PermanentError


def parse_day(text: str | date) -> date:
    """Return the day in `text`, such as 2026-07-31; raise PermanentError for anything else."""
    if isinstance(text, date):
        return text
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise PermanentError(f"{text!r} is not a day; give a day as 2026-07-31") from None


DayOption = Annotated[
    date | None,
    typer.Option("--day", parser=parse_day, metavar="DAY", help="A day of the company's zone: 2026-07-31."),
]
FirstDayOption = Annotated[
    date | None, typer.Option("--from", parser=parse_day, metavar="DAY", help="The first day.")
]
LastDayOption = Annotated[
    date | None,
    typer.Option("--to", parser=parse_day, metavar="DAY", help="The last day; else yesterday."),
]
KnownOnOption = Annotated[
    date | None,
    typer.Option(
        "--known-on",
        parser=parse_day,
        metavar="DAY",
        help="Answer as at the end of DAY: without what came in, or was corrected, later.",
    ),
]
