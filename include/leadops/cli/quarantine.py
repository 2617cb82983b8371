"""`leadops quarantine`: events that were refused."""

import json
import os
from datetime import timedelta
from typing import Annotated, Any

import typer
from rich.table import Table

from leadops.cli.context import clock, open_database, read_config
from leadops.cli.terminal import console
from leadops.erased.erased_filter import ErasedFilter
from leadops.errors import PermanentError
from leadops.events.admit_quarantined import RetryResult, repair_quarantined, retry_quarantined
from leadops.events.quarantine import (
    QuarantineCount,
    QuarantineEntry,
    count_quarantine,
    drop_quarantined,
    list_quarantine,
    show_detail,
)
from leadops.mask import hide_known_secrets

app = typer.Typer(
    help="Events that were refused: list, repair, release, try again, drop.", no_args_is_help=True
)

#: Options of the commands for both quarantines, of events and of forms.
ReasonFilter = Annotated[str, typer.Option("--reason", help="Only this reason, such as invalid_email.")]
StateFilter = Annotated[str, typer.Option("--state", help="waiting, admitted or dropped.")]
HoursFilter = Annotated[float, typer.Option("--hours", help="Only the last HOURS hours; 0: all.")]
MaxEntries = Annotated[int, typer.Option("--limit", help="List at most this many.")]
SetOption = Annotated[
    list[str] | None, typer.Option("--set", help="path=value, the value as JSON or plain text.")
]
UnsetOption = Annotated[list[str] | None, typer.Option("--unset", help="Path of a field to leave out.")]

History = Annotated[bool, typer.Option("--history", help="Accept old events, as history.")]


@app.command("list")
def list_refused(
    reason: ReasonFilter = "",
    state: StateFilter = "waiting",
    hours: HoursFilter = 0,
    limit: MaxEntries = 20,
    show_body: Annotated[
        bool, typer.Option("--show-body", help="Show the events, personal data included.")
    ] = False,
) -> None:
    """Count refused events by reason, and list the newest."""
    since = clock() - timedelta(hours=hours) if hours else None
    with open_database() as connection:
        counts = count_quarantine(connection)
        items = list_quarantine(connection, reason=reason or None, state=state, since=since, limit=limit)
    console.print(list_counts(counts, of="items") if counts else "nothing was ever refused")
    if items:
        console.print(_list(items, show_body))


@app.command()
def repair(
    number: Annotated[int, typer.Argument(help="Number from `leadops quarantine list`.")],
    change: SetOption = None,
    unset: UnsetOption = None,
    history: History = False,
) -> None:
    """Correct a refused event and admit it: repair 7 --set ts=2026-07-01T09:30:00Z --unset timestamp."""
    config = read_config()
    if not change and not unset:
        raise PermanentError("say what to change with --set path=value or --unset path")
    with open_database() as connection:
        done = repair_quarantined(
            connection,
            number,
            changes=[parse_change(each) for each in change or []],
            removals=unset or [],
            now=clock(),
            settings=config.events,
            erased=ErasedFilter.of(os.environ),
            history=history,
        )
    console.print(f"{number} is in" if done.admitted else f"{number} was in already under its event_id")


@app.command()
def retry(
    ids: Annotated[list[int] | None, typer.Argument(help="Numbers from `leadops quarantine list`.")] = None,
    reason: Annotated[str, typer.Option(help="All events with this reason.")] = "",
    everything: Annotated[bool, typer.Option("--all", help="All refused events.")] = False,
    history: History = False,
) -> None:
    """Validate refused events again, for example after a change of settings; admit those that are valid."""
    config = read_config()
    require_selection(ids, reason, everything, of="events")
    with open_database() as connection:
        done: RetryResult = retry_quarantined(
            connection,
            now=clock(),
            settings=config.events,
            erased=ErasedFilter.of(os.environ),
            ids=ids or None,
            reason=reason or None,
            history=history,
        )
    _print_admitted(done)


@app.command()
def release(
    ids: Annotated[list[int] | None, typer.Argument(help="Numbers from `leadops quarantine list`.")] = None,
    reason: Annotated[str, typer.Option(help="All events with this reason, such as spam_links.")] = "",
) -> None:
    """Admit forms that look like spam and are a person's."""
    config = read_config()
    require_selection(ids, reason, everything=False, of="events")
    with open_database() as connection:
        done = retry_quarantined(
            connection,
            now=clock(),
            settings=config.events,
            ids=ids or None,
            reason=reason or None,
            vouched=True,
            erased=ErasedFilter.of(os.environ),
        )
    _print_admitted(done)


@app.command()
def drop(
    ids: Annotated[list[int] | None, typer.Argument(help="Numbers from `leadops quarantine list`.")] = None,
    reason: Annotated[str, typer.Option(help="All events with this reason.")] = "",
    everything: Annotated[bool, typer.Option("--all", help="All refused events.")] = False,
) -> None:
    """Drop refused events that are worth nothing, such as a test's. They stay on record."""
    require_selection(ids, reason, everything, of="events")
    with open_database() as connection, connection.transaction():
        dropped = drop_quarantined(connection, now=clock(), ids=ids or None, reason=reason or None)
    console.print(f"{dropped} dropped")


def _print_admitted(done: RetryResult) -> None:
    console.print(
        f"{done.admitted} are in, {done.duplicates} were in already, {done.refused} are still refused"
    )


def _list(items: list[QuarantineEntry], show_body: bool) -> Table:
    columns = ["number", "received (UTC)", "times", "reason", "what to change"]
    table = Table(*columns, *(["event"] if show_body else []), title="Newest")
    for item in items:
        cells = [str(item.quarantine_id), f"{item.received_at:%Y-%m-%d %H:%M}", str(item.times)]
        event = [hide_known_secrets(item.body)] if show_body else []
        table.add_row(*cells, item.reason, show_detail(item.detail), *event)
    return table


def list_counts(counts: list[QuarantineCount], *, of: str) -> Table:
    """Return the counts of a quarantine by reason; `of` names what is counted."""
    table = Table("reason", "state", of, "times", "first (UTC)", "last (UTC)", title="By reason")
    for count in counts:
        first, last = f"{count.first_at:%Y-%m-%d %H:%M}", f"{count.last_at:%Y-%m-%d %H:%M}"
        table.add_row(count.reason, count.state, str(count.items), str(count.times), first, last)
    return table


def require_selection(ids: list[int] | None, reason: str, everything: bool, *, of: str) -> None:
    """Raise PermanentError unless a command says which entries of a quarantine it is for."""
    if not ids and not reason and not everything:
        raise PermanentError(f"name the {of} by number, give a --reason, or say --all")


def parse_change(text: str) -> tuple[str, Any]:
    """Return the path and the value (JSON, or else text) of `--set`; raise PermanentError without them."""
    path, sign, value = text.partition("=")
    if not sign or not path:
        raise PermanentError(f"--set {text}: write path=value")
    try:
        return path, json.loads(value)
    except ValueError:
        return path, value
