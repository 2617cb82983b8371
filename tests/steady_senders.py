"""Senders that go on while something else happens: each sends an item again until it is taken."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx

from tests.waiting import PATIENCE, wait_until

#: Sends the item of a number to the gateway at an address.
Send = Callable[[str, int], httpx.Response]


@dataclass
class SteadySender:
    """Sends the items 0, 1, 2 …; `find_address` says where the gateway is at the moment.

    An item that met no answer, a 429 or a 503 is sent again; what else is refused is kept in `refused`.
    """

    send: Send
    find_address: Callable[[], str]
    taken: int = 0
    repeats: int = 0
    refused: list[str] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Send until asked to stop; the item under way is still brought to its end."""
        try:
            self._send_all()
        finally:
            self.ended.set()

    def end(self) -> None:
        """Ask it to stop; return when the item under way was taken."""
        self.stopping.set()
        assert self.ended.wait(PATIENCE)

    def _send_all(self) -> None:
        number = 0
        while not self.stopping.is_set() or number > self.taken + len(self.refused):
            try:
                answer = self.send(self.find_address(), number)
            except httpx.TransportError:
                self._repeat()
                continue
            if answer.status_code in (429, 503):
                self._repeat()
                continue
            number += 1
            if answer.is_success:
                self.taken += 1
            else:
                self.refused.append(f"{answer.status_code} {answer.text}")

    def go_on(self, items: int = 3) -> None:
        """Return when this many more items were taken."""
        wanted = self.taken + items
        wait_until(lambda: self.taken >= wanted)

    def _repeat(self) -> None:
        self.repeats += 1
        self.stopping.wait(0.02)


@contextmanager
def sending(senders: dict[str, SteadySender]) -> Iterator[dict[str, SteadySender]]:
    """Let the senders run while the block does."""
    threads = [threading.Thread(target=sender.run, daemon=True) for sender in senders.values()]
    for thread in threads:
        thread.start()
    try:
        yield senders
    finally:
        for sender in senders.values():
            sender.stopping.set()
        for sender in senders.values():
            sender.end()
