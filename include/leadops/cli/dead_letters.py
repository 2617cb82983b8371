"""`leadops dead-letters`: changes that a target rejected permanently."""

from typing import Annotated

import typer
from rich.table import Table

from leadops.cli.context import clock, console, open_database
from leadops.db import Connection
from leadops.delivery.dead_letters import (
    DeadLetter,
    discard_dead_letters,
    list_dead_letters,
    retry_dead_letters,
)
from leadops.errors import PermanentError
from leadops.scoring.ledger import write_off

app = typer.Typer(
    help="Changes that a target rejected permanently: list, retry, or drop.", no_args_is_help=True
)

Ids = Annotated[list[int] | None, typer.Argument(help="Numbers from `leadops dead-letters list`.")]
Everything = Annotated[bool, typer.Option("--all", help="All open dead letters.")]
Target = Annotated[str, typer.Option(help="Only this target (ma or crm).")]


@app.command("list")
def list_open(target: Target = "") -> None:
    """List the open dead letters with their reasons."""
    with open_database() as connection:
        letters = list_dead_letters(connection, target=target or None)
    table = Table("number", "target", "what", "lead", "points", "since (UTC)", "reason")
    for each in letters:
        since = f"{each.died_at:%Y-%m-%d %H:%M}"
        what = f"{each.kind} {each.reference}"
        cells = (each.dead_letter_id, each.target, what, each.lead_id, each.points, since, each.reason)
        table.add_row(*("" if cell is None else str(cell) for cell in cells))
    console.print(table if letters else "no dead letters")


@app.command()
def retry(ids: Ids = None, everything: Everything = False, target: Target = "") -> None:
    """Send dead letters again with the next push. Fix their cause first."""
    with open_database() as connection, connection.transaction():
        letters = _choose(connection, ids, everything, target)
        again = retry_dead_letters(connection, letters, now=clock())
    console.print(f"{again} go out again with the next push")
    if again < len(letters):
        console.print(f"{len(letters) - again} dropped: something newer was sent or is on its way")


@app.command()
def drop(ids: Ids = None, everything: Everything = False, target: Target = "") -> None:
    """Discard dead letters. Their points are also written off in the ledger, so that all numbers agree."""
    now = clock()
    with open_database() as connection, connection.transaction():
        letters = _choose(connection, ids, everything, target)
        for seq in discard_dead_letters(connection, letters, now=now):
            write_off(connection, ledger_seq=seq, reason="refused by the MA and dropped", now=now)
    console.print(f"{len(letters)} dropped")


def _choose(connection: Connection, ids: list[int] | None, everything: bool, target: str) -> list[DeadLetter]:
    """Return the letters that the command line means; raise PermanentError when it means none."""
    if not ids and not everything:
        raise PermanentError("name the dead letters by number, or say --all")
    letters = list_dead_letters(connection, target=target or None, ids=ids or None)
    if missing := set(ids or []) - {letter.dead_letter_id for letter in letters}:
        raise PermanentError(f"no open dead letter {', '.join(map(str, sorted(missing)))}")
    return letters
