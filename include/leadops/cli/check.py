"""`leadops check`: run every check as check_alerts does; its commands prove the database and connections."""

import os
from collections.abc import Callable

import psycopg
import typer

from leadops.cli import check_connection, run_task
from leadops.cli.database_roles import VARIABLES
from leadops.cli.terminal import print_lines
from leadops.db import Connection, connect
from leadops.errors import LeadopsError, TransientError
from leadops.migrations.check_roles import check_owner, check_role
from leadops.migrations.rights import Part, Rights
from leadops.migrations.roles import find_former_rights
from leadops.settings import GATEWAY_URL, OWNER_URL, PAGE_URL, PEOPLE_URL, READER_URL, database_url

app = typer.Typer()
app.command("ma")(check_connection.check_ma)
app.command("crm")(check_connection.check_crm)
app.command("slack")(check_connection.check_slack_connection)
app.command("cdp")(check_connection.check_cdp_connection)

#: What it means that a URL is not set; without the reader's, nothing works with too many rights.
NOT_SET = {
    OWNER_URL: f"{OWNER_URL} is not set: migrations work as the role of the tasks",
    GATEWAY_URL: f"{GATEWAY_URL} is not set: the gateway works as the role of the tasks",
    PAGE_URL: f"{PAGE_URL} is not set: the Lead ops page works as the role of the tasks",
}


@app.callback(invoke_without_command=True)
def check(context: typer.Context) -> None:
    """Ask the CDP for its lag, run every check and record the incidents, as check_alerts does."""
    if context.invoked_subcommand is None:
        run_task.check()


@app.command("database")
def check_database() -> None:
    """Connect as the role of each part, and say which right it lacks or has too many.

    The exit code is 1 where something has to change. It changes nothing itself.
    """
    former = _find_former_rights()
    results = [_prove("owner", OWNER_URL, check_owner)]
    for part, variable in VARIABLES.items():
        results.append(_prove(part.value, variable, _checker(part, former)))
    if former:
        print_lines(
            "Each role keeps the rights that its part needs in the former version. When nothing of that runs"
            " any more, run `leadops migrate --revoke-former`."
        )
    if not all(results):
        raise typer.Exit(1)


def _find_former_rights() -> Rights:
    """Return what the former version needs; none where nobody can be asked, which the checks then say."""
    try:
        with connect(database_url(OWNER_URL), application="leadops check") as connection:
            return find_former_rights(connection)
    except (LeadopsError, psycopg.errors.UndefinedTable, psycopg.errors.InsufficientPrivilege):
        return {}


def _checker(part: Part, former: Rights) -> Callable[[Connection], list[str]]:
    return lambda connection: check_role(connection, part, former)


def _prove(title: str, variable: str, find_faults: Callable[[Connection], list[str]]) -> bool:
    """Print what is wrong with the role of `variable`; return whether nothing is."""
    url = os.environ.get(variable, "")
    if not url:
        print_lines(f"{title}: {NOT_SET.get(variable, f'{variable} is not set')}")
        return variable in (READER_URL, PEOPLE_URL)
    try:
        with connect(url, application="leadops check") as connection:
            name, faults = connection.info.user, find_faults(connection)
    except TransientError:
        print_lines(f"{title}: {variable} cannot connect: does the server run, does the password fit?")
        return False
    for fault in faults:
        print_lines(f"{title}: {name} {fault}")
    if not faults:
        print_lines(f"{title}: {name} ok")
    return not faults
