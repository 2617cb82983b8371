"""`leadops products`: to which accounts leadops sends, and what becomes of another one."""

from typing import Annotated

import typer
from rich.table import Table

from leadops.checkup.find_sandbox import is_sandbox
from leadops.cli.context import clock, open_database, read_config
from leadops.cli.plural import count
from leadops.cli.terminal import console
from leadops.db import Connection
from leadops.delivery.account_guard import AccountRecord, accept_account, find_record, list_records
from leadops.delivery.begin_account import BeginResult, begin_account
from leadops.errors import PermanentError
from leadops.identity.identity_settings import IdentitySettings
from leadops.lifecycle.crm_links import set_aside_crm
from leadops.made_up.made_up_past import is_made_up
from leadops.settings import endpoint

app = typer.Typer(
    help="To which accounts leadops sends: show, or decide about another one.", no_args_is_help=True
)

Target = Annotated[str, typer.Argument(help="ma or crm.")]


@app.command()
def show() -> None:
    """Show the account of each target, and another one to which its connection leads."""
    with open_database() as connection:
        records = list_records(connection)
    table = Table("target", "account", "since (UTC)", "the connection leads to", "last met (UTC)")
    for record in records:
        met = f"{record.other_at:%Y-%m-%d %H:%M}" if record.other_at else ""
        since = f"{record.since:%Y-%m-%d %H:%M}"
        table.add_row(record.target, record.name, since, record.other_name or "", met)
    console.print(table if records else "nothing was sent yet")


@app.command()
def accept(target: Target) -> None:
    """Say that the other account is the same one: it moved, and its leads have the ids that leadops knows."""
    with open_database() as connection, connection.transaction():
        record = _find_other(connection, target)
        if record.other_product != record.product:
            raise PermanentError(
                f"{record.other_product} does not have the ids of {record.product}; run `leadops products"
                f" begin {target}`"
            )
        accept_account(connection, record, now=clock())
    console.print(f"{target} is {record.other_name} from now on, with the ids that are known")


@app.command()
def begin(
    target: Target,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Begin with the other account, and forget the ids that the former one gave.

    The MA gets its leads again, in the backfill lane, with their totals. The CRM gets new MQLs alone: whom
    sales are at work on in the former account stays there.
    """
    config = read_config()
    with open_database() as connection:
        with connection.transaction():
            record = _find_other(connection, target)
        # Outside of a transaction: a person may think about it for long.
        if not yes:
            typer.confirm(f"Forget all ids in {record.name} and begin with {record.other_name}?", abort=True)
        with connection.transaction():
            begun, activities = _begin(connection, record, config.identity)
    console.print(f"{target} is {record.other_name} from now on: {count(begun.forgotten, 'id')} forgotten")
    for number, what in (
        (begun.made_again, "leads to make there with the next pushes"),
        (begun.dropped, "requests for the former account, dropped"),
        (activities, "activities of the former account, set aside"),
        (begun.erasures, "erasures to make in the former account by hand (`leadops dead-letters list`)"),
    ):
        if number:
            console.print(f"  {what}: {number}", soft_wrap=True)


def _begin(
    connection: Connection, record: AccountRecord, identity: IdentitySettings
) -> tuple[BeginResult, int]:
    """Begin with the other account; return what that came to, and how many activities were set aside."""
    begun = begin_account(connection, record, identity=identity, now=clock())
    return begun, set_aside_crm(connection) if record.target == "crm" else 0


def _find_other(connection: Connection, target: str) -> AccountRecord:
    record = find_record(connection, target=target)
    if record is None or record.other_name is None:
        raise PermanentError(f"no connection of {target} led to another account; see `leadops products show`")
    if is_made_up(connection) and not is_sandbox(endpoint(target).base_url):
        raise PermanentError(
            "this database holds a simulated company, and nothing invented may reach a real system; for"
            f" {record.other_name} begin with an empty database (docs/simulated-company.md)"
        )
    return record
