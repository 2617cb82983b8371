"""Says what of the stack runs."""

from leadops_stack.home import Home
from leadops_stack.records import read_records
from leadops_stack.screen import Screen
from leadops_stack.single import ready_file, supervisor


def status(home: Home, screen: Screen) -> int:
    """Show each part; return 0 when the whole stack is up, 1 while it starts, 3 when it does not run."""
    running = supervisor(home)
    for record in reversed(read_records(home.run)):
        screen.say(
            f"  {record.name:<16} process {record.pid:<8} {'runs' if record.alive() else 'does not run'}"
        )
    if not running:
        screen.say("the stack does not run; start it with `make up`")
        return 3
    ready = ready_file(home).exists()
    screen.say("the stack is up" if ready else "the stack is starting, or only the database runs")
    return 0 if ready else 1
