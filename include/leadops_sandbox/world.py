"""The state of all stand-ins: a fold over the journal, so that a restart finds what was there."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from leadops_sandbox.compact import LONG, compact, longest_memory
from leadops_sandbox.crm.store import CrmStore
from leadops_sandbox.journal import Journal, Place, Record
from leadops_sandbox.ma.store import MaStore
from leadops_sandbox.pagerduty.store import PagerStore
from leadops_sandbox.products.people import People
from leadops_sandbox.settings import Behaviour, Tokens
from leadops_sandbox.slack.store import SlackStore


class World:
    """Everything the sandbox remembers, and the one way to change it: `effect`."""

    def __init__(
        self,
        state_dir: Path,
        *,
        clock: Callable[[], datetime],
        tokens: Tokens,
        behaviour: Behaviour,
        long_journal: int = LONG,
        unique: frozenset[str] | None = None,
        keeps_log: bool = False,
    ) -> None:
        """Open `state_dir` and replay what happened there; raise JournalBusyError when it is in use.

        A journal of more than `long_journal` bytes is made short first. A product finds leads by their
        `unique` fields, and may list what happened with them (`keeps_log`).
        """
        self.clock = clock
        self.tokens = tokens
        self.behaviour = behaviour
        self.calls: Counter[str] = Counter()
        self.faults_met: Counter[str] = Counter()
        self.ma = MaStore()
        self.crm = CrmStore()
        self.slack = SlackStore()
        self.people = People(unique or frozenset(), keeps_log)
        self._serves_product = unique is not None
        self.pagerduty = PagerStore()
        self.journal = Journal(state_dir / "journal.jsonl")
        if self.journal.size > long_journal:
            memory = longest_memory((record for record, _ in self.journal.replay()), behaviour)
            records = (record for record, _ in self.journal.replay())
            self.journal.rewrite(compact(records, before=clock() - memory))
        for record, place in self.journal.replay():
            self._apply(record, place)

    def effect(self, kind: str, *, at: datetime | None = None, **facts: Any) -> None:
        """Write down that `kind` happened with `facts`, then make it so. On disk first, in memory second."""
        record = {"kind": kind, "at": (at or self.clock()).isoformat(), **facts}
        self._apply(record, self.journal.append(record))

    def _apply(self, record: Record, place: Place) -> None:
        match record["kind"].partition(".")[0]:
            case "ma":
                self.ma.apply(record, place)
            case "crm":
                self.crm.apply(record)
            case "slack":
                self.slack.apply(record)
            case "pagerduty":
                self.pagerduty.apply(record)
            case "settings":
                self.behaviour = Behaviour(**record["behaviour"])
        if self._serves_product:
            self.people.apply(record)
