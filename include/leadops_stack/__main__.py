"""`python -m leadops_stack up|down|status`."""

import argparse
import sys

from leadops.errors import LeadopsError
from leadops_stack.home import find_home
from leadops_stack.screen import Screen
from leadops_stack.status import status
from leadops_stack.up import down, up

COMMANDS = {"up": up, "down": down, "status": status}


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
