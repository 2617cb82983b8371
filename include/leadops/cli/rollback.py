"""`leadops rollback`: take points back that went out by mistake."""

import getpass
from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.table import Table

from leadops.changes.moving_settings import MovingSettings
from leadops.changes.rollback_aftermath import Aftermath, list_aftermath, read_progress
from leadops.changes.take_back import RollbackPreview, preview_rollback, request_rollback
from leadops.cli.changes import print_effect
from leadops.cli.context import clock, open_database, read_config
from leadops.cli.terminal import console
from leadops.configuration import Config
from leadops.db import Connection
from leadops.delivery.batch_rows import list_batch_rows
from leadops.errors import PermanentError
from leadops.normalization.visible_text import show_text
from leadops.scoring.rollbacks import (
    Rollback,
    RollbackScope,
    find_last_row,
    find_rollback,
    list_corrected,
    list_rollbacks,
    read_scope,
)

#: Characters of a reason; it stands beside each correction, also in the MA.
LONGEST_REASON = 100
#: How many rollbacks are listed.
MOST_LISTED = 50
#: What has followed, in words for one and for many.
FOLLOWED = {
    "mql": ("MQL", "MQLs"),
    "clock": ("SLA clock", "SLA clocks"),
    "message": ("message to a salesperson", "messages to salespeople"),
    "enrolment": ("programme entered", "programmes entered"),
    "crm": ("operation in the CRM", "operations in the CRM"),
}


def roll_back(
    rule: Annotated[str | None, typer.Option(help="Only the points of this rule.")] = None,
    since: Annotated[
        str | None,
        typer.Option(help="Only points written from here on: 2026-07-31T22:00, in the company's zone."),
    ] = None,
    until: Annotated[str | None, typer.Option(help="Only points written before here; default: now.")] = None,
    batch: Annotated[int | None, typer.Option(help="Only the points of this call to the MA.", min=1)] = None,
    because: Annotated[
        str | None,
        typer.Option(help="Why; stands beside each correction, in the MA too. Name nobody in it."),
    ] = None,
    by: Annotated[str | None, typer.Option(help="Who asks; default: your login.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be taken back.")] = False,
    show: Annotated[
        int | None, typer.Option(help="Show how far this rollback is, and what has followed.")
    ] = None,
    list_all: Annotated[bool, typer.Option("--list", help="List the rollbacks, the newest first.")] = False,
) -> None:
    """Take back what points are still in force of a rule, a time or a call to the MA.

    The corrections go to the MA behind live changes. If that moves many leads, it waits for an approval.
    """
    if list_all or show is not None:
        with open_database() as connection:
            if show is None:
                _list(list_rollbacks(connection, max_rows=MOST_LISTED))
            else:
                _show(connection, show)
        return
    config, now = read_config(), clock()
    settings = read_moving_settings(config)
    with open_database() as connection:
        scope = form_scope(
            connection, rule=rule, since=since, until=until, batch=batch, zone=config.company.zone, now=now
        )
        reason = _check_reason(because) or str(scope)
        connection.commit()
        preview = preview_rollback(connection, scope, settings=settings, now=now)
        _print_preview(scope, preview)
        if dry_run:
            return
        answer = request_rollback(
            connection,
            scope,
            effect=preview.effect,
            reason=reason,
            asked_by=by or getpass.getuser(),
            limits=settings.changes,
            now=now,
        )
    if answer.waiting:
        console.print(
            f"it waits: {answer.waiting.reason}; `leadops changes approve {answer.waiting.short_hash}`"
            " takes the points back, `reject` leaves them",
            highlight=False,
        )
    elif answer.rollback:
        number = answer.rollback.rollback_id
        console.print(
            f"rollback {number}: scoring takes the points back with its next runs;"
            f" `leadops rollback --show {number}` says how far it is",
            highlight=False,
        )


def form_scope(
    connection: Connection,
    *,
    rule: str | None,
    since: str | None,
    until: str | None,
    batch: int | None,
    zone: ZoneInfo,
    now: datetime,
) -> RollbackScope:
    """Return what the options name; raise PermanentError for none, or for times that make no span."""
    if until and not since:
        raise PermanentError("--until needs --since")
    if rule is None and since is None and batch is None:
        raise PermanentError("say what to take back: --rule, --since with --until, or --batch")
    start = _parse_moment(since, zone) if since else None
    end = min(_parse_moment(until, zone), now) if until else now
    if start and start >= end:
        raise PermanentError("--since must be earlier than --until, and in the past")
    return RollbackScope(
        last_row=find_last_row(connection),
        rule=rule,
        since=start,
        until=end if start else None,
        batch_id=batch,
        ledger_seqs=None if batch is None else list_batch_rows(connection, batch),
    )


def read_moving_settings(config: Config) -> MovingSettings:
    """Return the settings in force by which leads get points, grades and stages."""
    return MovingSettings(
        config.changes, config.company, config.identity, config.kpi, config.machines, config.scoring
    )


def _parse_moment(text: str, zone: ZoneInfo) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise PermanentError(f"{text!r} is not a time; give one as 2026-07-31T22:00") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def _show(connection: Connection, number: int) -> None:
    record = find_rollback(connection, number)
    progress = read_progress(connection, number)
    console.print(
        f"rollback {number}, {read_scope(record.scope)}: {record.reason}; asked by {record.asked_by},"
        f" in effect since {record.applied_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC",
        highlight=False,
    )
    console.print(f"{_describe(record)}: {progress.rows} corrections, {progress.points:+d} points")
    if progress.waiting:
        console.print(f"{progress.waiting} leads still wait to be scored")
    elif progress.undelivered:
        console.print(f"all leads are scored; {progress.undelivered} corrections are not in the MA yet")
    else:
        console.print("done: all leads are scored, and the MA has every correction; leadops audit proves it")
    _print_aftermath(list_aftermath(connection, list_corrected(connection, number)))


def _check_reason(text: str | None) -> str | None:
    if text is None:
        return None
    reason = " ".join(text.split())
    if not reason or len(reason) > LONGEST_REASON or show_text(reason) != reason or "@" in reason:
        raise PermanentError(
            f"--because must be a line of 1 to {LONGEST_REASON} characters without an address"
        )
    return reason


def _describe(rollback: Rollback) -> str:
    given = f", {rollback.points_given} given back" if rollback.points_given else ""
    return (
        f"{rollback.points_taken} points in force taken back{given}, of {rollback.leads} leads"
        f" and {rollback.rows} rows of the ledger"
    )


def _print_preview(scope: RollbackScope, preview: RollbackPreview) -> None:
    console.print(f"{scope}: {_describe(preview.rollback)}; decay keeps what it took", highlight=False)
    print_effect(preview.effect)
    for other in preview.others:
        console.print(f"  stays: {other.rows} rows of kind {other.kind} ({other.points:+d} points)")
    _print_aftermath(preview.aftermath)


def _print_aftermath(aftermath: list[Aftermath]) -> None:
    if aftermath:
        console.print("what has followed since, and stays:")
    for each in aftermath:
        one, many = FOLLOWED[each.what]
        leads = ", ".join(map(str, each.examples))
        more = ", …" if each.leads > len(each.examples) else ""
        console.print(f"  {each.number} {one if each.number == 1 else many}: leads {leads}{more}")


def _list(rollbacks: list[Rollback]) -> None:
    table = Table("rollback", "since (UTC)", "what", "why", "by", "leads", "taken", "given back")
    for each in rollbacks:
        table.add_row(
            str(each.rollback_id),
            f"{each.applied_at.astimezone(UTC):%Y-%m-%d %H:%M}",
            str(read_scope(each.scope)),
            each.reason,
            each.asked_by,
            str(each.leads),
            str(each.points_taken),
            str(each.points_given),
        )
    console.print(table if rollbacks else "nothing was ever taken back")
