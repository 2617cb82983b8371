"""`leadops import`: an export of a CRM goes into the tables."""

import os
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from leadops.cli.context import clock, open_database, read_config
from leadops.cli.plural import count
from leadops.cli.read_mapping import read_mapping
from leadops.cli.terminal import console, make_progress
from leadops.company import check_zone
from leadops.erased.erased_filter import ErasedFilter
from leadops.errors import PermanentError
from leadops.history.import_file import import_file as load_file
from leadops.history.outcomes import ImportResult
from leadops.history.rejects import Rejects
from leadops.normalization.visible_text import show_text


def import_file(
    kind: Annotated[str, typer.Argument(help="leads, transitions, activities, costs, rates, thresholds.")],
    file: Annotated[Path, typer.Argument(help="The export, .csv or .parquet.")],
    mapping: Annotated[Path, typer.Option(help="Which column is what, see docs/import.md.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen; write nothing.")] = False,
    correct: Annotated[
        bool, typer.Option("--correct", help="Rates replace those on record; deals are valued again.")
    ] = False,
    rejects: Annotated[
        Path | None, typer.Option(help="Where rows that are not in go; else FILE.rejected.jsonl.")
    ] = None,
    company_zone: Annotated[
        str, typer.Option(help="Zone of times that name none; else that of company.yaml.")
    ] = "",
) -> None:
    """Import KIND from FILE; again, it adds nothing, and after a kill it goes on.

    Exit code 1 where rows were refused; they are in FILE.rejected.jsonl with the reasons, all others are in.
    """
    out = rejects or file.with_name(f"{file.name}.rejected.jsonl")
    if out.resolve() == file.resolve():
        raise PermanentError("--rejects: is the file that is imported; name another")
    config, chosen = read_config(), read_mapping(kind, mapping)
    with open_database() as connection, Rejects(out) as rejected, make_progress(transient=True) as bar:
        task = bar.add_task(show_text(file.name), total=1.0)
        counts = load_file(
            connection,
            kind=kind,
            path=file,
            mapping=chosen,
            zone=_read_zone(company_zone) if company_zone else config.company.zone,
            contract=config.kpi,
            fold_case=config.company.fold_case,
            identity=config.identity,
            erased=ErasedFilter.of(os.environ),
            now=clock(),
            dry_run=dry_run,
            corrects=correct,
            refuse=rejected.add,
            tell=lambda part: bar.update(task, completed=part),
        )
    for line in _summarise(counts, out, dry_run=dry_run):
        console.print(line, highlight=False, soft_wrap=True)
    if counts.refused:
        raise typer.Exit(1)


def _read_zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(check_zone(name))
    except ValueError as error:
        raise PermanentError(f"--company-zone: {error}") from error


def _summarise(counts: ImportResult, out: Path, *, dry_run: bool) -> list[str]:
    faults = [*counts.reasons.most_common(), *counts.remarks.most_common()]
    lines = [f"  {times} × {reason}" for reason, times in faults]
    lines += [
        f"  {name}: no value in {times} of {count(counts.rows, 'row')}"
        for name, times in counts.without.most_common()
    ]
    parts = [f"{counts.new} new", f"{counts.changed} changed", f"{counts.known} known already"]
    if counts.empty:
        parts.append(f"{counts.empty} without anything of this kind")
    parts.append(f"{counts.refused} refused")
    line = f"{count(counts.rows, 'row')}: {', '.join(parts)}"
    if counts.impossible:
        line += f"; {counts.impossible} in an order that cannot be, see history.impossible_orders"
    if counts.refused or counts.remarks:
        line += f"; see {out}"
    return [*lines, f"dry run, nothing was written: {line}" if dry_run else line]
