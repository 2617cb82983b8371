"""What the person at the terminal sees; a closed terminal stops nothing."""

import contextlib
import os
import sys
import time
from collections.abc import Iterator

from rich.console import Console


class Screen:
    """Lines of progress, in colour where there is a terminal."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False, soft_wrap=True)

    def say(self, text: str) -> None:
        """Show a line."""
        try:
            self.console.print(text, markup=False)
        except OSError:  # the terminal is gone: go on without it
            sys.stdout = open(os.devnull, "w")  # noqa: SIM115  lives as long as we do
            self.console = Console(file=sys.stdout)

    def done(self, name: str, seconds: float, text: str = "") -> None:
        """Show that a step is done, and how long it took."""
        self.say(f"  {name:<16} {seconds:6.1f} s   {text}".rstrip())

    @contextlib.contextmanager
    def working(self, text: str) -> Iterator[None]:
        """Show that something is under way; nothing where there is no terminal."""
        if not self.console.is_terminal:
            yield
            return
        with self.console.status(text):
            yield

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[list[str]]:
        """Time the block and show it; what the block appends to the list is shown too."""
        started, texts = time.monotonic(), list[str]()
        with self.working(name):
            yield texts
        self.done(name, time.monotonic() - started, ", ".join(texts))
