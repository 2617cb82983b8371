"""`python -m leadops_stack up|down|status|env`."""

import argparse
import sys

from leadops.errors import LeadopsError
from leadops_stack.home import Home, find_home
from leadops_stack.screen import Screen
from leadops_stack.status import status
from leadops_stack.up import down, up
from leadops_stack.variables import prepare_variables


def write_variables(home: Home, screen: Screen) -> int:
    """Only write the file with the secrets, for `docker compose`."""
    prepare_variables(home)
    screen.say(f"the secrets are in {home.env_file}")
    return 0


COMMANDS = {"up": up, "down": down, "status": status, "env": write_variables}


def main() -> int:
    """Run one command; a refusal is one line on stderr and exit code 2."""
    parser = argparse.ArgumentParser(prog="leadops_stack", description=__doc__)
    parser.add_argument("command", choices=COMMANDS)
    command = COMMANDS[parser.parse_args().command]
    try:
        return command(find_home(), Screen())
    except LeadopsError as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
