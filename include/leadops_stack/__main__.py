"""`python -m leadops_stack up|down|database|status|env|airflow …`."""

import argparse
import os
import sys
from pathlib import Path

from leadops.errors import LeadopsError
from leadops_stack.airflow_env import airflow_environment
from leadops_stack.home import Home, find_home
from leadops_stack.plan import base_environment
from leadops_stack.screen import Screen
from leadops_stack.status import status
from leadops_stack.up import database, down, up
from leadops_stack.variables import prepare_variables


def write_variables(home: Home, screen: Screen) -> int:
    """Only write the file with the secrets, for `docker compose`."""
    prepare_variables(home)
    screen.say(f"the secrets are in {home.env_file}")
    return 0


def run_airflow(home: Home, words: list[str]) -> None:
    """Become the `airflow` command, on the Airflow of this stack."""
    values = prepare_variables(home)
    program = str(Path(sys.executable).parent / "airflow")
    environment = {**base_environment(values), **airflow_environment(home, values)}
    os.execve(program, [program, *words], environment)  # noqa: S606


COMMANDS = {"up": up, "down": down, "database": database, "status": status, "env": write_variables}


def main() -> int:
    """Run one command; a refusal is one line on stderr and exit code 2."""
    parser = argparse.ArgumentParser(prog="leadops_stack", description=__doc__)
    parser.add_argument("command", choices=[*COMMANDS, "airflow"])
    parser.add_argument("words", nargs=argparse.REMAINDER, help="for airflow: its own words")
    given = parser.parse_args()
    try:
        if given.command == "airflow":
            run_airflow(find_home(), given.words)
        return COMMANDS[given.command](find_home(), Screen())
    except LeadopsError as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
