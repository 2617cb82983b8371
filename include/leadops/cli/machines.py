"""`leadops machines`: the acts of mail gateways, previews and prefetches."""

import getpass
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from leadops.cli.context import clock, open_database, read_config
from leadops.cli.parse_span import parse_span
from leadops.cli.score import show_preview
from leadops.cli.terminal import console, print_json
from leadops.errors import PermanentError
from leadops.identity.company_domain import find_company_domain
from leadops.machines.allow_acts import AllowedKind, allow_acts, disallow_acts, list_allowed
from leadops.machines.machine_shares import ShareGrouping, count_shares
from leadops.scoring.preview_machines import preview_machines

app = typer.Typer(
    help="Acts of machines: shares, other settings, companies and mails that are allowed.",
    no_args_is_help=True,
)

Since = Annotated[str, typer.Option(help="How far back: 30d, 12h.")]
Company = Annotated[
    str | None, typer.Option("--company", help="The domain of a company, or of some of its addresses.")
]
Mail = Annotated[str | None, typer.Option("--mail", help="The id of a mail, as its sender gives it.")]


@app.command()
def show(
    by: Annotated[ShareGrouping, typer.Option(help="What to count by.")] = "day",
    since: Since = "30d",
    limit: Annotated[int, typer.Option(help="Show at most this many lines.", min=1)] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Show which share of the acts through mails machines do."""
    zone = read_config().company.zone
    with open_database() as connection:
        shares = count_shares(connection, by=by, since=clock() - parse_span(since), zone=zone, max_rows=limit)
    if as_json:
        print_json([asdict(share) | {"percent": share.percent} for share in shares])
        return
    table = Table(by, "acts", "machines'", "percent")
    for share in shares:
        table.add_row(share.name, str(share.acts), str(share.machine_acts), f"{share.percent:.1f}")
    console.print(table if shares else "no acts through mails")


@app.command()
def replay(
    rules: Annotated[Path | None, typer.Option(help="A machines.yaml to use instead of yours.")] = None,
    since: Since = "30d",
    limit: Annotated[int, typer.Option(help="List at most this many leads.", min=0)] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Show which leads' points would change by RULES. Writes nothing."""
    config = read_config().with_file("machines", rules)
    now = clock()
    with open_database() as connection:
        preview = preview_machines(
            connection,
            machines=config.machines,
            rules=config.scoring,
            zone=config.company.zone,
            since=now - parse_span(since),
            now=now,
            max_leads=limit,
        )
    show_preview(preview, which=f"the leads with acts in the last {since}", as_json=as_json)


@app.command()
def allow(
    reason: Annotated[str, typer.Option("--reason", help="Why they are people's; kept on record.")],
    company: Company = None,
    mail: Mail = None,
    by: Annotated[str | None, typer.Option("--by", help="Who says so; default: your login.")] = None,
) -> None:
    """Count the acts of a company or a mail as people's. Points come back with the next run."""
    kind, value = _find_value(company, mail)
    with open_database() as connection:
        leads = allow_acts(
            connection, kind=kind, value=value, by=by or getpass.getuser(), reason=reason, now=clock()
        )
    console.print(f"{kind} {value} is allowed; {leads} leads are scored again with the next run")


@app.command()
def disallow(company: Company = None, mail: Mail = None) -> None:
    """Let the signals decide again about the acts of a company or a mail."""
    kind, value = _find_value(company, mail)
    with open_database() as connection:
        leads = disallow_acts(connection, kind=kind, value=value)
    if leads is None:
        raise PermanentError(f"{kind} {value} is not allowed; see `leadops machines allowed`")
    console.print(f"{kind} {value} is not allowed any more; {leads} leads are scored again")


@app.command()
def allowed() -> None:
    """List the companies and mails that are allowed."""
    with open_database() as connection:
        rows = list_allowed(connection)
    table = Table("what", "value", "since (UTC)", "by", "reason")
    for row in rows:
        table.add_row(row.kind, row.value, f"{row.allowed_at:%Y-%m-%d %H:%M}", row.allowed_by, row.reason)
    console.print(table if rows else "nothing is allowed")


def _find_value(company: str | None, mail: str | None) -> tuple[AllowedKind, str]:
    if company and not mail:
        domain = find_company_domain(company)
        if domain is None:
            raise PermanentError(f"{company} is not the domain of a company: give one, such as buyer.example")
        return "company", domain
    if mail and not company:
        return "mail", mail.strip()
    raise PermanentError("give --company or --mail, one of them")
