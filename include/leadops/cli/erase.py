"""`leadops erase`: erase a person everywhere, and keep them out."""

import getpass
import json
import os
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from leadops.cli.context import clock, open_database, read_config
from leadops.cli.plural import count
from leadops.cli.terminal import console
from leadops.configuration import Config
from leadops.db import Connection
from leadops.erase_person import ErasureContext, ErasureResult, erase_again, erase_person, finish_erasures
from leadops.erased.erased_filter import ErasedFilter
from leadops.erased.erasures import ErasedIdentifier, Erasure, list_erasures, list_hashes
from leadops.errors import PermanentError

#: The fields of a saved record that are times.
TIMES = ("erased_at", "day_ends_at", "returned_at", "applied_at", "finished_at")


def erase(
    lead: Annotated[str | None, typer.Argument(help="A lead_id or an email.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be erased; write nothing.")
    ] = False,
    again: Annotated[
        bool,
        typer.Option("--again", help="Erase whoever is on record and is back, as after a restored backup."),
    ] = False,
    list_all: Annotated[bool, typer.Option("--list", help="List the erasures on record.")] = False,
    record: Annotated[
        Path | None, typer.Option(help="A copy of the record: --again reads it, otherwise it is written.")
    ] = None,
    by: Annotated[str | None, typer.Option("--by", help="Who says so; default: your login.")] = None,
) -> None:
    """Erase the person of LEAD: identifiers and personal data go, counts stay, and they stay erased."""
    if sum((lead is not None, again, list_all)) > 1 or (dry_run and lead is None):
        raise PermanentError("give a LEAD to erase, or --again, or --list; --dry-run goes with a LEAD")
    if not (lead or again or list_all or record):
        raise PermanentError("give a LEAD to erase, or --again, --list or --record FILE")
    config = read_config()
    with open_database() as connection:
        if lead is not None:
            result = erase_person(
                connection,
                lead,
                context=_make_context(config),
                erased_by=by or getpass.getuser(),
                now=clock(),
                dry_run=dry_run,
            )
            _report(result, "would be erased" if dry_run else "is erased")
        if again:
            for each in erase_again(
                connection,
                context=_make_context(config),
                record=_read_record(record) if record else None,
                now=clock(),
            ):
                _report(each, "is erased again")
        finish_erasures(connection, now=clock())
        if list_all:
            _list(list_erasures(connection))
        if record and not again and not dry_run:
            _write_record(connection, record)


def _make_context(config: Config) -> ErasureContext:
    return ErasureContext(ErasedFilter.of(os.environ), config.company, config.kpi, config.attribution)


def _report(result: ErasureResult, what: str) -> None:
    leads = ", ".join(map(str, result.lead_ids))
    console.print(
        f"lead {leads} {what}: {count(result.identifiers, 'identifier')}, {count(result.events, 'event')};"
        f" to be erased in: {', '.join(result.targets) or 'no other system'}"
    )


def _list(erasures: list[Erasure]) -> None:
    table = Table("erasure", "leads", "erased (UTC)", "by", "asked to erase", "complete (UTC)")
    for erasure in erasures:
        table.add_row(
            str(erasure.erasure_id),
            ", ".join(map(str, erasure.lead_ids)),
            f"{erasure.erased_at:%Y-%m-%d %H:%M}",
            erasure.erased_by,
            ", ".join(erasure.targets),
            f"{erasure.finished_at:%Y-%m-%d %H:%M}" if erasure.finished_at else "not yet",
        )
    console.print(table if erasures else "nobody was erased")


def _write_record(connection: Connection, file: Path) -> None:
    """Write the record as JSON that only its owner may read; it holds hashes, no identifier."""
    body = {
        "erasures": [asdict(erasure) for erasure in list_erasures(connection)],
        "hashes": [asdict(each) for each in list_hashes(connection)],
    }
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(handle, "w", encoding="utf-8") as out:
        json.dump(body, out, default=lambda moment: moment.isoformat())


def _read_record(file: Path) -> tuple[list[Erasure], list[ErasedIdentifier]]:
    try:
        body = json.loads(file.read_text(encoding="utf-8"))
        erasures = [Erasure(**_read_times(each)) for each in body["erasures"]]
        hashes = [ErasedIdentifier(**_read_times(each)) for each in body["hashes"]]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise PermanentError(
            f"{file}: is not a record that `leadops erase --record` wrote ({type(error).__name__})"
        ) from error
    return erasures, hashes


def _read_times(row: dict[str, Any]) -> dict[str, Any]:
    return row | {name: datetime.fromisoformat(row[name]) for name in TIMES if isinstance(row.get(name), str)}
