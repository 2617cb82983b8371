"""`leadops changes`: what would move many leads at once, and the decision about it."""

import getpass
from typing import Annotated

import typer
from rich.table import Table

from leadops.changes.answer_change import ChangeAnswer, answer_change, find_open_change
from leadops.changes.change_record import ChangeRecord, list_changes
from leadops.changes.follow_files import SETTINGS, read_moving
from leadops.changes.take_back import ROLLBACK
from leadops.changes.weigh_change import ChangeEffect, weigh_change
from leadops.cli.context import clock, open_database
from leadops.cli.terminal import console
from leadops.config.gated_settings import list_in_force
from leadops.db import Connection

app = typer.Typer(
    help="Changes that would move many leads at once: show, approve or reject.", no_args_is_help=True
)

ByOption = Annotated[str | None, typer.Option("--by", help="Who decides; default: your login.")]
HashArgument = Annotated[str, typer.Argument(help="The hash of a change, or its beginning.")]


@app.command("show")
def show(
    change: Annotated[str | None, typer.Argument(help="The hash of a change; default: list all.")] = None,
    limit: Annotated[int, typer.Option(help="List at most this many, the newest first.", min=1)] = 20,
) -> None:
    """List the changes and the decisions, or show what one that waits would do now. Writes nothing."""
    with open_database() as connection:
        if change is None:
            _list(list_changes(connection, limit=limit))
            return
        with connection.transaction():
            record = find_open_change(connection, change)
        _describe(record)
        if record.kind != SETTINGS:
            return  # a model is weighed where it computes its points, a rollback by its command
        effect = _weigh_again(connection, record)
    console.print("now it would do this:", highlight=False)
    print_effect(effect)


@app.command("approve")
def approve(change: HashArgument, by: ByOption = None) -> None:
    """Let a change take effect just as it was when it was asked about."""
    _answer(change, "approved", by)


@app.command("reject")
def reject(change: HashArgument, by: ByOption = None) -> None:
    """Keep what is in force; the same content is not asked about again until the file changes."""
    _answer(change, "rejected", by)


def _answer(change: str, answer: ChangeAnswer, by: str | None) -> None:
    with open_database() as connection:
        record = answer_change(connection, change, answer=answer, by=by or getpass.getuser(), now=clock())
    if answer == "rejected":
        after = "what is in force stays so"
    elif record.kind == ROLLBACK:
        after = "the points are taken back with the next runs; see leadops rollback --list"
    elif record.kind == SETTINGS:
        after = "takes effect within a minute"
    else:
        after = "takes effect tonight, or with leadops model points"
    console.print(f"{record.subject} ({record.short_hash}): {answer}; {after}", highlight=False)


def _list(records: list[ChangeRecord]) -> None:
    table = Table("change", "asked (UTC)", "what", "status", "decided", "effect when asked")
    for record in records:
        effect = record.read_effect()
        decided = f"{record.decided_by}, {record.decided_at:%Y-%m-%d %H:%M}" if record.decided_at else ""
        table.add_row(
            record.short_hash,
            f"{record.asked_at:%Y-%m-%d %H:%M}",
            record.subject,
            record.status if record.ended_at is None or record.status != "rejected" else "rejected, over",
            decided,
            _summarize(effect) if effect else record.problem or "",
        )
    console.print(table if records else "no change has been asked about")


def _describe(record: ChangeRecord) -> None:
    console.print(f"{record.subject} ({record.hash})", highlight=False, soft_wrap=True)
    decided = (
        f" by {record.decided_by} at {record.decided_at:%Y-%m-%d %H:%M} UTC" if record.decided_at else ""
    )
    console.print(f"{record.status}{decided}: {record.reason}", highlight=False)
    effect = record.read_effect()
    if effect:
        console.print(f"when it was asked, {record.asked_at:%Y-%m-%d %H:%M} UTC:", highlight=False)
        print_effect(effect)


def _weigh_again(connection: Connection, record: ChangeRecord) -> ChangeEffect:
    with connection.transaction():
        in_force = list_in_force(connection)
    return weigh_change(
        connection, former=read_moving(in_force), proposed=read_moving(in_force, record.content), now=clock()
    )


def print_effect(effect: ChangeEffect) -> None:
    """Print what a change would do, with some of the leads."""
    console.print(f"  {_summarize(effect)}", highlight=False)
    for lead in effect.examples:
        console.print(f"  lead {lead}", highlight=False)


def _summarize(effect: ChangeEffect) -> str:
    return (
        f"{effect.moved} of {effect.with_points} leads with points get another grade ({effect.share:.1%}),"
        f" {effect.changed} other points, {effect.new_mqls} become MQL"
    )
