"""`leadops simulated-past`: the past of a simulated company, which `make up` brings with it."""

import os
from collections.abc import Iterator
from datetime import date
from typing import Annotated

import typer

from leadops.checkup.find_sandbox import is_sandbox, is_this_machine
from leadops.cli.context import clock, open_database
from leadops.cli.day_option import FirstDayOption, LastDayOption
from leadops.cli.terminal import console
from leadops.errors import PermanentError
from leadops.made_up.made_up_past import MadeUpPast, begin_past, find_past, finish_past
from leadops.settings import endpoint

app = typer.Typer(help="The past of a simulated company, for trying things out.", no_args_is_help=True)

#: The connections that must lead to the sandbox, and those that need not exist.
CONNECTIONS, OPTIONAL = ("ma", "crm", "slack"), ("pagerduty",)


@app.command("show")
def show() -> None:
    """Say whether this database holds a simulated past, of which days, and whether all of it is in."""
    with open_database() as connection:
        past = find_past(connection)
    if past is None:
        console.print("nothing here is made up", highlight=False)
        return
    state = "all of it is in" if past.finished_at else "not all of it is in yet"
    console.print(f"{past.describe()}; seed {past.seed}; {state}", highlight=False)


@app.command("begin")
def begin(
    first: FirstDayOption = None,
    last: LastDayOption = None,
    seed: Annotated[int, typer.Option(help="Which company it is.")] = 1,
) -> None:
    """Record that the past from --from to --to is made up, before it is imported. Idempotent.

    Refused if a connection leads to a system that is not the sandbox.
    """
    if first is None or last is None:
        raise PermanentError("give --from and --to: the first and the last day that are made up")
    past = begin_made_up(first, last, seed=seed)
    console.print(past.describe(), highlight=False)


@app.command("finish")
def finish() -> None:
    """Record that all of the simulated past is in. Idempotent."""
    with open_database() as connection:
        is_new = finish_past(connection, now=clock())
    console.print("recorded" if is_new else "it was recorded before", highlight=False)


def begin_made_up(first: date, last: date, *, seed: int) -> MadeUpPast:
    """Record a simulated past as `begin` does; return the one on record."""
    if foreign := list(find_foreign()):
        raise PermanentError(
            f"nothing made up goes in here: {', '.join(foreign)} is not the sandbox; only an installation"
            " whose MA, CRM and Slack are the simulated ones takes it"
        )
    with open_database() as connection:
        return begin_past(connection, first_day=first, last_day=last, seed=seed, now=clock())


def find_foreign() -> Iterator[str]:
    """Yield the connections that do not lead to the sandbox, and the CDP if it is not on this machine."""
    wanted = [
        *CONNECTIONS,
        *(name for name in OPTIONAL if os.environ.get(f"AIRFLOW_CONN_LEADOPS_{name.upper()}")),
    ]
    yield from (f"leadops_{name}" for name in wanted if not is_sandbox(endpoint(name).base_url))
    if not is_this_machine(endpoint("cdp").base_url):
        yield "leadops_cdp"
