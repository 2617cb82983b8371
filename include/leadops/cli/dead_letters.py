"""`leadops dead-letters`: changes that a target rejected permanently."""

from typing import Annotated

import typer
from rich.table import Table

from leadops.cli.context import clock, find_product, open_database
from leadops.cli.terminal import console
from leadops.db import Connection
from leadops.delivery.dead_letters import (
    DeadLetter,
    accept_dead_letters,
    discard_dead_letters,
    list_dead_letters,
    read_dead_letters,
    retry_dead_letters,
)
from leadops.delivery.suggest_outcomes import LetterOutcome, Suggestion, suggest_outcomes
from leadops.errors import PermanentError
from leadops.products.product_client import ProductClient
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
        letters = read_dead_letters(connection, target=target or None)
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


@app.command()
def suggest() -> None:
    """Say what became of score changes of unknown outcome, by the scores that the MA has now.

    A lead's score in the MA, less the points that it surely has, must be the sum of those that took effect.
    """
    with open_database() as connection:
        suggestions = _suggest(connection)
    table = Table("number", "lead", "points", "score in the MA", "without them", "suggestion", "why")
    for each in suggestions:
        letter = each.letter
        numbers = (letter.dead_letter_id, letter.lead_id, letter.points, each.ma, each.settled)
        table.add_row(*("" if cell is None else str(cell) for cell in numbers), each.outcome, each.why)
    console.print(table if suggestions else "no score changes of unknown outcome")


@app.command()
def resolve(
    as_suggested: Annotated[
        bool, typer.Option("--as-suggested", help="Follow `leadops dead-letters suggest`.")
    ] = False,
) -> None:
    """Settle score changes of unknown outcome as `suggest` says; unclear ones stay open.

    What the MA has is closed, what it has not is sent again with the next push.
    """
    if not as_suggested:
        raise PermanentError("look at `leadops dead-letters suggest` first, then say --as-suggested")
    now = clock()
    with open_database() as connection, connection.transaction():
        by_outcome: dict[LetterOutcome, list[DeadLetter]] = {outcome: [] for outcome in LetterOutcome}
        for suggestion in _suggest(connection):
            by_outcome[suggestion.outcome].append(suggestion.letter)
        accept_dead_letters(connection, by_outcome[LetterOutcome.APPLIED], now=now)
        retry_dead_letters(connection, by_outcome[LetterOutcome.NOT_APPLIED], now=now)
    arrived, missing, unclear = (len(by_outcome[outcome]) for outcome in LetterOutcome)
    console.print(
        f"{arrived} had arrived, {missing} go out again with the next push,"
        f" {unclear} are unclear and stay open"
    )


def _suggest(connection: Connection) -> list[Suggestion]:
    """Return the suggestions for all open dead letters, which stay locked until the transaction ends."""
    client = ProductClient(find_product("ma"))
    try:
        return suggest_outcomes(connection, client, list_dead_letters(connection, target="ma"))
    finally:
        client.transport.close()


def _choose(connection: Connection, ids: list[int] | None, everything: bool, target: str) -> list[DeadLetter]:
    """Return the letters that the command line means; raise PermanentError when it means none."""
    if not ids and not everything:
        raise PermanentError("name the dead letters by number, or say --all")
    letters = list_dead_letters(connection, target=target or None, ids=ids or None)
    if missing := set(ids or []) - {letter.dead_letter_id for letter in letters}:
        raise PermanentError(f"no open dead letter {', '.join(map(str, sorted(missing)))}")
    return letters
