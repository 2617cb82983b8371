"""The simulated past beside the running stack: whether it comes, and what the terminal shows of it."""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from leadops.db import Connection
from leadops.made_up.made_up_past import find_past
from leadops.products.registry import DEFAULT_PRODUCT
from leadops_stack.home import Home
from leadops_stack.part import Part
from leadops_stack.plan import base_environment
from leadops_stack.play_past import MARK
from leadops_stack.ports import read_ports
from leadops_stack.product_connections import PRODUCT
from leadops_stack.screen import Screen
from leadops_stack.supervisor import Supervisor
from leadops_stack.variables import SUPERVISORS_OWN, connections, uses_sandbox

#: `0` leaves the past out.
VARIABLE = "LEADOPS_DEMO"
#: The part, its log, and the folder of the company's files.
NAME, FOLDER = "past", "simulated-past"


class PastPart:
    """Starts the past once, and shows its lines of progress as they come."""

    def __init__(self, home: Home, values: Mapping[str, str], running: Supervisor, screen: Screen) -> None:
        self._home, self._values, self._running, self._screen = home, values, running, screen
        self._log: Path | None = None
        self._shown = 0

    def begin(self, connection: Connection) -> None:
        """Start it in the background, unless it is in or not wanted; say in one line why it is left out."""
        past = find_past(connection)
        if not is_wanted(self._values) or (past and past.finished_at):
            return
        if why := find_why_left_out(self._values):
            self._screen.say(f"{MARK} left out: {why}")
            return
        log = self._home.logs / f"{NAME}.log"
        self._shown = log.stat().st_size if log.exists() else 0
        self._running.begin(make_part(self._home, self._values))
        self._log = log

    def show(self) -> None:
        """Show the lines of progress that are new."""
        if self._log is None:
            return
        with self._log.open("rb") as file:
            file.seek(self._shown)
            text = file.read()
        whole = text[: text.rfind(b"\n") + 1]
        self._shown += len(whole)
        for line in whole.decode(errors="replace").splitlines():
            if line.startswith(MARK):
                self._screen.say(line)


def make_part(home: Home, values: Mapping[str, str]) -> Part:
    """Return the program that brings the past in."""
    environment = base_environment(values)
    return Part(
        NAME,
        (sys.executable, "-m", "leadops_stack.play_past", "--folder", str(home.root / FOLDER)),
        home.root,
        {name: value for name, value in environment.items() if name not in SUPERVISORS_OWN},
        once=True,
        grace=5.0,
    )


def is_wanted(values: Mapping[str, str], environ: Mapping[str, str] = os.environ) -> bool:
    """Return whether the past is to come: unless LEADOPS_DEMO is 0."""
    return (environ.get(VARIABLE) or values.get(VARIABLE, "")) != "0"


def find_why_left_out(values: Mapping[str, str]) -> str | None:
    """Return why the past must not come into this installation, None where it may."""
    product = values.get(PRODUCT) or DEFAULT_PRODUCT
    if product != DEFAULT_PRODUCT:
        return (
            f"the sandbox stands in for {product}; the simulated company has the MA and CRM of our contract"
        )
    ours = connections(values, read_ports(values))
    slack = "AIRFLOW_CONN_LEADOPS_SLACK"
    if not uses_sandbox(values) or _find_base(values[slack]) != _find_base(ours[slack]):
        return "a connection leads to a system that is not the sandbox"
    return None


def _find_base(connection: str) -> object:
    extra = json.loads(connection).get("extra") or {}
    return (json.loads(extra) if isinstance(extra, str) else extra).get("base_url")
