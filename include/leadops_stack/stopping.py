"""The wish to stop, said by Ctrl-C, by SIGTERM or by a terminal that closes."""

import os
import select
import signal


class Stopping:
    """Like threading.Event, but safe to set inside a signal handler."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()

    def set(self) -> None:
        """Ask to stop; it cannot be taken back."""
        os.write(self._write, b"x")

    def wait(self, seconds: float) -> bool:
        """Wait up to `seconds`; tell whether stopping was asked for."""
        return bool(select.select([self._read], [], [], seconds)[0])

    def listen(self) -> None:
        """Let SIGINT, SIGTERM and SIGHUP ask to stop."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: self.set())
