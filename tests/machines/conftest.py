"""People who got mails, what was done with these, and what came of it."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from leadops.db import Connection
from leadops.machines.machine_settings import MachineSettings
from tests.scoring.conftest import World
from tests.scoring.oracle import Happening
from tests.shipped import SHIPPED, make_rules

#: When everything happens; whole seconds are written where a test means them.
START = datetime(2026, 3, 1, 9, 0, 0, 250_000, tzinfo=UTC)
#: Long after: nothing waits any more.
LATER = START + timedelta(hours=2)

RULES = make_rules(
    behaviour=[
        {"name": "open", "event": "mail_open", "points": 1},
        {"name": "click", "event": "mail_click", "points": 3},
        {"name": "page", "event": "page_view", "points": 5},
        {"name": "pricing", "event": "view_pricing", "points": 15},
        {"name": "bye", "event": "unsubscribe", "points": -30},
    ]
)


class MailWorld(World):
    """A world whose leads get mails."""

    settings: MachineSettings = SHIPPED.machines

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._numbers = count(1)

    def clear(self) -> None:
        super().clear()
        self.connection.execute(
            "truncate machines.acts, machines.verdicts, machines.waiting_acts, machines.allowed,"
            " machines.settings_in_force"
        )
        self.connection.commit()

    def act(self, event: str, seconds: float, *, who: str = "ann@buyer.example", **facts: Any) -> Happening:
        """Make an act `seconds` after the start; `facts` are properties, but `visitor` and `person`."""
        visitor, person = facts.pop("visitor", None), facts.pop("person", None)
        facts = {"mail_id": "m1"} | facts if event.startswith("mail") or event == "unsubscribe" else facts
        properties = {name: value for name, value in facts.items() if value is not None}
        return Happening(
            facts.pop("event_id", f"e{next(self._numbers)}"),
            event,
            START + timedelta(seconds=seconds),
            email=None if visitor and event != "identify" else who,
            anonymous_id=visitor,
            properties=properties,
            context={} if person is None else {"person": person},
        )

    def classify(
        self,
        acts: Iterable[Happening] = (),
        *,
        now: datetime = LATER,
        received_at: datetime | None = None,
        settings: MachineSettings | None = None,
    ) -> None:
        """Take `acts` in, and resolve and score until nothing is left."""
        self.accept(acts, received_at=received_at or START)
        self.resolve(now=now)
        while True:
            self.score(RULES, now=now, machines=settings or self.settings)
            if not self.rows("select 1 from scoring.inbox limit 1"):
                return

    def score_all(self, **options: Any) -> None:
        """Score what waits, at the later time."""
        self.score(RULES, now=LATER, machines=self.settings, **options)

    def signals(self) -> dict[str, str]:
        """Return event_id -> signal of the acts that are worth nothing."""
        return dict(
            self.rows(
                "select e.event_id, v.signal from machines.verdicts v"
                " join cdp.events e on e.seq = v.event_seq"
                " where v.freed_because is null"
            )
        )

    def counted(self) -> dict[str, int]:
        """Return event_id -> points that it is worth."""
        return {event_id: points for (_, event_id, _), points in self.points().items() if event_id}


@pytest.fixture
def world(connection: Connection) -> MailWorld:
    return MailWorld(connection)
