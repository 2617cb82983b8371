"""leadops incidents: open and resolved incidents, their Slack messages and their pages in PagerDuty."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.table import Table

from leadops.cli.context import clock, open_database, read_config
from leadops.cli.terminal import console
from leadops.company import Company
from leadops.errors import PermanentError
from leadops.incidents.incident import acknowledge
from leadops.incidents.kinds import KINDS
from leadops.queries import Queries

queries = Queries(__file__)

app = typer.Typer(help="Open and resolved incidents.", no_args_is_help=True)


@dataclass(frozen=True)
class ListedIncident:
    """One line of the list; times in UTC."""

    incident_id: int
    kind: str
    subject: str
    state: str
    opened_at: datetime
    resolved_at: datetime | None
    is_suppressed: bool
    posted_at: datetime | None
    page: str | None


@dataclass(frozen=True)
class IncidentDetails:
    """One incident, its Slack message and its page, in the order in which they are shown; times in UTC."""

    incident_id: int
    kind: str
    subject: str
    state: str
    opened_at: datetime
    seen_at: datetime
    clear_since: datetime | None
    escalated_at: datetime | None
    acknowledged_at: datetime | None
    resolved_at: datetime | None
    facts: Mapping[str, Any]
    message: str | None
    posted_at: datetime | None
    channel: str | None
    message_ts: str | None
    shown_at: datetime | None
    page: str | None
    dedup_key: str | None
    triggered_at: datetime | None


@app.command("list")
def list_incidents(
    everything: Annotated[bool, typer.Option("--all", help="Include resolved incidents.")] = False,
    kind: Annotated[str | None, typer.Option(help=f"Only one kind: {', '.join(KINDS)}.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Show at most this many.")] = 50,
) -> None:
    """List incidents, the newest first; times in the company's zone."""
    config = read_config()
    if kind is not None and kind not in KINDS:
        raise PermanentError(f"no such kind: {kind}; the kinds are {', '.join(KINDS)}")
    company = config.company
    table = Table("id", "kind", "subject", "state", "since", "until", "in Slack", "in PagerDuty")
    with open_database() as connection:
        for row in queries.all(
            connection, "list_incidents", ListedIncident, everything=everything, kind=kind, max_rows=limit
        ):
            left_out = "only in PagerDuty" if row.page else "too short"
            in_slack = left_out if row.is_suppressed else _show_time(row.posted_at, company) or "not yet"
            since, until = _show_time(row.opened_at, company), _show_time(row.resolved_at, company)
            table.add_row(
                str(row.incident_id), row.kind, row.subject, row.state, since, until, in_slack, row.page or ""
            )
    console.print(table if table.row_count else "No incidents.")


@app.command("show")
def show_incident(incident_id: int) -> None:
    """Show one incident with all its facts, its Slack message and its page in PagerDuty."""
    config = read_config()
    company = config.company
    with open_database() as connection:
        incident = queries.first(connection, "show_incident", IncidentDetails, incident_id=incident_id)
    if incident is None:
        raise PermanentError(f"no incident {incident_id}; leadops incidents list --all shows what there is")
    table = Table(show_header=False, box=None)
    for name, value in asdict(incident).items():
        if value is not None:
            table.add_row(name, _show(value, company))
    table.add_row("runbook", f"docs/runbooks/{incident.kind}.md")
    console.print(table)


@app.command("acknowledge")
def acknowledge_incident(incident_id: int) -> None:
    """Say that you have taken an open incident: it escalates no more, and Slack and PagerDuty show it."""
    with open_database() as connection:
        if not acknowledge(connection, incident_id, now=clock()):
            raise PermanentError(f"no open incident {incident_id} that nobody has taken; see incidents list")
    console.print(f"incident {incident_id}: taken; the next run of check_alerts shows it", highlight=False)


def _show(value: object, company: Company) -> str:
    if isinstance(value, datetime):
        return _show_time(value, company)
    return json.dumps(value, ensure_ascii=False, indent=2) if isinstance(value, dict) else str(value)


def _show_time(moment: datetime | None, company: Company) -> str:
    return moment.astimezone(company.zone).strftime("%Y-%m-%d %H:%M %Z") if moment else ""
