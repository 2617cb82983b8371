"""leadops incidents: what is wrong now, what was wrong, and what Slack knows of it."""

import json
from datetime import datetime
from typing import Annotated

import typer
from rich.table import Table

from leadops.alerts.kinds import KINDS
from leadops.cli.context import console, open_database
from leadops.company import Company
from leadops.configuration import Config
from leadops.db import load_sql
from leadops.errors import PermanentError

app = typer.Typer(help="What is wrong now, and what was.", no_args_is_help=True)


@app.command("list")
def list_incidents(
    everything: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
    kind: Annotated[str | None, typer.Option(help=f"Only one kind: {', '.join(KINDS)}.")] = None,
    most: Annotated[int, typer.Option(min=1, help="Show at most this many.")] = 50,
) -> None:
    """List incidents, the newest first; times in the company's zone."""
    config = Config.from_environment()
    if kind is not None and kind not in KINDS:
        raise PermanentError(f"no such kind: {kind}; the kinds are {', '.join(KINDS)}")
    company = config.company
    table = Table("id", "kind", "subject", "state", "since", "until", "in Slack")
    with open_database() as connection:
        rows = connection.execute(
            load_sql("leadops.alerts", "list_incidents"),
            {"everything": everything, "kind": kind, "most": most},
        )
        for incident_id, name, subject, state, opened_at, resolved_at, is_quiet, posted_at in rows:
            told = "too short" if is_quiet else _show_time(posted_at, company) or "not yet"
            since, until = _show_time(opened_at, company), _show_time(resolved_at, company)
            table.add_row(str(incident_id), name, subject, state, since, until, told)
    console.print(table if table.row_count else "No incidents.")


@app.command("show")
def show_incident(incident_id: int) -> None:
    """Show one incident with all its facts and its Slack message."""
    config = Config.from_environment()
    company = config.company
    with open_database() as connection:
        cursor = connection.execute(load_sql("leadops.alerts", "show_incident"), {"incident_id": incident_id})
        row = cursor.fetchone()
    if row is None:
        raise PermanentError(f"no incident {incident_id}; leadops incidents list --all shows what there is")
    table = Table(show_header=False, box=None)
    for column, value in zip(cursor.description or (), row, strict=True):
        if value is not None:
            table.add_row(column.name, _show(value, company))
    table.add_row("runbook", f"docs/runbooks/{row[1]}.md")
    console.print(table)


def _show(value: object, company: Company) -> str:
    if isinstance(value, datetime):
        return _show_time(value, company)
    return json.dumps(value, ensure_ascii=False, indent=2) if isinstance(value, dict) else str(value)


def _show_time(moment: datetime | None, company: Company) -> str:
    return moment.astimezone(company.zone).strftime("%Y-%m-%d %H:%M %Z") if moment else ""
