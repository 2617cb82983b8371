"""The line that marks numbers of a simulated company, the same below every table."""

from leadops.cli.terminal import console
from leadops.made_up.made_up_past import MadeUpPast


def print_made_up(past: MadeUpPast | None) -> None:
    """Print the line where the database holds a simulated `past`."""
    if past is not None:
        console.print(past.describe(), highlight=False, soft_wrap=True)
