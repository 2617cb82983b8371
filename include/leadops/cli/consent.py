"""`leadops consent`: who may get marketing mail, and what a person said to an operator."""

import getpass
from dataclasses import asdict
from typing import Annotated, Literal

import typer
from rich.table import Table

from leadops.cli.context import clock, open_database, read_config
from leadops.cli.plural import count
from leadops.cli.terminal import console, print_json
from leadops.consent.note_statement import note_statement
from leadops.consent.pass_on import pass_on_consents
from leadops.consent.read_consent import Consent, list_statements, read_consent
from leadops.consent.settings_in_force import follow_settings
from leadops.db import Connection
from leadops.identity.find_lead import find_lead

app = typer.Typer(
    help="Who may get marketing mail, and why; what a person said to you.", no_args_is_help=True
)

Lead = Annotated[str, typer.Argument(help="The number of a lead, or a mail address.")]
Because = Annotated[str, typer.Option("--because", help="When and how the person said so.")]


@app.command()
def show(
    lead: Lead,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Show whether a person may get marketing mail, and everything that was said about it."""
    with open_database() as connection:
        _follow(connection)
        lead_id = find_lead(connection, lead).lead_id
        consent = read_consent(connection, [lead_id])[lead_id]
        statements = list_statements(connection, lead_id)
    if as_json:
        body = asdict(consent) | {"statements": [asdict(statement) for statement in statements]}
        print_json(body, default=lambda moment: moment.isoformat())
        return
    console.print(f"lead {lead_id}: {describe_consent(consent)}")
    table = Table("said at", "what", "heard by", "lead", "reference", "because")
    for statement in statements:
        table.add_row(
            statement.said_at.isoformat(timespec="seconds"),
            statement.word,
            statement.source,
            str(statement.lead_id),
            statement.reference,
            statement.because or "",
        )
    if statements:
        console.print(table)


@app.command("opt-out")
def opt_out(lead: Lead, because: Because = "") -> None:
    """Note that a person wants no more marketing mail. The MA and the CRM hear of it within a minute."""
    _note(lead, "opt_out", because)


@app.command("opt-in")
def opt_in(lead: Lead, because: Because) -> None:
    """Note that a person wants marketing mail again, and how you know.

    Other systems do not hear of it: there the opt-out is taken back by whoever the person asked.
    """
    _note(lead, "opt_in", because)


@app.command("pass-on")
def pass_on() -> None:
    """Put opt-outs into the outbox for the systems that did not hear them. Idempotent."""
    settings = read_config().consent
    opt_outs = opt_ins = 0
    with open_database() as connection:
        while True:
            result = pass_on_consents(connection, settings=settings, now=clock())
            opt_outs, opt_ins = opt_outs + result.opt_outs, opt_ins + result.opt_ins
            if not result.remaining:
                break
    console.print(f"{count(opt_outs, 'opt-out')} and {count(opt_ins, 'opt-in')} to pass on")


def describe_consent(consent: Consent) -> str:
    """Return in one line whether a person may get mail, since when, and who heard it."""
    answer = "may get marketing mail" if consent.may_mail else "gets no marketing mail"
    if consent.source == "unsaid":
        return f"{answer}: nobody heard anything, and consent.yaml says so"
    if consent.source == "erased" or consent.since is None:
        return f"{answer}: this person was erased"
    since = consent.since.isoformat(timespec="seconds")
    return f"{answer}: {consent.word} at {since}, heard by {consent.source}"


def _follow(connection: Connection) -> None:
    """Let consent be read by consent.yaml as it is now, as the tasks do every minute."""
    with connection.transaction():
        follow_settings(connection, read_config().consent, now=clock())


def _note(lead: str, word: Literal["opt_out", "opt_in"], because: str) -> None:
    with open_database() as connection, connection.transaction():
        _follow(connection)
        lead_id = find_lead(connection, lead).lead_id
        note_statement(connection, lead_id, word, noted_by=getpass.getuser(), because=because, now=clock())
        consent = read_consent(connection, [lead_id])[lead_id]
    console.print(f"lead {lead_id}: {describe_consent(consent)}")
