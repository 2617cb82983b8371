"""The `leadops` command: what the DAGs do, by hand; and reports, imports and explanations."""

import os
import sys
from collections.abc import Mapping
from importlib import import_module
from types import ModuleType
from typing import NamedTuple

import typer

from leadops.cli.terminal import print_error, print_traceback
from leadops.db_errors import database_errors_in_one_line
from leadops.errors import LeadopsError
from leadops.mask import remember_secrets
from leadops.masked_logs import mask_records
from leadops.settings import list_secrets

HELP = "Marketing automation, CDP and CRM act as one."


class CommandPlace(NamedTuple):
    """Where a command's function stands: its module in this folder, and its name there."""

    module: str
    function: str


#: The commands, in the order in which the help lists them.
COMMANDS: Mapping[str, CommandPlace] = {
    "score": CommandPlace("score", "score"),
    "decay": CommandPlace("decay", "decay"),
    "push": CommandPlace("push", "push"),
    "restored": CommandPlace("restored", "restored"),
    "audit": CommandPlace("audit", "audit"),
    "rollback": CommandPlace("rollback", "roll_back"),
    "erase": CommandPlace("erase", "erase"),
    "explain": CommandPlace("explain_lead", "explain"),
    "replay": CommandPlace("replay", "replay"),
    "migrate": CommandPlace("migrate", "migrate"),
    "gateway": CommandPlace("gateway", "gateway"),
    "live": CommandPlace("live", "live"),
    "watchdog": CommandPlace("watchdog", "watchdog"),
    "sandbox": CommandPlace("sandbox", "sandbox"),
    "init-config": CommandPlace("init_config", "init_config"),
    "freeze-quarter": CommandPlace("report", "freeze_quarter"),
    "qualify": CommandPlace("run_task", "qualify"),
    "poll": CommandPlace("run_task", "poll"),
    "notify": CommandPlace("run_task", "notify"),
    "purge": CommandPlace("run_task", "purge"),
    "clean-airflow": CommandPlace("run_task", "clean_airflow"),
    "clock": CommandPlace("run_task", "watch_clocks"),
    "import": CommandPlace("import_file", "import_file"),
}

#: The groups of commands: each is the `app` of its module. The help lists them after the commands.
GROUPS: Mapping[str, str] = {
    "check": "check",
    "config": "config",
    "canary": "canary",
    "changes": "changes",
    "quarantine": "quarantine",
    "forms": "forms",
    "machines": "machines",
    "dead-letters": "dead_letters",
    "gone": "gone",
    "products": "products",
    "incidents": "incidents",
    "identity": "identity",
    "routing": "routing",
    "funnel": "funnel",
    "diff": "diff",
    "attribution": "attribution",
    "economics": "economics",
    "kpi": "kpi",
    "crm": "crm",
    "consent": "consent",
    "report": "report",
    "simulated-past": "made_up",
    "model": "model",
    "thresholds": "thresholds",
    "nurture": "nurture",
    "warehouse": "warehouse",
}


def make_app(only: str | None = None) -> typer.Typer:
    """Return the command line: whole, or with one command or group alone.

    Only the modules of what is asked for are imported: all of them take a second of CPU time and more.
    """
    app = typer.Typer(help=HELP, no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)
    app.callback()(_do_nothing)
    for name, place in COMMANDS.items():
        if only in (None, name):
            app.command(name)(getattr(_import(place.module), place.function))
    for name, module in GROUPS.items():
        if only in (None, name):
            app.add_typer(_import(module).app, name=name)
    return app


def __getattr__(name: str) -> typer.Typer:
    """Return the whole command line as `app`, made when it is first used: a call needs one command of it."""
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    whole = make_app()
    globals()["app"] = whole
    return whole


def find_command(arguments: list[str]) -> str | None:
    """Return the command or group that the arguments of a call begin with; None: the help, or a mistake."""
    first = arguments[0] if arguments else ""
    return first if first in COMMANDS or first in GROUPS else None


def _import(module: str) -> ModuleType:
    return import_module(f"leadops.cli.{module}")


def _do_nothing() -> None:
    """Keep a command line with one command alone a group, which typer makes a group of only then."""


def run() -> None:
    """Run the command line; an error of ours is one line on stderr and exit code 1."""
    mask_records()
    remember_secrets(list_secrets(os.environ))
    try:
        with database_errors_in_one_line():
            make_app(find_command(sys.argv[1:]))()
    except LeadopsError as error:
        print_error(error)
        sys.exit(1)
    except Exception as error:
        print_traceback(error)
        sys.exit(1)
