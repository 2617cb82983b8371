"""`leadops erase`: erase a person everywhere, and keep them out."""

import getpass
import os
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from leadops.cli.context import clock, open_database, read_config
from leadops.cli.erasure_record import read_record, write_record
from leadops.cli.plural import count
from leadops.cli.terminal import console
from leadops.configuration import Config
from leadops.erase_person import ErasureContext, ErasureResult, erase_again, erase_person, finish_erasures
from leadops.erased.erased_filter import ErasedFilter
from leadops.erased.erasures import Erasure, list_erasures
from leadops.errors import PermanentError


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
                record=read_record(record) if record else None,
                now=clock(),
            ):
                _report(each, "is erased again")
        finish_erasures(connection, now=clock())
        if list_all:
            _list(list_erasures(connection))
        if record and not again and not dry_run:
            write_record(connection, record)


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
